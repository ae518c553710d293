"""A store that is far away: Toxiproxy before it, which delays what comes back."""

import json
import subprocess
import urllib.request

from live.ports import accepts_connections, free_port
from live.waiting import wait_until


class Toxiproxy:
    def __init__(self, program, upstream_port):
        self.api = free_port()
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "-host", "127.0.0.1", "-port", str(self.api)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: accepts_connections(self.api), "Toxiproxy to listen", 20)
        self._ask("/proxies", {"name": "store", "listen": f"127.0.0.1:{self.port}", "upstream": f"127.0.0.1:{upstream_port}"})

    def delay(self, milliseconds):
        """Each answer comes so much later: one round trip."""
        self._ask("/proxies/store/toxics", {"type": "latency", "stream": "downstream", "attributes": {"latency": milliseconds}})

    def _ask(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.api}{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
