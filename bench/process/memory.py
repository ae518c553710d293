"""The most memory that it ever had, in MiB."""

import time

from live.ports import free_port
from live.waiting import wait_until

from .events import ROOMY
from .logs import PIECE, with_quiet_logs
from .subject import running

MIB = 1 << 20


def idle(scale=1.0):
    with running() as subject:
        time.sleep(10 * scale)  # the thing measured: nothing happens
        yield "memory_idle", subject.memory_peak_bytes() / MIB


def three_thousand_logs(scale=1.0):
    subject = with_quiet_logs(int(3_000 * scale))
    try:
        yield "memory_3000_logs", subject.memory_peak_bytes() / MIB
    finally:
        subject.remove()


def large_log(minio, scale=1.0):
    size = int(2e9 * scale)
    with running(store=minio.collector_environment("large-log"), PUSH_INTERVAL="1s") as subject:
        log = subject.node.write_log("worker.out", b"")
        with open(log, "ab", buffering=0) as file:
            for _ in range(size // len(PIECE)):
                file.write(PIECE)
        client = minio.client()

        def is_stored():
            found = client.list_objects_v2(Bucket="large-log").get("Contents", [])
            return any(entry["Key"].endswith("/worker.out") and entry["Size"] == log.stat().st_size for entry in found)

        wait_until(is_stored, "the large log to be stored", 600)
        yield "memory_2gb_log", subject.memory_peak_bytes() / MIB
        subject.end()


def thousand_jobs(scale=1.0):
    with running(**ROOMY) as subject:
        subject.load(batch=1000, event_bytes=1000, jobs=int(1_000 * scale), events=10_000)
        yield "memory_1000_jobs", subject.memory_peak_bytes() / MIB


def store_away(scale=1.0):
    nobody = {
        "STORAGE_BACKEND": "s3",
        "S3_BUCKET": "away",
        "S3_ENDPOINT": f"127.0.0.1:{free_port()}",
        "S3_REGION": "us-east-1",
        "S3FORCE_PATH_STYLE": "true",
        "S3DISABLE_SSL": "true",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody-is-there",
    }
    with running(store=nobody) as subject:
        report = subject.load(batch=1000, event_bytes=1000, seconds=max(2, int(20 * scale)))
        if scale >= 1 and "503" not in report["refused"]:
            raise RuntimeError("the disk budget was never full")
        yield "memory_store_away", subject.memory_peak_bytes() / MIB
