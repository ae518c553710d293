"""Starts, stops and kills the collector, and remembers when it ran."""

import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# After SIGTERM these are its own: all stored, or something left.
ENDS_OF_A_DRAIN = (0, 3)


@dataclass
class Life:
    """Of one process, without its pauses: a pause ends one and begins another."""

    begin: float
    end: float | None = None
    # Its memory, and what it held open, went with it, without all of it being stored.
    cut_short: bool = False


class Operator:
    def __init__(self, collector):
        self.collector = collector
        self.lives = []
        self.counts = Counter()
        self.crashes = []
        self.log_before = ""

    @property
    def process(self):
        return self.collector.process

    def start(self):
        folder = Path(self.collector.environment["RAY_COLLECTOR_EVENT_DATA_DIR"])
        if any(folder.rglob("*.jsonl*")):
            self.counts["recoveries"] += 1  # of what the life before has left
        self.log_before = self.collector.log()
        self.collector.start(wait=False)
        self.lives.append(Life(time.monotonic()))
        self.counts["starts"] += 1

    def _over(self, cut_short):
        self.lives[-1].end = time.monotonic()
        self.lives[-1].cut_short = cut_short

    def kill(self):
        self.expect_alive()
        self.process.kill()
        self.process.wait()
        self._over(cut_short=True)
        self.counts["kills"] += 1

    def expect_alive(self):
        if self.process.poll() is not None:
            self.crashes.append(f"ended by itself with status {self.process.returncode}")

    def terminate(self, grace_seconds):
        """As Kubernetes does: SIGTERM, and SIGKILL when the time is over."""
        self.expect_alive()
        self.collector.terminate()
        try:
            status = self.process.wait(grace_seconds)
            self.counts["drains"] += 1
            # Where signals were not yet its own: nothing had begun.
            had_begun = self.collector.log() != self.log_before
            if status not in ENDS_OF_A_DRAIN and (status != -signal.SIGTERM or had_begun):
                self.crashes.append(f"ended with status {status} after SIGTERM")
            self._over(cut_short=status != 0)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self, seconds):
        self.expect_alive()
        self.process.send_signal(signal.SIGSTOP)
        self._over(cut_short=False)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)
        self.lives.append(Life(time.monotonic()))
        self.counts["pauses"] += 1
