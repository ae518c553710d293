"""A token service as Microsoft Entra ID, the instance metadata service and App Service are, and a way into Azurite for
those who have its tokens: Azurite itself takes none over http."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server:
    def __init__(self, handler):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class TokenRequest:
    def __init__(self, handler, body):
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.path = parts.path
        self.parameters = sorted(parse_qsl(parts.query) + parse_qsl(body.decode()))
        self.headers = {name.lower(): value for name, value in handler.headers.items()}

    def __repr__(self):
        return f"{self.method} {self.path} {self.parameters}"


class TokenService(Server):
    """Answers every request with a token of its own, which is good until it is revoked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests = []
        self.good = set()
        self.refusal = None  # status and JSON, instead of a token
        service = self

        class Issue(Handler):
            def serve(self):
                request = TokenRequest(self, self.read_body())
                if request.path.endswith("/.well-known/openid-configuration"):
                    status, content = 200, service._configuration(request.path.split("/")[1])
                else:
                    with service.lock:
                        service.requests.append(request)
                        status, content = service.refusal or (200, service._issue())
                body = json.dumps(content).encode()
                self.answer(status, [("Content-Type", "application/json"), ("Content-Length", len(body))], body)

            do_GET = do_POST = serve

        super().__init__(Issue)

    def _configuration(self, tenant):
        """What MSAL looks up first; the address that it says is the one that the collector knows."""
        authority = f"{self.url.replace('http:', 'https:')}/{tenant}"
        return {
            "issuer": f"{authority}/v2.0",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
        }

    def _issue(self):
        token = f"token-{len(self.requests)}"
        self.good.add(token)
        # As the metadata service has it, which is the widest; the year 2033.
        return {"token_type": "Bearer", "access_token": token, "expires_in": 3600, "expires_on": "2000000000"}

    def revoke_all(self):
        with self.lock:
            self.good.clear()

    def asked(self):
        with self.lock:
            return list(self.requests)


class AzureGateway(Server):
    """Takes what a good token is shown for to Azurite, with a shared access signature in the token's place."""

    def __init__(self, azurite, tokens):
        self.refused = 0
        signature = azurite.connection_string_with_signature().split("SharedAccessSignature=")[1]
        gateway = self

        class Forward(Handler):
            def serve(self):
                body = self.read_body()
                scheme, _, token = self.headers.get("Authorization", "").partition(" ")
                if scheme != "Bearer" or token not in tokens.good:
                    gateway.refused += 1
                    refusal = b"<?xml version='1.0'?><Error><Code>InvalidAuthenticationInfo</Code></Error>"
                    if self.command == "HEAD":
                        refusal = b""
                    self.answer(401, [("Content-Length", len(refusal))], refusal)
                    return
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in HOP_BY_HOP | {"authorization", "host"}
                }
                if "x-ms-copy-source" in self.headers:
                    source = self.headers["x-ms-copy-source"].replace(gateway.url, f"http://127.0.0.1:{azurite.port}")
                    headers["x-ms-copy-source"] = f"{source}?{signature}"
                connection = http.client.HTTPConnection("127.0.0.1", azurite.port, timeout=30)
                connection.request(
                    self.command, self.path + ("&" if "?" in self.path else "?") + signature, body, headers
                )
                reply = connection.getresponse()
                content = reply.read()
                kept = [
                    (name, value)
                    for name, value in reply.getheaders()
                    if name.lower() not in HOP_BY_HOP | {"content-length"}
                ]
                length = reply.getheader("Content-Length") if self.command == "HEAD" else len(content)
                self.answer(reply.status, [*kept, ("Content-Length", length or 0)], content)
                connection.close()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve

        super().__init__(Forward)
