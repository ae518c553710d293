"""The cost of the compiler's and the linker's hardening: the release beside a build without it, in turns."""

import statistics
from contextlib import contextmanager
from unittest import mock

import history_server
from harness import collector

from . import ROOT
from .events import ROOMY
from .history import BASE, bucket, in_folder, watched, write_session
from .logs import with_quiet_logs
from .subject import running

BUILDS = ("release", "unhardened")
# One turn takes some tenths of a second of CPU, and another process beside it a tenth more or less: the median of so many.
TURNS = 9
EVENTS = 100_000
LOGS = 3_000
TASKS = 50_000


@contextmanager
def built_as(build):
    programs = ROOT / "build" / build / "bin"
    with (
        mock.patch.object(collector, "PROGRAM", programs / "collector"),
        mock.patch.object(history_server, "PROGRAM", programs / "historyserver"),
    ):
        yield


def ratio(measure):
    """CPU of the hardened build, of the other's. Each is first in every second turn."""
    taken = {build: [] for build in BUILDS}
    for turn in range(TURNS):
        for build in BUILDS if turn % 2 == 0 else BUILDS[::-1]:
            with built_as(build):
                taken[build].append(measure())
    hardened, plain = (statistics.median(taken[build]) for build in BUILDS)
    return hardened / plain


def events(count):
    with running(**ROOMY) as subject:
        subject.load(batch=1000, event_bytes=1000, events=count)
        subject.end()
        return subject.cpu_seconds()


def logs(count):
    subject = with_quiet_logs(count)
    try:
        return subject.cpu_seconds()
    finally:
        subject.remove()


def history(folder):
    with watched(**in_folder(folder)) as server:
        server.ask(f"{BASE}/api/v0/tasks?limit=1")
        return server.cpu_seconds()


def cost(scale=1.0):
    yield "hardening_events", ratio(lambda: events(max(1_000, int(EVENTS * scale))))
    yield "hardening_logs", ratio(lambda: logs(max(1, int(LOGS * scale))))
    with bucket() as folder:
        write_session(folder, max(1, int(TASKS * scale)))
        yield "hardening_history", ratio(lambda: history(folder))
