"""AWS's token service, a container's credential server and an instance's metadata service on one loopback port.

What it hands out tells how it came about: "role(NAME,CALLER)" is the role NAME, taken by the access key CALLER.
"""

import json
import re
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

LIFETIME = timedelta(hours=1)
ROLES = "/latest/meta-data/iam/security-credentials/"
# Of a signature: who, where and for what. The rest depends on the time, and on which headers are signed.
SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


class AwsStandIn:
    def __init__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self, b"")

            def do_PUT(self):
                outer.answer(self, b"")

            def do_POST(self):
                outer.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.requests = []
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take_requests(self):
        taken, self.requests = self.requests, []
        return taken

    def answer(self, request, body):
        form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=bool(body)).items()}
        authorization = request.headers.get("Authorization", "")
        scope = SCOPE.search(authorization)
        self.requests.append(
            {
                "line": f"{request.command} {request.path}",
                "form": {name: value for name, value in form.items() if not is_made_up(name, value)},
                "content type": request.headers.get("Content-Type") if body else None,
                "authorization": scope.groups() if scope else authorization,
                "session token": request.headers.get("X-Amz-Security-Token"),
                "metadata token": request.headers.get("X-aws-ec2-metadata-token"),
                "token lifetime": request.headers.get("X-aws-ec2-metadata-token-ttl-seconds"),
            }
        )
        status, kind, text = self.reply(request, form, scope)
        content = text.encode()
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def reply(self, request, form, scope):
        if request.command == "POST":
            return 200, "text/xml", sts_answer(form, scope)
        if request.command == "PUT":
            return 200, "text/plain", "the-session"
        if request.path == ROLES:
            return 200, "text/plain", "the-role"
        if request.path == f"{ROLES}the-role":
            return 200, "application/json", key_answer("instance")
        if request.path.startswith("/container"):
            return 200, "application/json", key_answer("container")
        return 404, "text/plain", ""


def is_made_up(name, value):
    """A session's name that the caller has no setting for."""
    return name == "RoleSessionName" and value not in ("session", "of-profile")


def expiration():
    return (datetime.now(timezone.utc) + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_answer(name):
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": name,
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": expiration(),
        }
    )


def sts_answer(form, scope):
    action = form["Action"]
    caller = scope.group(1) if scope else form["WebIdentityToken"]
    role = form["RoleArn"].rsplit("/", 1)[-1]
    return (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
        f"<AccessKeyId>role({role},{caller})</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
        f"<SessionToken>token</SessionToken><Expiration>{expiration()}</Expiration></Credentials></{action}Result>"
        f"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    )
