"""A stand-in for the dashboard of the head: what it was told to answer, by path and query."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandInDashboard:
    def __init__(self):
        dashboard = self
        self.answers = {}
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                dashboard.asked.append(self.path)
                answer = dashboard.answers.get(self.path)
                body = json.dumps(answer if answer is not None else {"result": False}).encode()
                self.send_response(200 if answer is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def set_nodes(self, nodes):
        """`nodes`: dictionaries with node_id, node_ip, state."""
        self.answers["/api/v0/nodes?limit=10000"] = {
            "result": True,
            "msg": "",
            "data": {"result": {"total": len(nodes), "result": nodes, "partial_failure_warning": ""}},
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
