"""Whatever is stored, and however many ask and do not read, the History Server stays within its memory.

The server runs in a control group with a limit where this machine lets us make one, so that the kernel would kill it;
everywhere its peak is compared with the limit that it was given.
"""

import contextlib
import gzip
import json
import os
import re
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from live.waiting import wait_until

MEBIBYTE = 1024 * 1024
GROUPS = Path("/sys/fs/cgroup")
SESSION = "session_2026-11-23_02-27-20_324908_14170"
NODE = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607"


class Bucket:
    """A folder as store, with sessions of clusters of their own."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, cluster, files):
        """`files`: path below the session, and content."""
        marker = self.folder / "cluster-metadata" / "raycluster" / f"default_{cluster}" / SESSION
        marker.parent.mkdir(parents=True)
        marker.touch()
        session = self.folder / "cluster-history" / "raycluster" / "default" / cluster / SESSION
        for path, content in files.items():
            (session / path).parent.mkdir(parents=True, exist_ok=True)
            (session / path).write_bytes(content)


def base(cluster):
    return f"/c/default/raycluster/{cluster}/{SESSION}"


def task(number, name="f"):
    return {
        "eventType": "TASK_DEFINITION_EVENT",
        "sessionName": SESSION,
        "taskDefinitionEvent": {"taskId": f"{number:048x}", "taskName": name, "jobId": "01000000"},
    }


def lines(events):
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def events_path(suffix=".jsonl"):
    return f"{NODE}/job_events/01000000/{NODE}-2026-11-23-02-1{suffix}"


def few_tasks():
    return {events_path(): lines(task(number) for number in range(3))}


@contextlib.contextmanager
def control_group(limit):
    """What puts a command into a group with this limit; nothing where groups cannot be made."""
    version2 = (GROUPS / "cgroup.controllers").exists()
    own = Path("/proc/self/cgroup").read_text()
    found = re.search(r"^0::(.*)$" if version2 else r"^\d+:memory:(.*)$", own, re.MULTILINE)
    parent = (GROUPS if version2 else GROUPS / "memory") / found.group(1).lstrip("/") if found else None
    group = parent / f"rayhistory-{uuid.uuid4().hex}" if parent else None
    try:
        group.mkdir()
        (group / ("memory.max" if version2 else "memory.limit_in_bytes")).write_text(str(limit))
    except (OSError, AttributeError):
        with contextlib.suppress(OSError, AttributeError):
            group.rmdir()
        yield []
        return
    try:
        yield ["sh", "-c", f'echo $$ > "{group}/cgroup.procs"; exec "$@"', "sh"]
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), "the group to be empty")
        group.rmdir()


@pytest.fixture(params=[256, 512], ids=["256Mi", "512Mi"])
def limited(request, tmp_path, serve):
    """Starts the server with a limit, and checks in the end that it lived within it."""
    limit = request.param * MEBIBYTE
    servers = []
    with control_group(limit) as wrapper:

        def start(bucket):
            settings = {} if wrapper else {"MEMORY_LIMIT": f"{request.param}Mi"}
            servers.append(serve(bucket.folder, wrapper=wrapper, **settings))
            return servers[-1]

        yield start
        for server in servers:
            assert server.process.poll() is None, "the server was killed"
            status = Path(f"/proc/{server.process.pid}/status").read_text()
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
            print(f"peak of {peak // MEBIBYTE} MiB")
            assert peak < limit, f"peak of {peak // MEBIBYTE} MiB"
            assert server.ask("/livez").status == 200
            server.stop()


def test_a_session_that_cannot_fit_is_refused_and_others_are_shown(limited, tmp_path):
    bucket = Bucket(tmp_path / "bucket")
    bucket.add("huge", {events_path(): lines(task(number) for number in range(1_500_000))})
    bucket.add("small", few_tasks())
    server = limited(bucket)
    refused = server.ask(f"{base('huge')}/api/v0/tasks?limit=1")
    assert refused.status == 503
    assert re.search(r"this session is too large for the memory: .* (\d+) MiB are needed", refused.text())
    assert server.ask(f"{base('small')}/api/v0/tasks").json()["data"]["result"]["total"] == 3


def test_a_small_file_that_unpacks_to_much_takes_no_memory(limited, tmp_path):
    platform = {"eventType": "PLATFORM_EVENT", "sessionName": SESSION, "message": "x" * (60 * MEBIBYTE)}
    packed = gzip.compress(lines(dict(platform, eventId=str(number)) for number in range(8)), 1)
    bucket = Bucket(tmp_path / "bucket")
    bucket.add("packed", {f"{NODE}/node_events/{NODE}-2026-11-23-02-1.jsonl.gz": packed, **few_tasks()})
    server = limited(bucket)
    answer = server.ask(f"{base('packed')}/api/v0/tasks").json()["data"]["result"]
    assert answer["total"] == 3 and "cannot be read whole" in answer["partial_failure_warning"]


def test_clients_that_ask_for_long_lists_and_do_not_read_them(limited, tmp_path):
    bucket = Bucket(tmp_path / "bucket")
    bucket.add("wide", {events_path(): lines(task(number, "n" * 800) for number in range(10_000))})
    server = limited(bucket)
    path = f"{base('wide')}/api/v0/tasks?detail=1&limit=10000"
    whole = server.ask(path)
    assert len(whole.json()["data"]["result"]["result"]) == 10_000
    deaf = []
    for _ in range(110):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        deaf.append(client)
    with ThreadPoolExecutor(20) as pool:
        bodies = list(pool.map(lambda _: server.ask(path).body, range(20)))
    assert all(body == whole.body for body in bodies)
    for client in deaf:
        client.close()


def test_readers_of_a_large_log_that_do_not_read_it(limited, tmp_path):
    bucket = Bucket(tmp_path / "bucket")
    line = b"x" * 99 + b"\n"
    bucket.add("logs", {f"{NODE}/logs/big.log": line * (64 * MEBIBYTE // len(line)), **few_tasks()})
    server = limited(bucket)
    path = f"{base('logs')}/api/v0/logs/file?node_id={NODE}&filename=big.log&lines=-1"
    deaf = []
    for _ in range(450):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        deaf.append(client)
    tail = server.ask(f"{base('logs')}/api/v0/logs/file?node_id={NODE}&filename=big.log&lines=1")
    assert tail.body == line
    for client in deaf:
        client.close()


def test_large_answers_of_the_dashboard_that_many_ask_for(limited, tmp_path):
    answer = {"metadata": {"env_vars": {"TOKEN": "s3cr3t"}}, "rows": [{"name": "n" * 90, "id": n} for n in range(120_000)]}
    bucket = Bucket(tmp_path / "bucket")
    bucket.add("answers", {"fetched_endpoints/restful__api__serve__applications": json.dumps(answer).encode(), **few_tasks()})
    server = limited(bucket)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.ask(f"{base('answers')}/api/serve/applications/"), range(20)))
    assert any(each.status == 200 for each in answers)
    assert all(each.status in (200, 503) and b"s3cr3t" not in each.body for each in answers)
