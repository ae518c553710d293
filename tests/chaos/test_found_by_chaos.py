"""What chaos has found, each made small: what failed then by chance fails here each time, should it come back."""

import json
import os
import random
import threading
import time

import pytest
from harness.collector import Collector
from harness.judge import Judge
from harness.node import StandInNode
from live.leftovers import end_marked_processes
from live.minio_server import MinioServer
from live.stored import StoredInBucket, StoredInFolder
from live.waiting import wait_until

from .event_sender import event_of
from .fault_proxy import FaultProxy
from .run import program

SESSIONS = [f"session_2026-11-23_02-0{number}-20_324908_1417{number}" for number in range(3)]


class Stage:
    def __init__(self, folder):
        self.node = StandInNode()
        self.folder = folder
        self.judge = Judge(StoredInFolder(folder / "store"))
        self.collector = None

    def start_collector(self, **settings):
        store = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(self.folder / "store")}
        settings = {"PUSH_INTERVAL": "200ms", **settings}
        self.collector = Collector(self.node, self.folder, store, **settings).start()
        return self.collector

    def start_collector_at(self, server, bucket, proxy):
        """It stores in a bucket of a MinIO that it reaches through a proxy."""
        environment = {**server.collector_environment(bucket), "S3_ENDPOINT": f"127.0.0.1:{proxy.port}"}
        self.judge = Judge(StoredInBucket(server.client(), bucket))
        self.collector = Collector(self.node, self.folder, environment, PUSH_INTERVAL="200ms").start()

    def start_ray(self, session, **options):
        self.node.start(session, **options)
        self.node.write_log("raylet.out", session.encode())
        return self.node.node_id

    def has_bucket(self, server, name):
        return name in [bucket["Name"] for bucket in server.client().list_buckets()["Buckets"]]

    def is_followed(self, session, node_id):
        return self.judge.logs(session, node_id) == {"raylet.out": session.encode()}


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    if stage.collector is not None:
        stage.collector.kill()
    end_marked_processes(tmp_path)
    stage.node.remove()


def test_sessions_that_begin_and_end_between_two_looks_are_stored(stage):
    """Seed 2, round 5, local: of two restarts within 5 s the first was only found by the next start."""
    first = stage.start_ray(SESSIONS[0])
    stage.start_collector()
    wait_until(lambda: stage.is_followed(SESSIONS[0], first), "the first session's log")
    second = stage.start_ray(SESSIONS[1])
    third = stage.start_ray(SESSIONS[2])
    stage.collector.stop()
    assert stage.is_followed(SESSIONS[1], second)
    assert stage.is_followed(SESSIONS[2], third)


def test_an_ended_session_is_not_filed_under_the_next_raylet(stage):
    """Seed 3, round 11, local: raylet_node_id was believed, though it names the raylet that runs now."""
    first = stage.start_ray(SESSIONS[0])
    second = stage.start_ray(SESSIONS[1])
    stage.node.write_node_id_file(second)
    stage.start_collector()
    wait_until(lambda: stage.is_followed(SESSIONS[1], second), "the second session's log")
    stage.collector.stop()
    assert stage.is_followed(SESSIONS[0], first)
    assert stage.judge.logs(SESSIONS[0], second) == {}


def test_a_log_that_rotates_after_the_raylets_restart_does_not_hold_up_the_end(stage):
    """Seed 4, round 7, local: what was offered under the old node ID waited for its file until the timeout."""
    first = stage.start_ray(SESSIONS[0])
    stage.start_collector(PUSH_INTERVAL="4s")
    wait_until(lambda: stage.is_followed(SESSIONS[0], first), "the log", 20)
    stage.node.restart_raylet()
    stage.node.append_log("raylet.out", b"more")
    stage.collector.wait_for_log("node changed")
    logs = stage.node.logs
    (logs / "raylet.out").rename(logs / "raylet.out.1")
    stage.collector.stop()
    assert SESSIONS[0].encode() + b"more" in stage.judge.logs(SESSIONS[0], stage.node.node_id).values()


