"""The collector as a child process."""

import os
import re
import signal
import subprocess
from pathlib import Path

from live.leftovers import mark
from live.ports import accepts_connections, free_port
from live.waiting import wait_until

from .sender import Sender, post

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("RAYHISTORY_COLLECTOR", ROOT / "build" / "bin" / "collector")).absolute()

# logfmt: name=value, the value quoted where it needs to be.
FIELD = re.compile(r'(?P<name>[A-Za-z_]+)=(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]*)')


def clean_environment():
    """Nothing of the machine's own settings decides a test."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
    return {name: os.environ[name] for name in kept if name in os.environ}


def run_collector(*arguments, **environment):
    """For runs that end by themselves: --help, and settings that cannot work."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=100,  # of --check: a minute, on a machine that is busy
        check=False,
    )


class Collector:
    """Not started yet. `settings` are environment variables that come on top of what every test needs."""

    def __init__(self, node, folder, store_environment, **settings):
        self.node = node
        self.folder = Path(folder)
        self.log_path = self.folder / "collector.log"
        self.port = free_port()
        self.process = None
        self.arguments = []
        self.wrapper = []  # a command that ends by executing the program: prlimit, setpriv, unshare
        self.environment = {
            **clean_environment(),
            **mark(self.folder),
            "RAY_ROLE": "Head",
            "RAY_CLUSTER_NAME": "test",
            "RAY_TMP_ROOT": str(node.root),
            "RAY_COLLECTOR_EVENT_DATA_DIR": str(self.folder / "event-data"),
            "EVENTS_PORT": str(self.port),
            "METRICS_PORT": "0",
            # Nobody is there: what needs a dashboard sets one.
            "RAY_DASHBOARD_ADDRESS": "http://127.0.0.1:1",
            "PUSH_INTERVAL": "1s",
            "SHUTDOWN_TIMEOUT": "20s",
            **store_environment,
            **settings,
        }

    @property
    def event_data(self):
        return self.folder / "event-data"

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, PROGRAM, *self.arguments], env=self.environment, stdout=log, stderr=log, cwd=self.folder
            )
        if wait:
            wait_until(self._listens, f"the collector to listen; it said: {self.log()}", 10)
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the collector ended with {self.process.returncode}: {self.log()}")
        return accepts_connections(self.port)

    def post(self, body, headers=None, **options):
        return post(self.port, body, headers, **options)

    def sender(self):
        return Sender(self.port)

    def terminate(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout_seconds=40):
        """Its exit status."""
        return self.process.wait(timeout_seconds)

    def stop(self):
        """As a pod's end: SIGTERM, and the raylet is gone too. Everything was stored."""
        self.terminate()
        self.node.stop_raylet()
        status = self.wait()
        assert status == 0, f"exit status {status}: {self.log()}"

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def log_lines(self):
        """Each line's fields."""
        return [
            {match["name"]: match["value"].strip('"') for match in FIELD.finditer(line)}
            for line in self.log().splitlines()
        ]

    def wait_for_log(self, text, timeout_seconds=20):
        wait_until(lambda: text in self.log(), f"{text!r} in the collector's log", timeout_seconds)

    def status_bytes(self, name):
        """VmRSS or VmHWM."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)
