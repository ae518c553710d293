"""The wall clock is stepped under a running collector, as NTP does to a node that was long asleep."""

import os
from pathlib import Path

import pytest
from harness.events import body_of, node_event
from harness.node import SESSION
from live.waiting import wait_until

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def test_a_stepped_clock_costs_nothing(make_collector, minio_store, node, tmp_path):
    """Beyond the quarter of an hour that S3 tolerates, back and forth."""
    if not LIBRARIES:
        pytest.skip("no libfaketime here: package faketime")
    if "RAYHISTORY_COLLECTOR" in os.environ and "san" in os.environ["RAYHISTORY_COLLECTOR"]:
        pytest.skip("a sanitizer's own preloading comes first")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    node.start()
    node.write_log("raylet.out", b"begin\n")
    collector = make_collector(
        minio_store,
        PUSH_INTERVAL="200ms",
        RAY_COLLECTOR_EVENT_ROTATION_INTERVAL="1s",
        LD_PRELOAD=str(LIBRARIES[0]),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    ).start()
    sent = []

    def stored_logs():
        return minio_store.judge().logs(SESSION, node.node_id)

    for step in ["+0", "-20m", "+20m", "-20m", "+0"]:
        clock.write_text(step)
        event = node_event(SESSION)
        collector.sender().send(body_of([event]))
        sent.append(event["eventId"])
        node.append_log("raylet.out", step.encode() + b"\n")
        wait_until(lambda: stored_logs() == node.log_files(), f"what was written at {step}")
    collector.stop()
    stored = [event["eventId"] for event in minio_store.judge().node_events(SESSION, node.node_id)]
    assert sorted(stored) == sorted(sent)
