"""The judge is judged: what is right passes, and each thing that can be wrong is found."""

import json
import os
import random

import pytest
from harness.judge import Judge
from live.stored import StoredInFolder

from .event_sender import Outbox, SentEvent, event_of
from .judge import Evidence, Session, laws
from .log_writer import LogWriter
from .operator import Life

SESSION = "session_2026-11-23_02-00-20_324908_14170"
NODE = "ab" * 28
JOURNAL = f"{NODE}-2026-11-23-02-1795400900000000000.jsonl"


class World:
    """A session whose logs and events are all in a local store."""

    def __init__(self, folder):
        self.store = folder / "store"
        self.root = f"cluster-history/raycluster/default/test/{SESSION}/{NODE}"
        logs = folder / "ray" / SESSION / "logs"
        logs.mkdir(parents=True)
        self.writer = LogWriter(logs, random.Random(1))
        self.writer._append("raylet.out", 2000)
        self.writer._rotate_as_spdlog("raylet.out")
        self.writer._append("raylet.out", 2000)
        self.writer.final_status = {name: (logs / name).stat() for name in self.writer.current}
        self.old, self.live = self.writer.generations
        status = self.writer.final_status["raylet.out.1"]
        self.rotated = f"logs/raylet.rotated.{status.st_mtime_ns}-{status.st_ino}.out"

        self.outbox = Outbox("seed")
        self.lines = []
        for number in range(3):
            event = event_of("seed", f"id-{number}", SESSION, None)
            self.outbox.events[f"id-{number}"] = SentEvent(event, SESSION, ("sender", number + 1), True)
            self.lines.append(json.dumps(event))
        self.observed = {}
        self.put("logs/raylet.out", self.live.content)
        self.put(self.rotated, self.old.content)
        self.put_events(self.lines)

    def put(self, name, content):
        path = self.store / self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def put_events(self, lines):
        self.put(f"node_events/{JOURNAL}", "".join(f"{line}\n" for line in lines).encode())

    def remove(self, name):
        (self.store / self.root / name).unlink()

    def broken(self, **changes):
        """Names of the laws that are."""
        evidence = Evidence(
            sessions=[Session(SESSION, [NODE], self.writer, self.writer.logs)],
            outbox=self.outbox,
            lives=[Life(0.0)],
            observed=self.observed,
            fresh_event_stored=True,
            exit_status=0,
            left_over=[],
            role="Worker",
            crashes=[],
            log="",
        )
        for name, value in changes.items():
            setattr(evidence, name, value)
        found = laws(evidence, Judge(StoredInFolder(self.store)))
        return [law.split()[0] for law, sentences in found.items() if sentences]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_what_is_right_passes(world):
    assert world.broken() == []


def test_a_missing_event(world):
    world.put_events(world.lines[:2])
    assert world.broken() == ["L1"]


def test_an_event_that_was_not_acknowledged_may_be_missing(world):
    world.outbox.events["id-2"].acknowledged = False
    world.put_events(world.lines[:2])
    assert world.broken() == []


def test_an_event_stored_twice(world):
    world.put_events([*world.lines, world.lines[2]])
    assert world.broken() == ["L2"]


def test_an_event_that_nobody_sent(world):
    world.put_events([*world.lines, json.dumps(event_of("seed", "other", SESSION, None))])
    assert world.broken() == ["L3"]


def test_an_event_with_another_content(world):
    world.put_events([*world.lines[:2], world.lines[2].replace('"INFO"', '"WARNING"')])
    assert world.broken() == ["L3"]


def test_a_torn_line(world):
    world.put_events([*world.lines, '{"eventId": "id-'])
    assert world.broken() == ["L3"]


def test_events_out_of_order(world):
    world.put_events([world.lines[1], world.lines[0], world.lines[2]])
    assert world.broken() == ["L4"]


def test_a_log_with_a_byte_changed(world):
    content = bytearray(world.live.content)
    content[-3] ^= 1
    world.put("logs/raylet.out", content)
    assert world.broken() == ["L5", "L5"]


