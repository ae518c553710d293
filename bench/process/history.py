"""What a look into a session that has ended costs."""

import http.client
import os
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from history_server import HistoryServer

from .memory import MIB

SESSION = "session_2026-11-23_02-27-20_324908_14170"
BASE = f"/c/default/raycluster/c/{SESSION}"
NODE = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3"
PREFIX = f"cluster-history/raycluster/default/c/{SESSION}/{NODE}/"
TASKS = 50_000
FILES = 2  # as a collector seals them by size: some 80 MB each
ASKED = 25
LOG_BYTES = 2 << 30

# The three events that tell most of a task's life, as Ray 2.60 sends them (bench/session_state.cpp has the same).
NODE_BASE64, WORKER_BASE64 = "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg=="
WORKER_LOG = "/tmp/ray/session_latest/logs/worker-9d7570-04000000-14711"
ENVELOPE = (
    '{"eventId": "oGo/rcMp0FRmQuregsOwZXW6Rd70gAEc@%d", "sourceType": "CORE_WORKER", "eventType": "%s", "timestamp": '
    '"2026-11-23T02:27:23.084135183Z", "severity": "INFO", "sessionName": "' + SESSION + '", "nodeId": "' + NODE_BASE64
    + '", "message": "", '
)
TASK_ID = "@f00dfeedffffffffffffffffffffffff04000000"
DEFINITION = (
    '"taskDefinitionEvent": {"taskId": "' + TASK_ID + '", "taskFunc": {"pythonFunctionDescriptor": {"moduleName": "wl", '
    '"functionName": "f", "functionHash": "d44bc70904c94732ab29c4fb01b44153", "className": ""}}, "taskName": "f", '
    '"requiredResources": {"CPU": 0.1}, "jobId": "BAAAAA==", "parentTaskId": "//////////////////////////8EAAAA", '
    '"placementGroupId": "////////////////////////", "serializedRuntimeEnv": "{\\"env_vars\\": {\\"FOO\\": \\"'
    + "v" * 300 + '\\"}}", "taskAttempt": 0, "taskType": "NORMAL_TASK", "language": "PYTHON", "refIds": {}, '
    '"labelSelector": {}, "isDetachedActor": false}}\n'
)
LIFECYCLE = (
    '"taskLifecycleEvent": {"taskId": "' + TASK_ID + '", "taskAttempt": 0, "jobId": "BAAAAA==", "nodeId": "' + NODE_BASE64
    + '", "workerPid": 14711, "workerId": "' + WORKER_BASE64 + '", "stateTransitions": ['
    + ", ".join(
        '{"state": "%s", "timestamp": "2026-11-23T02:27:25.%d@Z"}' % (state, digit) for digit, state in enumerate(
            ("PENDING_ARGS_AVAIL", "PENDING_NODE_ASSIGNMENT", "SUBMITTED_TO_WORKER", "RUNNING", "FINISHED")))
    + '], "taskLogInfo": {"stdoutFile": "' + WORKER_LOG + '.out", "stderrFile": "' + WORKER_LOG
    + '.err", "stdoutStart": "30", "stdoutEnd": "48", "stderrStart": "30", "stderrEnd": "30"}}}\n'
)
PROFILE = (
    '"taskProfileEvents": {"taskId": "' + TASK_ID + '", "jobId": "BAAAAA==", "attemptNumber": 0, "profileEvents": '
    '{"componentType": "worker", "componentId": "' + WORKER_BASE64 + '", "nodeIpAddress": "192.0.2.2", "events": ['
    + "".join(
        '{"startTime": "17954043319@", "endTime": "17954043320@", "extraData": "{}", "eventName": "task:%s"}, ' % name
        for name in ("deserialize_arguments", "execute", "store_outputs"))
    + '{"startTime": "17954043319@", "endTime": "17954043321@", "extraData": "{\\"name\\": \\"__main__.f\\", \\"task_id\\": \\"'
    + TASK_ID + '\\"}", "eventName": "task::f"}]}}}\n'
)
LIFE = (
    ENVELOPE % (1, "TASK_DEFINITION_EVENT") + DEFINITION + ENVELOPE % (2, "TASK_LIFECYCLE_EVENT") + LIFECYCLE
    + ENVELOPE % (3, "TASK_PROFILE_EVENT") + PROFILE
)


def write_events(folder, tasks, files=FILES):
    """Into `folder` as a bucket. Eight digits of a task's number stand for all that differs."""
    (folder / "cluster-metadata/raycluster/default_c").mkdir(parents=True)
    (folder / "cluster-metadata/raycluster/default_c" / SESSION).touch()
    place = folder / PREFIX / "job_events/04000000"
    place.mkdir(parents=True)
    for file in range(files):
        with open(place / f"{NODE}-2026-11-23-02-{file}.jsonl", "w", encoding="ascii", buffering=1 << 20) as out:
            for task in range(file, tasks, files):
                out.write(LIFE.replace("@", f"{task:08}"))


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
        write_events(folder, tasks)
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
        one = f"{tasks // 2:08}" + TASK_ID[1:]
        yield "history_task", server.milliseconds(
            f"{BASE}/api/v0/tasks?detail=1&limit=1&filter_keys=task_id&filter_predicates=%3D&filter_values={one}")
        yield "history_memory_after", server.memory_peak_bytes() / MIB


def large_session(scale=1.0):
    with bucket() as folder:
        write_events(folder, int(1_000_000 * scale), files=40)
        with watched(**in_folder(folder)) as server:
            yield "history_large_cold", server.ask(f"{BASE}/api/v0/tasks?limit=1")
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
        write_events(folder, 1, files=1)
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
