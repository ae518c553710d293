"""An HTTP proxy before the store that does to a request what a proxy of bytes cannot: apply it and lose the answer, do
it twice, answer 200 with an error inside.

A connection carries one request, so that each is a fault's chance. The head is passed on as it came but for
`Connection`, for the signature covers it."""

import socket
import threading
import time
from collections import Counter

ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>The fault proxy says so.</Message>'
    "<Resource>/</Resource><RequestId>0</RequestId></Error>"
)
READ_BYTES = 65536
# One that goes on for longer is one that has stalled; the collector's own patience is longer than a round.
SOCKET_TIMEOUT_SECONDS = 20
SLOW_BYTES_PER_SECOND = 50_000
FAR_SECONDS = 0.3


class Request:
    def __init__(self, head, body):
        self.head = head
        self.body = body
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.method, self.target, _ = line.split(" ", 2)
        self.headers = {}
        for header in head.split(b"\r\n")[1:]:
            name, _, value = header.partition(b":")
            self.headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")

    @property
    def bytes(self):
        lines = [line for line in self.head.split(b"\r\n") if line and not line.lower().startswith(b"connection:")]
        return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + self.body

    @property
    def writes(self):
        return self.method in ("PUT", "POST", "DELETE")

    @property
    def completes(self):
        return (self.method == "POST" and "uploadId=" in self.target) or "comp=blocklist" in self.target

    @property
    def copies(self):
        return "x-amz-copy-source" in self.headers or "x-oss-copy-source" in self.headers


def answer(status, code):
    body = ERROR.format(code=code).encode()
    return (
        f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode() + body


class FaultProxy:
    """`abort_upload(target)` is called with the path and query of what completes an upload, to take the upload away
    before it."""

    reply_type = b"application/xml"
    _answer = staticmethod(answer)

    def __init__(self, store_port, dice, abort_upload=lambda target: None):
        self.store_port = store_port
        self.dice = dice
        self.abort_upload = abort_upload
        self.lock = threading.Lock()
        self.faults = {}  # name: likelihood
        self.forbidden = None  # or the status that everything is refused with, 401 or 403
        self.away = False  # whether nothing answers here
        self.hits = Counter()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        if self.away:
            client.close()
            return
        try:
            client.settimeout(SOCKET_TIMEOUT_SECONDS)
            request = self._read_request(client)
            if request is not None:
                self._handle(client, request)
        except OSError:
            pass  # either side went away, as they do here
        finally:
            client.close()

    def _read_request(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(READ_BYTES)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(head, b"")
        length = int(request.headers.get("content-length", 0))
        parts = [body]
        missing = length - len(body)
        while missing > 0:
            more = client.recv(READ_BYTES)
            if not more:
                return None
            parts.append(more)
            missing -= len(more)
        request.body = b"".join(parts)
        return request

    def _choose(self, request):
        with self.lock:
            if self.forbidden:
                return "forbidden"
            for name, likelihood in self.faults.items():
                if self.dice.random() < likelihood and self._fits(name, request):
                    return name
            return None

    @staticmethod
    def _fits(name, request):
        if name == "abort before complete":
            return request.completes
        if name.endswith("error in 200"):
            return request.completes or request.copies
        if name == "duplicate":
            return request.writes
        return True

    def _roll(self, limit):
        with self.lock:
            return self.dice.randrange(limit) if limit > 0 else 0

    def _count(self, fault, request, applied=False):
        with self.lock:
            self.hits[fault] += 1
            if applied and request.writes:
                self.hits["unknown outcomes"] += 1

    def _handle(self, client, request):
        fault = self._choose(request)
        if fault is None:
            client.sendall(self._forward(request.bytes))
            return
        if fault == "abort before complete":
            self.abort_upload(request.target)
            reply = self._forward(request.bytes)
            self._count(fault, request)
            client.sendall(reply)
        elif fault == "forbidden":
            self._count(fault, request)
            code = "AccessDenied" if self.forbidden == 403 else "ExpiredToken"
            client.sendall(self._answer(self.forbidden or 403, code))
        elif fault == "refuse 500":
            self._count(fault, request)
            client.sendall(self._answer(500, "InternalError"))
        elif fault == "refuse 503":
            self._count(fault, request)
            client.sendall(self._answer(503, "SlowDown"))
        elif fault == "error in 200":
            self._count(fault, request)
            client.sendall(self._answer(200, "InternalError"))
        elif fault == "cut request":
            self._cut_request(request)
        elif fault == "latency":
            self._count(fault, request)
            time.sleep(FAR_SECONDS)
            client.sendall(self._forward(request.bytes))
        elif fault == "bandwidth":
            self._count(fault, request)
            self._trickle(client, self._forward(request.bytes, self._trickle))
        elif fault == "duplicate":
            self._forward(request.bytes)
            reply = self._forward(request.bytes)
            self._count(fault, request, applied=True)
            client.sendall(reply)
        else:
            self._spoil(client, request, fault)

    def _spoil(self, client, request, fault):
        """The request is applied, its answer is not what the store said."""
        reply = self._forward(request.bytes)
        if fault == "cut XML" and self.reply_type not in reply.partition(b"\r\n\r\n")[0]:
            client.sendall(reply)  # an object's own bytes are never fewer than their length says
            return
        self._count(fault, request, applied=True)
        if fault == "apply and say 503":
            client.sendall(self._answer(503, "SlowDown"))
        elif fault == "apply and error in 200":
            client.sendall(self._answer(200, "InternalError"))
        elif fault == "cut reply":
            client.sendall(reply[: self._roll(len(reply))])
        elif fault == "cut XML":
            client.sendall(self._without_the_end(reply))
        # "drop reply": nothing at all.

    def _cut_request(self, request):
        data = request.bytes
        with socket.create_connection(("127.0.0.1", self.store_port), timeout=5) as store:
            store.sendall(data[: self._roll(len(data))])
        self._count("cut request", request, applied=True)

    def _without_the_end(self, reply):
        """A body that ends early although its length says that it is whole."""
        head, _, body = reply.partition(b"\r\n\r\n")
        body = body[: self._roll(len(body))]
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        if any(line.lower().startswith(b"transfer-encoding:") for line in lines):
            return reply[: self._roll(len(reply))]
        return b"\r\n".join([*lines, f"Content-Length: {len(body)}".encode(), b"", b""]) + body

    def _forward(self, data, send=lambda connection, data: connection.sendall(data)):
        """The store's whole reply. One that refuses by the head alone (412) answers and closes before the body is
        sent: the sending fails then, and the reply is there to be read."""
        parts = []
        with socket.create_connection(("127.0.0.1", self.store_port), timeout=SOCKET_TIMEOUT_SECONDS) as store:
            try:
                send(store, data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            while True:
                try:
                    more = store.recv(READ_BYTES)
                except ConnectionResetError:
                    if not parts:
                        raise
                    more = b""
                if not more:
                    return b"".join(parts)
                parts.append(more)

    def _trickle(self, connection, data):
        step = SLOW_BYTES_PER_SECOND // 20
        for begin in range(0, len(data), step):
            connection.sendall(data[begin : begin + step])
            if not self.faults:
                continue  # the spell is over
            time.sleep(1 / 20)
