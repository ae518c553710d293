"""Temporary keys that end: a server beside the container that hands them out, and a proxy before MinIO that takes them
for expired when it is told to, in S3's words."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from live.minio_server import PASSWORD, USER

TIMEOUT_SECONDS = 20
EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
UNREPEATED = ("connection", "transfer-encoding", "content-length")


def temporary_keys(minio):
    """A real session of MinIO's own token service."""
    import boto3

    client = boto3.client(
        "sts",
        endpoint_url=f"http://{minio.endpoint}",
        region_name="us-east-1",
        aws_access_key_id=USER,
        aws_secret_access_key=PASSWORD,
    )
    return client.assume_role(RoleArn="arn:aws:iam::1:role/x", RoleSessionName="test")["Credentials"]


class LoopbackServer:
    """Calls `self.answer(request)` for each request, in threads."""

    def __init__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = TIMEOUT_SECONDS

            def answer(self):
                try:
                    outer.answer(self)
                except ConnectionError:  # who asked has gone meanwhile
                    self.close_connection = True

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_CONNECT = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def reply(request, status, content=b"", kind="application/json"):
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)


class KeyIssuer(LoopbackServer):
    """As EKS Pod Identity's agent. `keys` are handed out; while it is away, nothing."""

    def __init__(self, keys):
        self.keys = keys
        self.is_away = False
        self.asked = 0
        self.asked_in_vain = 0
        super().__init__()

    def answer(self, request):
        self.asked += 1
        if self.is_away:
            self.asked_in_vain += 1
            return reply(request, 503)
        answer = {
            "AccessKeyId": self.keys["AccessKeyId"],
            "SecretAccessKey": self.keys["SecretAccessKey"],
            "Token": self.keys["SessionToken"],
            "Expiration": self.keys["Expiration"].isoformat(),
        }
        return reply(request, 200, json.dumps(answer).encode())


def forward(request, host, port):
    """To another server as it came, for its signature covers the Host; and the answer back."""
    body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        path = request.path
        if path.startswith("http://"):
            path = "/" + path.split("/", 3)[3]
        connection.putrequest(request.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if not name.lower().startswith("proxy-"):
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    request.send_response(answer.status)
    for name, value in answer.getheaders():
        if name.lower() not in UNREPEATED:
            request.send_header(name, value)
    length = answer.getheader("Content-Length", "0") if request.command == "HEAD" else str(len(content))
    request.send_header("Content-Length", length)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)


class ExpiringStore(LoopbackServer):
    """MinIO, for which keys are over when expire() says so."""

    def __init__(self, minio):
        self.minio = minio
        self.expired = set()
        self.served = set()  # access keys
        super().__init__()

    def expire(self, keys):
        self.expired.add(keys["AccessKeyId"])

    def answer(self, request):
        key = request.headers["Authorization"].split("Credential=")[1].split("/")[0]
        if key in self.expired:
            request.rfile.read(int(request.headers.get("Content-Length", 0)))
            return reply(request, 400, EXPIRED, "application/xml")
        self.served.add(key)
        return forward(request, "127.0.0.1", self.minio.port)
