"""What a look into a session that has ended costs."""

import http.client
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from history_server import HistoryServer

from . import ROOT
from .memory import MIB

# As write_session lays it out.
SESSION = "session_2026-11-23_02-27-20_324908_14170"
BASE = f"/c/default/raycluster/c/{SESSION}"
NODE = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3"
PREFIX = f"cluster-history/raycluster/default/c/{SESSION}/{NODE}/"
TASKS = 50_000
FILES = 2  # some 90 MB each
ASKED = 25
LOG_BYTES = 2 << 30

WRITE_SESSION = ROOT / "build" / "release" / "bin" / "write_session"


def write_session(folder, tasks, files=FILES):
    """Into `folder` as a bucket."""
    subprocess.run([WRITE_SESSION, folder, str(tasks), str(files)], check=True)


class Watched:
    """A History Server, asked over one connection."""

    def __init__(self, folder, **store):
        self.server = HistoryServer(folder, store, SESSION_PROCESS_TIMEOUT="10m")
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)

    def ask(self, path):
        """How long it took, in seconds."""
        began = time.monotonic()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.monotonic() - began
        if answer.status != 200 or not body:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]}")
        return took

    def milliseconds(self, path):
        """The median, warm."""
        self.ask(path)
        return statistics.median(self.ask(path) for _ in range(ASKED)) * 1000

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_peak_bytes(self):
        for line in Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise KeyError("VmHWM")


@contextmanager
def watched(**store):
    folder = Path(tempfile.mkdtemp(prefix="rh-bench-history-"))
    watching = None
    try:
        watching = Watched(folder, **store)
        yield watching
    finally:
        if watching:
            watching.connection.close()
            watching.server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def bucket():
    folder = Path(tempfile.mkdtemp(prefix="rh-bench-bucket-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_folder(folder):
    return {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder)}


def session(minio, scale=1.0):
    tasks = int(TASKS * scale)
    with bucket() as folder:
        write_session(folder, tasks)
        client = minio.client()
        client.create_bucket(Bucket="history")
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), "history", str(path.relative_to(folder)))
    with watched(**minio.collector_environment("history")) as server:
        idle = server.cpu_seconds()
        yield "history_cold", server.ask(f"{BASE}/api/v0/tasks?limit=1")
        yield "history_cold_cpu", server.cpu_seconds() - idle
        yield "history_memory", server.memory_peak_bytes() / MIB
        yield "history_tasks", server.milliseconds(f"{BASE}/api/v0/tasks?detail=1&limit=10000")
        yield "history_summary", server.milliseconds(f"{BASE}/api/v0/tasks/summarize")
        one = f"{tasks // 2:08}f00dfeedffffffffffffffffffffffff04000000"
        yield "history_task", server.milliseconds(
            f"{BASE}/api/v0/tasks?detail=1&limit=1&filter_keys=task_id&filter_predicates=%3D&filter_values={one}")
        yield "history_memory_after", server.memory_peak_bytes() / MIB


def large_session(scale=1.0):
    with bucket() as folder:
        write_session(folder, int(1_000_000 * scale), files=40)
        with watched(**in_folder(folder)) as server:
            idle = server.cpu_seconds()
            yield "history_large_cold", server.ask(f"{BASE}/api/v0/tasks?limit=1")
            yield "history_large_cpu", server.cpu_seconds() - idle
            yield "history_large_memory", server.memory_peak_bytes() / MIB


def session_list(scale=1.0):
    with bucket() as folder:
        markers = folder / "cluster-metadata/raycluster/default_many"
        markers.mkdir(parents=True)
        for i in range(int(10_000 * scale)):
            (markers / f"session_2026-11-23_{i // 3600:02}-{i // 60 % 60:02}-{i % 60:02}_000000_1").touch()
        with watched(**in_folder(folder)) as server:
            yield "history_clusters", server.milliseconds("/clusters")


def log_tail(minio, scale=1.0):
    with bucket() as folder:
        write_session(folder, 1, files=1)
        line = b"2026-11-23 02:28:25,000 INFO worker.py:42 -- what a task prints, line after line\n"
        with open(folder / "worker.out", "wb") as log:
            for _ in range(int(LOG_BYTES * scale) // (len(line) << 13)):
                log.write(line * (1 << 13))
        client = minio.client()
        client.create_bucket(Bucket="log")
        client.upload_file(str(folder / "worker.out"), "log", f"{PREFIX}logs/worker.out")
        for path in [*folder.glob("cluster-metadata/*/*/*"), *folder.glob(f"{PREFIX}**/*.jsonl")]:
            client.upload_file(str(path), "log", str(path.relative_to(folder)))
    with watched(**minio.collector_environment("log")) as server:
        yield "history_log_tail", server.milliseconds(
            f"{BASE}/api/v0/logs/file?node_id={NODE}&filename=worker.out&lines=1000")
        yield "history_log_memory", server.memory_peak_bytes() / MIB
