"""What chaos has found, each made small: what failed then by chance fails here each time, should it come back."""

import json
import time

import pytest
from harness.collector import Collector
from harness.judge import Judge
from harness.node import StandInNode
from live.leftovers import end_marked_processes
from live.stored import StoredInFolder
from live.waiting import wait_until

from .event_sender import event_of

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

    def start_ray(self, session, **options):
        self.node.start(session, **options)
        self.node.write_log("raylet.out", session.encode())
        return self.node.node_id

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
