"""Free TCP ports of the loopback address."""

import socket


def free_port():
    """A port that nobody listens on. Somebody else may take it before you do: then start again with another."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts_connections(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