def test_a_raylet_that_came_and_went_between_two_looks_has_its_logs(stage):
    """Seed 9001, round 4, minio: when its session ended, only the raylet was asked for that had been seen."""
    first = stage.start_ray(SESSIONS[0])
    stage.start_collector()
    wait_until(lambda: stage.is_followed(SESSIONS[0], first), "the first raylet's log")
    stage.node.age_log("raylet.out")
    began = time.time() - 3600
    for path in stage.node.folder.glob("*_port_*"):
        os.utime(path, (began, began))
    stage.node.restart_raylet()
    second = stage.node.node_id
    stage.node.write_log("worker.out", b"of the second raylet")
    third = stage.start_ray(SESSIONS[1])
    stage.collector.wait_for_log("session changed")
    assert "node changed" not in stage.collector.log(), "the watcher looks more often than it did"
    wait_until(lambda: stage.is_followed(SESSIONS[1], third), "the second session's log")
    stage.collector.stop()
    assert stage.judge.logs(SESSIONS[0], second) == {"worker.out": b"of the second raylet"}
    assert stage.judge.logs(SESSIONS[0], first)["raylet.out"] == SESSIONS[0].encode()


def test_a_full_disk_budget_makes_room_by_itself(stage):
    """Seed 2, round 9, local: events were refused until the rotation interval was over, with all of them stored."""
    stage.start_ray(SESSIONS[0])
    collector = stage.start_collector(RAY_COLLECTOR_EVENT_MAX_DISK_MB="1", RAY_COLLECTOR_EVENT_ROTATION_INTERVAL="1h")
    refused = 0
    for number in range(40):
        body = json.dumps([event_of("seed", f"{number}-{i}", SESSIONS[0], 1) for i in range(100)]).encode()
        deadline = time.monotonic() + 20
        while collector.post(body).status != 200:
            refused += 1
            assert time.monotonic() < deadline, collector.log()
            time.sleep(0.1)
    assert refused > 0
    collector.stop()
    assert len(stage.judge.job_events(SESSIONS[0], stage.node.node_id)) == 4000


@pytest.fixture
def away(tmp_path):
    """A MinIO, and a proxy before it that can say 403."""
    server = MinioServer(program("minio", "RAYHISTORY_MINIO"), tmp_path / "minio")
    proxy = FaultProxy(server.port, random.Random(1))
    yield server, proxy
    proxy.stop()
    server.stop()


def test_a_bucket_that_could_not_be_looked_for_is_made_later(stage, away, tmp_path):
    """Seed 6001, round 2, minio: 403 was taken for a bucket that is there, and then it was waited for in vain."""
    server, proxy = away
    proxy.forbidden = 403
    node = stage.start_ray(SESSIONS[0])
    stage.start_collector_at(server, "late", proxy)
    stage.collector.wait_for_log("403 AccessDenied")
    proxy.forbidden = None
    wait_until(lambda: stage.has_bucket(server, "late") and stage.is_followed(SESSIONS[0], node), "the log", 40)
    stage.collector.stop()


class FirstWriteProxy(FaultProxy):
    """Does with the first write of each key that has `part` in it what a subclass says."""

    def __init__(self, store_port, part="/logs/"):
        super().__init__(store_port, random.Random(1))
        self.part = part
        self.written = set()
        self.has_begun = threading.Event()

    def _handle(self, client, request):
        path = request.target.partition("?")[0]
        if request.method != "PUT" or self.part not in path or path in self.written:
            return super()._handle(client, request)
        self.written.add(path)
        self.has_begun.set()
        return self._first_write(client, request)


class BusyProxy(FirstWriteProxy):
    """Refuses it and asks for a minute, as a MinIO that starts does, which is there 10 ms later."""

    def _first_write(self, client, request):
        reply = self._answer(503, "XMinioServerNotInitialized")
        client.sendall(reply.replace(b"Connection: close", b"Retry-After: 60\r\nConnection: close", 1))


