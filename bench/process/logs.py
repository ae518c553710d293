"""What following log files costs while nothing happens, and while one grows."""

import time

from harness.metrics import scrape
from live.ports import free_port
from live.waiting import wait_until

from .subject import Subject, running

WATCHED_SECONDS = 60
PIECE = b"".join(b"2026-11-23 02:28:25,%06d INFO worker.py:42 -- what a task prints, line after line\n" % i for i in range(12_500))


def with_quiet_logs(count, **settings):
    """A subject whose `count` logs are all stored; not in a `with`: the caller removes it."""
    port = free_port()
    subject = Subject(**{"METRICS_PORT": str(port), "PUSH_INTERVAL": "1s", **settings})
    for number in range(count):
        subject.node.write_log(f"worker-{number:056x}-01000000-{number}.out", b"one line\n" * 10)
    subject.start()
    wait_until(lambda: all_logs_stored(port, count), f"{count} logs to be stored", 300)
    return subject


def all_logs_stored(port, count):
    """As the metrics say it: to list a bucket again and again would take what is measured its processor."""
    try:
        seen = scrape(port)
    except ConnectionRefusedError:  # events are listened for first
        return False
    return seen["log_files"] >= count and seen["log_files_pending"] == 0


def idle(count, scale=1.0):
    subject = with_quiet_logs(count)
    try:
        before, began = subject.cpu_seconds(), time.monotonic()
        time.sleep(WATCHED_SECONDS * scale)  # the thing measured: what nothing costs
        share = (subject.cpu_seconds() - before) / (time.monotonic() - began)
        yield f"idle_{count}", share * 100
    finally:
        subject.remove()


def idle_3000(scale=1.0):
    yield from idle(3_000, scale)


def idle_30000(scale=1.0):
    yield from idle(30_000, scale)


def growing(minio, scale=1.0):
    """1 MB/s for ten minutes, to a real S3."""
    seconds = int(600 * scale)
    port = free_port()
    with running(store=minio.collector_environment("growing"), METRICS_PORT=str(port)) as subject:
        log = subject.node.write_log("worker.out", b"")
        written = 0
        began = time.monotonic()
        with open(log, "ab", buffering=0) as file:
            for second in range(seconds):
                file.write(PIECE)
                written += len(PIECE)
                time.sleep(max(0, began + second + 1 - time.monotonic()))  # the load's own pace
        seen = scrape(port)
        subject.end()
    # What is left is sent by the end, once.
    yield "growth_bytes", (seen["log_bytes_stored_total"] + seen["log_bytes_pending"]) / written
    yield "growth_times", sum(
        value
        for (name, labels), value in seen.samples.items()
        if name == "ray_collector_store_requests_total" and ("op", "extend") in labels
    )
