"""A recorded session of real Ray 2.60, replayed: the exact set of keys, lines and bytes."""

import json
import shutil
import tarfile
from collections import defaultdict
from pathlib import Path

import pytest
from harness.events import job_of
from live.waiting import wait_until

RECORDING = Path(__file__).resolve().parents[1] / "data" / "ray-2.60-session.tar.gz"
SESSION = "session_2026-11-23_02-27-20_324908_14170"
NODE = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    with tarfile.open(RECORDING) as archive:
        archive.extractall(folder, filter="data")
    return folder / "ray-2.60-session"


def one_line(raw):
    """An event's own bytes, found by Python's decoder in the body as it was posted."""
    decoder, place, found = json.JSONDecoder(), raw.index("[") + 1, []
    while True:
        while raw[place] in " ,\n":
            place += 1
        if raw[place] == "]":
            return found
        event, end = decoder.raw_decode(raw, place)
        found.append((event, raw[place:end].encode()))
        place = end


def expected_lines(bodies):
    """Of each file (None: node events, else the job) its lines, each distinct event once, as it first came."""
    lines, seen = defaultdict(list), set()
    for body in bodies:
        for event, raw in one_line(body.decode()):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                lines[job_of(event)].append(raw)
    return lines


def test_the_recorded_session_is_stored_exactly(make_collector, store, node, recording):
    shutil.copytree(recording / "ray-root" / SESSION, node.root / SESSION)
    # As it was on the node; a tree from an archive has none of the sockets.
    node.session, node.node_id = SESSION, NODE
    (node.folder / "sockets").mkdir(exist_ok=True)
    node.start_raylet()
    collector = make_collector(store).start()

    bodies = [path.read_bytes() for path in sorted((recording / "event-batches").glob("*.json"))]
    assert len(bodies) == 72
    sender = collector.sender()
    for number, body in enumerate(bodies):
        sender.send(body)
        if number == 30:
            # The session is found while events are being taken.
            node.point_session_latest(SESSION)
    expected = expected_lines(bodies)
    assert sum(len(lines) for lines in expected.values()) == 4599
    assert set(expected) == {None, "01000000", "02000000", "03000000", "04000000"}
    judge = store.judge()
    wait_until(lambda: len(judge.log_sizes(SESSION, NODE)) == len(node.log_files()), "the logs, before SIGTERM")
    collector.stop()

    for job, lines in expected.items():
        kind = "node_events" if job is None else f"job_events/{job}"
        assert judge.lines(SESSION, NODE, kind) == lines, kind
    assert judge.logs(SESSION, NODE) == node.log_files()
    assert judge.markers() == {SESSION}

    # And nothing else.
    prefix = f"{judge.history}{SESSION}/{NODE}/"
    journals = {key for key in judge.keys() if "_events/" in key.removeprefix(prefix).split("logs/")[0]}
    assert {key.removeprefix(prefix).rsplit("/", 1)[0] for key in journals} == {
        "node_events",
        "job_events/01000000",
        "job_events/02000000",
        "job_events/03000000",
        "job_events/04000000",
    }
    logs = {f"{prefix}logs/{path}" for path in node.log_files()}
    marker = {f"{judge.metadata}{SESSION}"}
    assert set(judge.keys()) == journals | logs | marker