def test_a_drain_does_not_wait_as_long_as_the_store_asks(stage, away):
    """Seed 20261123, round 3, minio: one write waited for a minute, through the whole of the drain."""
    server, _ = away
    proxy = BusyProxy(server.port)
    node = stage.start_ray(SESSIONS[0])
    stage.start_collector_at(server, "busy", proxy)
    stage.collector.wait_for_log("XMinioServerNotInitialized")
    stage.node.write_log("worker.out", b"refused in the drain")
    stage.collector.stop()
    assert stage.judge.logs(SESSIONS[0], node) == {
        "raylet.out": SESSIONS[0].encode(),
        "worker.out": b"refused in the drain",
    }
    proxy.stop()


class SilentProxy(FirstWriteProxy):
    """Takes it, and never answers."""

    def _first_write(self, client, request):
        client.settimeout(None)
        client.recv(1)


def test_a_drain_does_not_wait_for_an_answer_that_never_comes(stage, away):
    """Not found but thought of: an answer may be a minute on its way, and the whole drain has 20 s here."""
    server, _ = away
    proxy = SilentProxy(server.port)
    node = stage.start_ray(SESSIONS[0])
    stage.start_collector_at(server, "silent", proxy)
    assert proxy.has_begun.wait(40)
    stage.collector.stop()
    assert stage.judge.logs(SESSIONS[0], node) == {"raylet.out": SESSIONS[0].encode()}
    proxy.stop()


class LateProxy(FirstWriteProxy):
    """Holds it back, as the buffers of a slow network do, for which it does not matter that the sender is no more."""

    def __init__(self, store_port, part):
        super().__init__(store_port, part)
        self.may_arrive = threading.Event()
        self.answer = None

    def _first_write(self, client, request):
        assert self.may_arrive.wait(60)
        self.answer = self._forward(request.bytes)


def test_what_a_killed_collector_sent_takes_no_newer_objects_place(stage, away):
    """Seed 5150, round 10, minio: a journal was whole in the store, and so removed; then its beginning arrived."""
    server, _ = away
    proxy = LateProxy(server.port, "/logs/raylet.out")
    node = stage.start_ray(SESSIONS[0])
    stage.start_collector_at(server, "late", proxy)
    assert proxy.has_begun.wait(40)
    stage.collector.kill()

    stage.node.append_log("raylet.out", b", and more")
    whole = {"raylet.out": SESSIONS[0].encode() + b", and more"}
    stage.collector.start()
    wait_until(lambda: stage.judge.logs(SESSIONS[0], node) == whole, "the log, whole", 40)
    proxy.may_arrive.set()
    wait_until(lambda: proxy.answer is not None, "the late write", 40)
    assert stage.judge.logs(SESSIONS[0], node) == whole
    assert b" 412 " in proxy.answer.partition(b"\r\n")[0]
    stage.collector.stop()
    proxy.stop()


def test_a_bucket_that_is_deleted_under_way_is_made_again(stage, away):
    server, _ = away
    node = stage.start_ray(SESSIONS[0])
    stage.judge = Judge(StoredInBucket(server.client(), "gone"))
    stage.collector = Collector(
        stage.node, stage.folder, server.collector_environment("gone"), PUSH_INTERVAL="200ms"
    ).start()
    wait_until(lambda: stage.has_bucket(server, "gone") and stage.is_followed(SESSIONS[0], node), "the log", 40)
    bucket = StoredInBucket(server.client(), "gone")
    for key in bucket.sizes():
        server.client().delete_object(Bucket="gone", Key=key)
    server.client().delete_bucket(Bucket="gone")
    stage.node.append_log("raylet.out", b", and more")
    expected = SESSIONS[0].encode() + b", and more"
    wait_until(
        lambda: stage.has_bucket(server, "gone") and stage.judge.logs(SESSIONS[0], node) == {"raylet.out": expected},
        "the log, whole, in a bucket made anew",
        40,
    )
    stage.collector.stop()
