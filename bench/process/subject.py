"""The collector under measurement, on a stand-in Ray node, with or without the operator's limits."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from harness.collector import Collector
from harness.node import StandInNode
from live.waiting import wait_until

from . import ROOT
from .limits import Limits

OPERATORS_CPU = 0.2
OPERATORS_MEMORY = 256 << 20
# On the disk that the tests use, not in memory: `fdatasync` costs what it costs.
FOLDER = os.environ.get("TMPDIR", "/tmp")
LOAD = ROOT / "build" / "release" / "bin" / "event_load"


class Subject:
    def __init__(self, store=None, limited=False, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="rh-bench-", dir=FOLDER))
        self.node = StandInNode().start()
        self.stored = self.folder / "store"
        environment = store or {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(self.stored)}
        # As a pod has them, where a test hurries.
        defaults = {"PUSH_INTERVAL": "1m", "SHUTDOWN_TIMEOUT": "25s", "METRICS_PORT": "0"}
        self.collector = Collector(self.node, self.folder, environment, **{**defaults, **settings})
        cpu, memory = (OPERATORS_CPU, OPERATORS_MEMORY) if limited else (None, None)
        self.limits = Limits(self.folder.name, cpu, memory)

    def start(self):
        began = time.monotonic()
        self.collector.start(wait=False)
        self.limits.take_in(self.collector.process.pid)
        wait_until(self.collector._listens, "the collector to listen", 30)
        return time.monotonic() - began

    def load(self, **options):
        """Posts events; what event_load prints."""
        arguments = [str(LOAD), "--port", str(self.collector.port), "--session", self.node.session]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{done.stderr} collector: {self.collector.log()[-2000:]}")
        return json.loads(done.stdout)

    def cpu_seconds(self):
        return self.limits.cpu_seconds()

    def memory_peak_bytes(self):
        return self.collector.status_bytes("VmHWM")

    def end(self):
        """As a pod's end; how long it took."""
        began = time.monotonic()
        self.collector.terminate()
        self.node.stop_raylet()
        status = self.collector.wait(60)
        took = time.monotonic() - began
        if status != 0:
            raise RuntimeError(f"exit status {status}: {self.collector.log()[-2000:]}")
        return took

    def remove(self):
        self.collector.kill()
        self.node.remove()
        self.limits.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def running(**options):
    subject = Subject(**options)
    try:
        subject.start()
        yield subject
    finally:
        subject.remove()
