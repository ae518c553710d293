"""Local event files: when they are sealed, what is found of them at the next start, what stays of them: nothing."""

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from harness.events import body_of, node_event, task_event
from harness.node import NEXT_SESSION, SESSION
from harness.stores import on_every_store
from live.waiting import wait_until


def post_one(collector, session=SESSION, **changes):
    event = node_event(session, **changes)
    assert collector.post(body_of([event])).counts == (1, 0, 0)
    return event


def files_below(folder):
    # Folders go away meanwhile, which os.walk takes as it comes.
    return [Path(path) / name for path, _, names in os.walk(folder) for name in names]


def journal_files(collector):
    return [path for path in files_below(collector.event_data) if ".jsonl" in path.name]


def test_a_file_is_in_the_store_while_it_grows(make_collector, store, node):
    node.start()
    collector = make_collector(store).start()
    judge = store.judge()
    events = []
    for _ in range(3):
        events.append(post_one(collector))
        wait_until(lambda: judge.node_events(SESSION, node.node_id) == events, "the events so far")
    assert len(judge.journals(SESSION, node.node_id, "node_events")) == 1
    collector.stop()


def test_a_file_is_sealed_by_its_age(make_collector, store, node):
    node.start()
    collector = make_collector(store, RAY_COLLECTOR_EVENT_ROTATION_INTERVAL="1s").start()
    judge = store.judge()
    first = post_one(collector)
    # Sealed and stored, so it goes from the local disk.
    wait_until(lambda: judge.node_events(SESSION, node.node_id) == [first], "the first event")
    wait_until(lambda: not journal_files(collector), "the sealed file to be removed")
    second = post_one(collector)
    collector.stop()
    assert [[json.loads(line) for line in lines] for lines in judge.journals(SESSION, node.node_id, "node_events")] == [
        [first],
        [second],
    ]


def test_a_file_is_sealed_by_its_size(make_collector, store, node):
    node.start()
    collector = make_collector(store, RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB="1").start()
    events = [post_one(collector, message="x" * 300_000) for _ in range(12)]
    collector.stop()
    judge = store.judge()
    assert judge.node_events(SESSION, node.node_id) == events
    journals = judge.journals(SESSION, node.node_id, "node_events")
    assert 3 <= len(journals) <= 4


def test_a_file_is_sealed_when_the_session_changes(make_collector, folder_store, node):
    node.start()
    first_node = node.node_id
    collector = make_collector(folder_store).start()
    first = post_one(collector)
    node.start(session=NEXT_SESSION)
    judge = folder_store.judge()
    wait_until(lambda: NEXT_SESSION in judge.markers(), "the new session")
    wait_until(lambda: judge.node_events(SESSION, first_node) == [first], "the old session's event")
    wait_until(lambda: not journal_files(collector), "the sealed file to be removed")
    collector.stop()


def test_a_file_is_sealed_when_the_node_changes(make_collector, folder_store, node):
    node.start()
    first_node = node.node_id
    collector = make_collector(folder_store, RAY_ROLE="Worker").start()
    first = post_one(collector)
    judge = folder_store.judge()
    wait_until(lambda: judge.node_events(SESSION, first_node) == [first], "the first node's event")
    node.restart_raylet()
    wait_until(lambda: not journal_files(collector), "the sealed file to be removed")
    second = post_one(collector)
    collector.stop()
    assert judge.node_events(SESSION, node.node_id) == [second]
    assert judge.node_events(SESSION, first_node) == [first]


def test_nothing_stays_on_the_local_disk_after_shutdown(make_collector, store, node):
    node.start()
    collector = make_collector(store, PUSH_INTERVAL="1h").start()
    events = [post_one(collector) for _ in range(5)]
    jobs = [task_event(SESSION, job=number) for number in range(1, 6)]
    collector.post(body_of(jobs))
    collector.post(body_of([node_event(SESSION, timestamp="never")]))
    collector.stop()
    judge = store.judge()
    assert judge.node_events(SESSION, node.node_id) == events
    for number, event in enumerate(jobs, start=1):
        assert judge.job_events(SESSION, node.node_id, f"{number:02x}000000") == [event]
    assert len(judge.rejected_events(SESSION, node.node_id)) == 1
    assert journal_files(collector) == []


def test_local_files_have_the_names_that_kubeays_collector_gave_them(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store).start()
    wait_until(lambda: folder_store.judge().markers(), "the node to be known")
    collector.post(body_of([node_event(SESSION), task_event(SESSION, job=3)]))
    root = collector.event_data / "test_default" / SESSION
    assert len(list((root / "node_events").glob(f"{node.node_id}_" + "[0-9]" * 19 + ".jsonl"))) == 1
    assert len(list((root / "job_events" / "03000000").glob(f"{node.node_id}_" + "[0-9]" * 19 + ".jsonl"))) == 1
    collector.stop()


@on_every_store
def test_what_a_killed_collector_left_is_stored_by_the_next(make_collector, store, node):
    node.start()
    collector = make_collector(store, PUSH_INTERVAL="1h").start()
    wait_until(lambda: store.judge().markers(), "the node to be known")
    events = [post_one(collector) for _ in range(10)]
    collector.kill()
    assert journal_files(collector)
    collector.start()
    judge = store.judge()
    wait_until(lambda: judge.node_events(SESSION, node.node_id) == events, "the first run's events")
    later = post_one(collector)
    collector.stop()
    assert judge.node_events(SESSION, node.node_id) == [*events, later]


