"""The live dashboard of a recorded session: what it answered, and a server that answers so again."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

# What Ray's clients add to each request, and what they leave out where it is the default.
OF_CLIENTS = {"timeout", "server_timeout_multiplier"}
DEFAULTS = {("limit", "100"), ("limit", "10000"), ("detail", "False"), ("exclude_driver", "1"), ("summary_by", "func_name")}


def recorded_answers(folder):
    """Of each request its status and body."""
    answers = {}
    for line in (folder / "INDEX").read_text().splitlines():
        number, request, outcome = line.split("|")
        answers[request] = int(outcome.split()[0]), (folder / f"{number}.body").read_bytes()
    return answers


def essence(request):
    """What is asked for, whoever asks."""
    url = urlsplit(request)
    pairs = {(key, "1" if value == "True" else value) for key, value in parse_qsl(url.query) if key not in OF_CLIENTS}
    return url.path.rstrip("/"), frozenset(pairs - DEFAULTS)


def one_of(by_essence, path, pairs):
    """The rows of a whole list that a filter leaves."""
    status, body = by_essence.get((path, frozenset([("detail", "1")])), (599, b"{}"))
    if status != 200 or "filter_keys" not in pairs:
        return 599, json.dumps(f"nothing recorded for {path} {pairs}").encode()
    answer = json.loads(body)
    result = answer["data"]["result"]
    result["result"] = [row for row in result["result"] if row[pairs["filter_keys"]] == pairs["filter_values"]]
    result["num_filtered"] = len(result["result"])
    return status, json.dumps(answer).encode()


class RecordedDashboard:
    def __init__(self, answers):
        by_essence = {essence(request): answer for request, answer in answers.items()}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, pairs = essence(self.path)
                status, body = by_essence.get((path, pairs)) or one_of(by_essence, path, dict(pairs))
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
