"""A stand-in for the dashboard of a running cluster's head: says which session it runs, and plays what a test adds."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class RunningHead:
    def __init__(self, session):
        self.session = session
        self.token = None  # asked for as "x-ray-authorization: Bearer <token>", where there is one
        self.pages = {}  # by path: a function of the handler that answers, or what is sent as JSON
        self.requests = []  # (method, target, headers)
        head = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                head.requests.append((self.command, self.path, dict(self.headers.items())))
                if head.token and self.headers.get("x-ray-authorization") != f"Bearer {head.token}":
                    return self.send_json({"error": "who are you?"}, 401)
                path = self.path.split("?")[0]
                if path == "/api/version":
                    return self.send_json({"version": "4", "ray_version": "2.60.0", "session_name": head.session})
                page = head.pages.get(path)
                if page is None:
                    return self.send_json({"detail": "not found"}, 404)
                if callable(page):
                    return page(self)
                return self.send_json(page)

            def send_json(self, value, status=200):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def begin_chunks(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def send_chunk(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def asked(self, path):
        """The headers of each request to it, without those of who it is."""
        return [headers for _, target, headers in self.requests if target.split("?")[0] == path]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
