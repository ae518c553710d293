"""A stand-in for the dashboard of the head: what it was told to answer, by path and query."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JOBS = "/api/jobs/"
SERVE = "/api/serve/applications/"
PLACEMENT_GROUPS = "/api/v0/placement_groups?detail=1&limit=10000"
NODES = "/nodes?view=summary"
STATUS = "/api/cluster_status?format=1"
METADATA = "/api/v0/cluster_metadata"
TIMEZONE = "/timezone"
TRAIN = "/api/train/v2/runs/v1"
POLLED = (JOBS, SERVE, PLACEMENT_GROUPS, NODES, STATUS, TRAIN)
ONCE = (METADATA, TIMEZONE)


def datasets(job):
    return f"/api/data/datasets/{job}"


class StandInDashboard:
    def __init__(self, port=0):
        dashboard = self
        # By path and query: what is sent as JSON, or bytes that are sent as they are. 404 to all else.
        self.answers = {}
        self.status = 200  # of what there is an answer for
        self.token = None  # when set, a request needs it
        self.hangs = threading.Event()
        self.asked = []
        self.tokens = []  # what each request brought, in the order of `asked`

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                given = self.headers.get("x-ray-authorization")
                dashboard.asked.append(self.path)
                dashboard.tokens.append(given)
                while dashboard.hangs.is_set():
                    time.sleep(0.05)
                answer = dashboard.answers.get(self.path)
                status = dashboard.status if answer is not None else 404
                # As ray 2.60 refuses: _private/authentication/http_token_authentication.py
                if dashboard.token is not None and given != f"Bearer {dashboard.token}":
                    status = 401 if given is None else 403
                if status != 200:
                    answer = {"result": False}
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A client that goes away amid an answer is none."""

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def set_nodes(self, nodes):
        """`nodes`: dictionaries with node_id, node_ip, state."""
        self.answers["/api/v0/nodes?limit=10000"] = {
            "result": True,
            "msg": "",
            "data": {"result": {"total": len(nodes), "result": nodes, "partial_failure_warning": ""}},
        }

    def set_healthy(self):
        """An answer for each endpoint, different in each."""
        for endpoint in ONCE + POLLED:
            self.answers[endpoint] = {"answer of": endpoint}
        self.answers[JOBS] = []
        self.answers[SERVE] = {"applications": {"app": {"status": "RUNNING"}}}

    def stop(self):
        self.hangs.clear()
        self.server.shutdown()
        self.server.server_close()
