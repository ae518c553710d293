"""Tokens of a stand-in metadata server, over TLS and a proxy to what the collector takes for Google's own host: they
expire in the middle of a run, and nothing is lost."""

import http.client
import http.server
import json
import ssl
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from harness.stores import Store
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness.forward_proxy import ForwardProxy
from live.stored import StoredInGcs
from live.waiting import wait_until

HOST = "storage.googleapis.com"
# What the store takes a token for. The issuer says an hour, as one that has been revoked would be.
TOKEN_SECONDS = 1.5


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, handler, context=None):
        super().__init__(("127.0.0.1", 0), handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Issuer:
    """The metadata server."""

    def __init__(self):
        self.tokens = {}  # until when the store takes it

        class Metadata(Handler):
            def do_GET(metadata):
                assert metadata.headers["Metadata-Flavor"] == "Google"
                token = f"token-{uuid.uuid4().hex}"
                self.tokens[token] = time.monotonic() + TOKEN_SECONDS
                reply = {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
                metadata.answer(200, json.dumps(reply).encode(), [("Metadata-Flavor", "Google")])

        self.server = Server(Metadata)


class Google:
    """fake-gcs-server behind TLS, for those with a token that is good."""

    def __init__(self, fake_gcs, issuer, context):
        self.refused = 0
        self.taken = 0

        class Front(Handler):
            def pass_on(front):
                body = front.rfile.read(int(front.headers.get("Content-Length") or 0))
                assert front.headers["Host"] == HOST
                token = (front.headers["Authorization"] or "").removeprefix("Bearer ")
                if issuer.tokens.get(token, 0) < time.monotonic():
                    self.refused += 1
                    front.answer(401, b'{"error":{"code":401,"message":"Invalid Credentials"}}')
                    return
                self.taken += 1
                store = http.client.HTTPConnection(fake_gcs.endpoint, timeout=20)
                kept = {name: value for name, value in front.headers.items() if name in ("Content-Type", "Range")}
                store.request(front.command, front.path, body, kept)
                reply = store.getresponse()
                front.answer(reply.status, reply.read())
                store.close()

            do_GET = do_POST = do_PUT = do_DELETE = pass_on

        self.server = Server(Front, context)


@pytest.fixture
def certificate(tmp_path):
    """A PEM file with HOST's certificate, which is its own authority, and one with the key too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = tmp_path / "google.pem"
    path.write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "google-with-key.pem").write_bytes(secret + pem)
    return path


def test_tokens_that_expire_in_the_middle_of_a_run_are_renewed(make_collector, fake_gcs, node, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_name("google-with-key.pem"))
    issuer = Issuer()
    google = Google(fake_gcs, issuer, context)
    proxy = ForwardProxy(google.server.server_port)
    bucket = f"test-{uuid.uuid4().hex}"
    store = Store(
        {
            "STORAGE_BACKEND": "gcs",
            "GCS_BUCKET": bucket,
            "GCP_PROJECT_ID": "test",
            "GCE_METADATA_HOST": f"127.0.0.1:{issuer.server.server_port}",
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
            "SSL_CERT_FILE": str(certificate),
        },
        StoredInGcs(fake_gcs.client(), bucket),
    )
    node.start()
    node.write_log("raylet.out", b"begin\n")
    collector = make_collector(store).start()
    deadline = time.monotonic() + 30
    while google.refused < 2:  # two tokens have expired under way
        assert time.monotonic() < deadline, collector.log()
        node.append_log("raylet.out", b"another line\n")
        wait_until(
            lambda: store.judge().logs(node.session, node.node_id) == node.log_files(), "the line", 20
        )
    collector.stop()
    assert store.judge().logs(node.session, node.node_id) == node.log_files()
    assert len(issuer.tokens) >= 3
    # Renewed once for all threads: about one refusal a token, never a storm.
    assert google.refused < google.taken
    assert not any(token in collector.log() for token in issuer.tokens)
    assert "store unreachable" not in collector.log()
    for server in (proxy, google.server, issuer.server):
        server.stop()
