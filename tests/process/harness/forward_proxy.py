"""A forward proxy: CONNECT for https, whole URLs for http. It finds every host at one port of this machine, so that a
name that no DNS has leads to a server of the test's."""

import base64
import select
import socket

from .temporary_keys import TIMEOUT_SECONDS, LoopbackServer, forward, reply

PIECE_BYTES = 65536


class ForwardProxy(LoopbackServer):
    def __init__(self, port_of_all, user=None):
        self.port_of_all = port_of_all
        self.authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else None
        self.served = []  # "CONNECT store.example.test:443", "GET http://…"
        super().__init__()

    def answer(self, request):
        if self.authorization is not None and request.headers.get("Proxy-Authorization") != self.authorization:
            request.close_connection = True
            return reply(request, 407)
        self.served.append(f"{request.command} {request.path}")
        if request.command == "CONNECT":
            return self.tunnel(request)
        return forward(request, "127.0.0.1", self.port_of_all)

    def tunnel(self, request):
        with socket.create_connection(("127.0.0.1", self.port_of_all), TIMEOUT_SECONDS) as there:
            request.send_response(200)
            request.end_headers()
            here = request.connection
            ends = {here: there, there: here}
            while True:
                readable, _, _ = select.select(list(ends), [], [], TIMEOUT_SECONDS)
                if not readable:
                    break
                pieces = [(end, end.recv(PIECE_BYTES)) for end in readable]
                if any(not piece for _, piece in pieces):
                    break
                for end, piece in pieces:
                    ends[end].sendall(piece)
        request.close_connection = True
