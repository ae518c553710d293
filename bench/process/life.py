"""How long it takes to begin, and to end."""

import time

from harness.sender import post
from live.waiting import wait_until

from .logs import with_quiet_logs
from .subject import Subject
from .toxiproxy import Toxiproxy

FAR_MILLISECONDS = 30
TAIL_FILES = 10
TAIL_BYTES = 100_000


def start(scale=1.0):
    subject = Subject()
    try:
        began = time.monotonic()
        subject.collector.start(wait=False)
        while True:
            try:
                status = post(subject.collector.port, b"[]").status
                break
            except OSError:
                if time.monotonic() > began + 10:
                    raise
                time.sleep(0.001)  # it does not listen yet; finer than what is measured
        took = time.monotonic() - began
        if status != 200:
            raise RuntimeError(f"the first batch was answered {status}")
        yield "start", took * 1000
    finally:
        subject.remove()


def drain_of_a_tail(minio, toxiproxy, scale=1.0):
    with Toxiproxy(toxiproxy, minio.port) as proxy:
        store = {**minio.collector_environment("drain-tail"), "S3_ENDPOINT": f"127.0.0.1:{proxy.port}"}
        # Mirrored without delay and with a whole core first; the interval then keeps the tail back.
        subject = with_quiet_logs(int(3_000 * scale), store=store, limited=True, PUSH_INTERVAL="5s")
        try:
            proxy.delay(FAR_MILLISECONDS)
            for number in range(TAIL_FILES):
                subject.node.append_log(f"worker-{number:056x}-01000000-{number}.out", b"x" * (TAIL_BYTES - 1) + b"\n")
            yield "drain_tail", subject.end()
        finally:
            subject.remove()


def drain_of_what_was_never_pushed(minio, toxiproxy, scale=1.0):
    with Toxiproxy(toxiproxy, minio.port) as proxy:
        store = {**minio.collector_environment("drain-unpushed"), "S3_ENDPOINT": f"127.0.0.1:{proxy.port}"}
        subject = Subject(store=store, limited=True, PUSH_INTERVAL="1h", SHUTDOWN_TIMEOUT="60s")
        try:
            proxy.delay(FAR_MILLISECONDS)
            subject.start()
            wait_until(lambda: "session found" in subject.collector.log(), "the session to be found", 20)
            for number in range(int(1_000 * scale)):
                subject.node.write_log(f"worker-{number:056x}-01000000-{number}.out", b"x" * (TAIL_BYTES - 1) + b"\n")
            yield "drain_unpushed", subject.end()
        finally:
            subject.remove()
