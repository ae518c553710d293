"""The fault proxy does to a request what it says, and nothing to others."""

import http.client
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .fault_proxy import FaultProxy

XML = b"<Answer><Whole>yes</Whole></Answer>"
REFUSED = "/bucket/refused"


class StandInStore:
    def __init__(self):
        store = self
        self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                if self.path == REFUSED:  # by its head: the body is not read
                    self.close_connection = True
                    self.send_error(412)
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                store.seen.append((self.command, self.path, body))
                self.send_response(200)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(XML)))
                self.end_headers()
                self.wfile.write(XML)

            do_GET = do_PUT = do_POST = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def store():
    store = StandInStore()
    yield store
    store.server.shutdown()
    store.server.server_close()


@pytest.fixture
def proxy(store):
    proxy = FaultProxy(store.server.server_port, random.Random(1))
    yield proxy
    proxy.stop()


def ask(proxy, method="PUT", path="/bucket/key", body=b"x" * 100_000):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    try:
        connection.request(method, path, body=body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_without_a_fault_it_passes_all_on(proxy, store):
    assert ask(proxy) == (200, XML)
    assert store.seen == [("PUT", "/bucket/key", b"x" * 100_000)]
    assert not proxy.hits


def test_a_refusal_that_comes_before_the_body_is_sent_is_passed_on(proxy):
    more_than_any_socket_buffer = b"x" * 20_000_000
    assert ask(proxy, path=REFUSED, body=more_than_any_socket_buffer)[0] == 412


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        ("refuse 500", 500, 0),
        ("refuse 503", 503, 0),
        ("apply and say 503", 503, 1),
        ("duplicate", 200, 2),
        ("latency", 200, 1),
        ("bandwidth", 200, 1),
    ],
)
def test_faults_with_an_answer(proxy, store, fault, status, applied):
    proxy.faults = {fault: 1.0}
    assert ask(proxy)[0] == status
    assert len(store.seen) == applied
    assert proxy.hits[fault] == 1


@pytest.mark.parametrize(("fault", "applied"), [("drop reply", 1), ("cut reply", 1), ("cut request", 0)])
def test_faults_that_cut_the_connection(proxy, store, fault, applied):
    proxy.faults = {fault: 1.0}
    try:
        # Python's client takes a head that was cut for a short one.
        assert ask(proxy) != (200, XML)
    except (http.client.HTTPException, OSError):
        pass
    assert len([seen for seen in store.seen if len(seen[2]) == 100_000]) == applied
    assert proxy.hits["unknown outcomes"] == 1


def test_an_error_inside_200_is_said_of_a_complete_only(proxy, store):
    proxy.faults = {"error in 200": 1.0}
    assert ask(proxy) == (200, XML)
    status, body = ask(proxy, "POST", "/bucket/key?uploadId=u")
    assert status == 200 and b"<Error>" in body
    assert len(store.seen) == 1


def test_cut_xml_has_a_length_that_fits(proxy, store):
    proxy.faults = {"cut XML": 1.0}
    status, body = ask(proxy)
    assert status == 200 and len(body) < len(XML) and XML.startswith(body)


def test_an_upload_is_aborted_before_its_complete(store):
    aborted = []
    proxy = FaultProxy(store.server.server_port, random.Random(1), aborted.append)
    proxy.faults = {"abort before complete": 1.0}
    ask(proxy, "POST", "/bucket/key?uploadId=u")
    proxy.stop()
    assert aborted == ["/bucket/key?uploadId=u"]
    assert len(store.seen) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_forbidden_is_so_for_everything(proxy, store, status):
    proxy.forbidden = status
    assert ask(proxy, "GET", "/bucket", None)[0] == status
    assert store.seen == []