def test_a_killed_collector_leaves_nothing_but_lines(make_collector, folder_store, node):
    """Another collector, such as KubeRay's, uploads the file as it is, and its reader skips blank lines alone."""
    node.start()
    collector = make_collector(folder_store, PUSH_INTERVAL="1h").start()
    wait_until(lambda: folder_store.judge().markers(), "the node to be known")
    events = []
    for number in range(100):
        events.append(post_one(collector, message="x" * number))
        (file,) = journal_files(collector)
        lines = file.read_bytes().split(b"\n")
        assert [json.loads(line) for line in lines if line] == events
    collector.kill()
    assert [json.loads(line) for line in file.read_bytes().split(b"\n") if line] == events
    # An earlier version of ours kept zeros there.
    whole = file.read_bytes().rstrip(b"\n") + b"\n"
    file.write_bytes(whole + bytes(10_000))
    collector.start().stop()
    judge = folder_store.judge()
    assert judge.node_events(SESSION, node.node_id) == events
    (key,) = judge.below(SESSION, node.node_id, "node_events").values()
    assert folder_store.stored.read(key) == whole


def test_a_torn_line_of_a_killed_collector_is_left_out(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store, PUSH_INTERVAL="1h").start()
    wait_until(lambda: folder_store.judge().markers(), "the node to be known")
    event, torn = post_one(collector), node_event(SESSION)
    collector.kill()
    (file,) = journal_files(collector)
    with open(file, "ab") as journal:
        journal.write(json.dumps(torn).encode()[:100])
    collector.start()
    # Its sender never had an answer, so it comes again.
    assert collector.post(body_of([torn])).counts == (1, 0, 0)
    collector.stop()
    assert folder_store.judge().node_events(SESSION, node.node_id) == [event, torn]


@pytest.mark.parametrize("session", [SESSION, "session_2026-11-20_00-00-00_000000_1"])
def test_files_that_an_earlier_collector_left_are_stored(make_collector, store, node, session):
    """Of this session, and of one that is long over: plain, compressed, both of one name, and a torn write."""
    node.start()
    opened = 1795404330_000000001
    collector = make_collector(store)
    root = collector.event_data / "test_default" / session
    other_node = "ab" * 28
    (root / "node_events").mkdir(parents=True)
    (root / "job_events" / "01000000").mkdir(parents=True)
    plain, packed, both = node_event(session), task_event(session), node_event(session)

    def line(event):
        return json.dumps(event).encode() + b"\n"

    (root / "node_events" / f"{other_node}_{opened}.jsonl").write_bytes(line(plain))
    (root / "job_events" / "01000000" / f"{other_node}_{opened}.jsonl.gz").write_bytes(gzip.compress(line(packed)))
    # The compressed one is complete; the plain one beside it was only left over.
    (root / "node_events" / f"{other_node}_{opened + 1}.jsonl.gz").write_bytes(gzip.compress(line(both)))
    (root / "node_events" / f"{other_node}_{opened + 1}.jsonl").write_bytes(line(both))
    (root / "node_events" / f"{other_node}_{opened + 2}.jsonl.gz.tmp").write_bytes(b"torn")

    collector.start()
    judge = store.judge()
    wait_until(lambda: len(judge.node_events(session, other_node)) == 2, "what was left")
    collector.stop()
    assert judge.node_events(session, other_node) == [plain, both]
    assert judge.job_events(session, other_node) == [packed]
    assert not any(".tmp" in key for key in judge.keys())
    assert [path for path in files_below(collector.event_data) if path.name != "recent_event_ids"] == []
    # The key says when the file was opened.
    prefix = f"{judge.history}{session}/{other_node}/"
    assert f"{prefix}node_events/{other_node}-2026-11-23-03-{opened}.jsonl" in judge.keys()


def test_compressed_files_are_stored_when_they_are_sealed(make_collector, store, node):
    node.start()
    collector = make_collector(
        store,
        RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED="true",
        RAY_COLLECTOR_EVENT_ROTATION_INTERVAL="1s",
    ).start()
    judge = store.judge()
    first = post_one(collector)
    wait_until(lambda: judge.node_events(SESSION, node.node_id) == [first], "the first file")
    second = post_one(collector)
    collector.stop()
    assert judge.node_events(SESSION, node.node_id) == [first, second]
    keys = judge.below(SESSION, node.node_id, "node_events")
    assert len(keys) == 2 and all(name.endswith(".jsonl.gz") for name in keys)
    assert journal_files(collector) == []


def test_two_clusters_do_not_take_each_others_files(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store)
    other = collector.event_data / "other_default" / SESSION / "node_events" / f"{node.node_id}_{time.time_ns()}.jsonl"
    other.parent.mkdir(parents=True)
    other.write_bytes(json.dumps(node_event(SESSION)).encode() + b"\n")
    collector.start().stop()
    assert other.exists()
    assert folder_store.judge().lines(SESSION, node.node_id, "node_events") == []