def test_a_log_without_its_end(world):
    world.put("logs/raylet.out", world.live.content[:-1])
    assert world.broken() == ["L5"]


def test_a_missing_generation(world):
    world.remove(world.rotated)
    assert world.broken() == ["L5"]


def test_a_generation_stored_twice(world):
    world.put("logs/raylet.rotated.1-1.out", world.old.content)
    assert world.broken() == ["L5"]


def test_a_generation_copied_twice_by_a_collector_that_was_killed(world):
    world.remove(world.rotated)
    for time in (1, 2):
        world.put(f"logs/raylet.rotated.{time}-995284697453946261.out", world.old.content)
    assert world.broken(lives=[Life(0.0, 210.0, cut_short=True), Life(211.0)]) == ["L5"]


def test_a_generation_under_another_logs_name(world):
    world.remove(world.rotated)
    world.put("logs/dashboard.rotated.1-1.log", world.old.content)
    assert world.broken() == ["L5", "L5"]


def test_bytes_that_were_stored_once_and_are_not_any_more(world):
    world.observed[SESSION, world.old.header] = len(world.old.content) + 1
    assert world.broken() == ["L5"]


def test_a_generation_that_was_seen_long_enough_before_the_ring_took_it(world):
    world.old.name = None
    world.old.backup_since, world.old.gone_at = 100.0, 200.0
    world.remove(world.rotated)
    assert world.broken() == ["L5"]
    # A collector that was killed afterwards has lost what it held open.
    assert world.broken(lives=[Life(0.0, 210.0, cut_short=True)]) == []
    # One that did not run then has not seen it.
    assert world.broken(lives=[Life(199.0)]) == []


METRICS = {
    "ray_collector_events_received_total": 4,
    "ray_collector_events_stored_total": 3,
    "ray_collector_events_rejected_total": 0,
    "ray_collector_events_duplicate_total": 1,
    "ray_collector_log_bytes_abandoned_total": 0,
}


def test_metrics_that_agree(world):
    assert world.broken(metrics=METRICS) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"events_received_total": 5},
        {"events_stored_total": 4, "events_duplicate_total": 0},
        {"events_stored_total": 2, "events_received_total": 3},
        {"events_rejected_total": 1, "events_duplicate_total": 0},
        {"log_bytes_abandoned_total": 1},
    ],
)
def test_metrics_that_do_not_agree(world, wrong):
    changed = {f"ray_collector_{name}": value for name, value in wrong.items()}
    assert world.broken(metrics={**METRICS, **changed}) == ["L8"]


def test_metrics_of_the_last_of_several_lives(world):
    fewer = {"ray_collector_events_stored_total": 2, "ray_collector_events_received_total": 3}
    assert world.broken(metrics={**METRICS, **fewer}, starts=2) == []


def test_a_file_of_an_earlier_node_under_a_later_one(world):
    second = "cd" * 28
    session = Session(SESSION, [NODE, second], world.writer, world.writer.logs)
    later = (world.writer.logs / "raylet.out").stat().st_mtime_ns + 3600 * 10**9
    port_file = world.writer.logs.parent / f"metrics_agent_port_{second}"
    port_file.write_text("1")
    os.utime(port_file, ns=(later, later))
    assert world.broken(sessions=[session]) == []
    world.root = world.root.replace(NODE, second)
    world.put("logs/raylet.out", world.live.content)
    assert world.broken(sessions=[session]) == ["L5"]


def test_something_unfinished_and_a_bad_end(world):
    assert world.broken(left_over=["unfinished upload x"]) == ["L6"]
    assert world.broken(exit_status=3) == ["L7"]
    assert world.broken(fresh_event_stored=False) == ["L7"]
    assert world.broken(crashes=["ended by itself with status -11"]) == ["L7"]
    assert world.broken(role="Head") == ["markers"]
