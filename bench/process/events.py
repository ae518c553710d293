"""What events cost, and how many there can be."""

import os
import resource
import tempfile

from .subject import FOLDER, running

# A gigabyte of journals must fit: how fast the store takes them is another figure's business.
ROOMY = {"RAY_COLLECTOR_EVENT_MAX_DISK_MB": "4096"}


def cpu_per_event(scale=1.0):
    events = int(300_000 * scale)
    with running(**ROOMY) as subject:
        idle = subject.cpu_seconds()
        subject.load(batch=1000, event_bytes=1000, events=events)
        answered = subject.cpu_seconds()
        subject.end()
        stored = subject.cpu_seconds()
    yield "cpu_per_event", (stored - idle) / events * 1e6
    yield "cpu_per_event_answered", (answered - idle) / events * 1e6


def at_the_operators_limits(scale=1.0):
    with running(limited=True) as subject:
        report = subject.load(batch=1000, event_bytes=1000, seconds=max(1, int(20 * scale)))
    yield "events_limited", report["events"] / report["seconds"]
    yield "answer_p99_limited", report["answer_ms"]["p99"]


def small_batches(scale=1.0):
    yield "bare_syncs_per_cpu", _bare_syncs_per_cpu(int(10_000 * scale))
    for size in (1, 10):
        with running(**ROOMY) as subject:
            before = subject.cpu_seconds()
            report = subject.load(batch=size, event_bytes=1000, events=int(10_000 * scale) * size)
            yield f"answers_per_cpu_{size}", report["answers"] / (subject.cpu_seconds() - before)


def _bare_syncs_per_cpu(times):
    """What the disk alone takes of a small batch: to write a line over room that is there, and to sync it."""
    line = b"x" * 999 + b"\n"
    with tempfile.NamedTemporaryFile(dir=FOLDER, buffering=0) as file:
        file.write(bytes(times * len(line)))
        os.fsync(file.fileno())
        before = resource.getrusage(resource.RUSAGE_THREAD)
        for number in range(times):
            os.pwrite(file.fileno(), line, number * len(line))
            os.fdatasync(file.fileno())
        after = resource.getrusage(resource.RUSAGE_THREAD)
    return times / (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
