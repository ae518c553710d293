"""1,000 files and 1 GB to MinIO, beside the two lean uploaders that people use, in turns on the same server."""

import os
import resource
import subprocess
import time
import uuid

from live.minio_server import PASSWORD, USER
from live.ports import free_port
from live.waiting import wait_until

from .logs import all_logs_stored
from .subject import Subject

FILES = 1_000
BYTES = 1_000_000


def upload(minio, s5cmd, rclone, scale=1.0):
    files = int(FILES * scale)
    subject = Subject(store=minio.collector_environment(_bucket(minio)), PUSH_INTERVAL="1s", METRICS_PORT=str(free_port()))
    try:
        for number in range(files):
            # Random, so that nothing on the way can make it smaller.
            subject.node.write_log(f"worker-{number:056x}-01000000-{number}.out", os.urandom(BYTES - 1) + b"\n")
        ours = _collector(subject, minio, files)
        theirs_s5cmd = _run(
            [s5cmd, "--endpoint-url", f"http://{minio.endpoint}", "cp", f"{subject.node.logs}/", f"s3://{_bucket(minio)}/"],
            AWS_ACCESS_KEY_ID=USER,
            AWS_SECRET_ACCESS_KEY=PASSWORD,
            AWS_REGION="us-east-1",
        )
        theirs_rclone = _run(
            [rclone, "copy", "--config", "/dev/null", "--s3-no-check-bucket", str(subject.node.logs), f"peer:{_bucket(minio)}"],
            RCLONE_CONFIG_PEER_TYPE="s3",
            RCLONE_CONFIG_PEER_PROVIDER="Minio",
            RCLONE_CONFIG_PEER_ENDPOINT=f"http://{minio.endpoint}",
            RCLONE_CONFIG_PEER_ACCESS_KEY_ID=USER,
            RCLONE_CONFIG_PEER_SECRET_ACCESS_KEY=PASSWORD,
        )
    finally:
        subject.remove()
    yield "gigabyte_time", ours[0]
    yield "gigabyte_cpu", ours[1]
    for name, theirs in (("s5cmd", theirs_s5cmd), ("rclone", theirs_rclone)):
        yield f"gigabyte_time_to_{name}", ours[0] / theirs[0]
        yield f"gigabyte_cpu_to_{name}", ours[1] / theirs[1]


def _bucket(minio):
    name = f"peers-{uuid.uuid4().hex}"
    minio.client().create_bucket(Bucket=name)
    return name


def _collector(subject, minio, files):
    """Seconds from its start until all is there, and of CPU."""
    port = int(subject.collector.environment["METRICS_PORT"])
    began = time.monotonic()
    subject.start()
    wait_until(lambda: all_logs_stored(port, files), "all files in the bucket", 300)
    took, cpu = time.monotonic() - began, subject.cpu_seconds()
    pages = minio.client().get_paginator("list_objects_v2").paginate(Bucket=subject.collector.environment["S3_BUCKET"])
    whole = sum(entry["Size"] == BYTES for page in pages for entry in page.get("Contents", []))
    if whole != files:
        raise RuntimeError(f"{whole} of {files} files are stored")
    return took, cpu


def _run(command, **environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, timeout=300)
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
