"""The History Server as a child process."""

import http.client
import json
import os
import signal
import subprocess
from pathlib import Path

from live.leftovers import mark
from live.ports import accepts_connections, free_port
from live.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("RAYHISTORY_HISTORYSERVER", ROOT / "build" / "bin" / "historyserver")).absolute()
# Of tests/data/ray-2.60-session.tar.gz.
SESSION_A = "session_2026-11-23_02-27-20_324908_14170"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()


class HistoryServer:
    def __init__(self, folder, store_environment, wrapper=(), arguments=(), **settings):
        """`wrapper`: a command that ends by executing the program."""
        self.port = free_port()
        self.log_path = Path(folder) / "historyserver.log"
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **mark(folder),
            "LISTEN_ADDRESS": "127.0.0.1",
            "LISTEN_PORT": str(self.port),
            "METRICS_PORT": "0",
            "DASHBOARD_DIR": str(Path(folder) / "no-dashboard"),
            **store_environment,
            **settings,
        }
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*wrapper, PROGRAM, *arguments], stdout=log, stderr=log, env=environment)
        wait_until(self.listens, f"the History Server to listen; see {self.log_path}", 20)

    def listens(self):
        assert self.process.poll() is None, self.log_path.read_text()
        return accepts_connections(self.port)

    def ask(self, path, method="GET", **headers):
        """One request, without following where it leads. Underscores in header names stand for dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def stop(self):
        """The exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)
