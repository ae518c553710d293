"""The marker that makes a session visible, and the end: everything stored and 0, or 3 and what is left."""

import re
import signal
import subprocess

import pytest
from harness.dashboard import JOBS, ONCE, POLLED, datasets
from harness.events import body_of, node_event
from harness.node import SESSION
from live.waiting import wait_until
from test_dashboard import fetched, key_of, sent


def test_the_heads_collector_writes_the_marker_when_the_session_is_found(make_collector, store, node):
    node.start()
    collector = make_collector(store).start()
    wait_until(lambda: store.judge().markers() == {SESSION}, "the marker")
    collector.stop()
    assert store.judge().markers() == {SESSION}


def test_the_marker_is_written_again_at_shutdown(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store).start()
    judge = folder_store.judge()
    wait_until(lambda: judge.markers() == {SESSION}, "the marker")
    (folder_store.stored.folder / f"{judge.metadata}{SESSION}").unlink()
    collector.stop()
    assert judge.markers() == {SESSION}


def test_a_workers_collector_writes_no_marker(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    make_collector(store, RAY_ROLE="Worker").start().stop()
    judge = store.judge()
    assert judge.markers() == set()
    assert judge.logs(SESSION, node.node_id) == {"raylet.out": b"hello\n"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_stores_everything_and_ends_with_0(make_collector, store, node, number):
    node.start()
    collector = make_collector(store, PUSH_INTERVAL="1h").start()
    node.write_log("raylet.out", b"hello\n")
    event = node_event(SESSION)
    collector.post(body_of([event]))
    collector.terminate(number)
    node.stop_raylet()
    assert collector.wait() == 0, collector.log()
    assert store.judge().logs(SESSION, node.node_id) == {"raylet.out": b"hello\n"}
    assert store.judge().node_events(SESSION, node.node_id) == [event]


def test_what_comes_after_sigterm_is_stored_while_the_raylet_lives(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"before\n")
    collector = make_collector(store).start()
    judge = store.judge()
    wait_until(judge.markers, "the marker")
    collector.terminate()
    collector.wait_for_log("stopping")
    event = node_event(SESSION)
    assert collector.post(body_of([event])).counts == (1, 0, 0)
    node.append_log("raylet.out", b"after\n")
    node.write_log("worker.out", b"new\n")
    assert collector.process.poll() is None
    node.stop_raylet()
    assert collector.wait() == 0, collector.log()
    assert judge.node_events(SESSION, node.node_id) == [event]
    assert judge.logs(SESSION, node.node_id) == {"raylet.out": b"before\nafter\n", "worker.out": b"new\n"}


def test_a_log_that_a_process_still_has_open_is_followed_to_its_end(make_collector, store, node):
    """As that of a driver of the dashboard's, which lives for seconds longer than the raylet and is silent."""
    node.start()
    node.write_log("driver.log", b"first\n")
    with open(node.logs / "driver.log", "ab", buffering=0) as driver:
        collector = make_collector(store).start()
        judge = store.judge()
        wait_until(judge.markers, "the marker")
        node.stop_raylet()
        collector.terminate()
        # Without a writer it ends at once, and where nobody can tell in two seconds.
        with pytest.raises(subprocess.TimeoutExpired):
            collector.process.wait(4)
        driver.write(b"last\n")
    assert collector.wait() == 0, collector.log()
    assert judge.logs(SESSION, node.node_id) == {"driver.log": b"first\nlast\n"}


def test_a_raylet_that_does_not_end_is_not_waited_for_beyond_the_timeout(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, SHUTDOWN_TIMEOUT="2s").start()
    wait_until(folder_store.judge().markers, "the marker")
    collector.terminate()
    # All is stored, so all is well.
    assert collector.wait(20) == 0, collector.log()
    assert folder_store.judge().logs(SESSION, node.node_id) == {"raylet.out": b"hello\n"}


def test_without_any_session_there_is_nothing_to_wait_for(make_collector, folder_store, node):
    collector = make_collector(folder_store).start()
    collector.terminate()
    assert collector.wait(15) == 0, collector.log()


def test_with_the_store_away_it_ends_with_3_and_says_what_is_left(make_collector, minio, minio_store, node):
    node.start()
    collector = make_collector(minio_store, S3_ENDPOINT="127.0.0.1:1", SHUTDOWN_TIMEOUT="2s").start()
    node.write_log("raylet.out", b"x" * 1000)
    node.write_log("worker.out", b"y" * 234)
    event = node_event(SESSION)
    collector.post(body_of([event]))
    collector.terminate()
    node.stop_raylet()
    assert collector.wait(20) == 3
    # Two logs and a journal: how many files, how many bytes.
    total = 1234 + len(body_of([event])) - 2 + 1
    said = [line for line in collector.log().splitlines() if re.search(r"\bfiles=3\b", line)]
    assert said and f"bytes={total}" in said[-1], collector.log()

    # The next start on the same volume finishes it.
    collector.environment["S3_ENDPOINT"] = minio.endpoint
    collector.start()
    collector.stop()
    judge = minio_store.judge()
    assert judge.node_events(SESSION, node.node_id) == [event]
    assert judge.logs(SESSION, node.node_id) == {"raylet.out": b"x" * 1000, "worker.out": b"y" * 234}
    assert judge.markers() == {SESSION}


def test_answers_of_the_dashboard_that_are_not_stored_are_what_is_left(
    make_collector, minio_store, node, dashboard, minio
):
    node.start()
    dashboard.set_healthy()
    collector = make_collector(
        minio_store, S3_ENDPOINT="127.0.0.1:1", SHUTDOWN_TIMEOUT="2s", RAY_DASHBOARD_ADDRESS=dashboard.address
    ).start()
    collector.terminate()
    node.stop_raylet()
    assert collector.wait(20) == 3
    (said,) = [line for line in collector.log_lines() if "dashboard_answers" in line]
    assert said["level"] == "error"
    assert said["dashboard_answers"] == str(len(ONCE + POLLED))
    assert said["files"] == "0"


def test_a_cluster_that_drains_is_polled_until_it_has_ended(make_collector, store, node, dashboard):
    node.start()
    dashboard.set_healthy()
    collector = make_collector(store, RAY_DASHBOARD_ADDRESS=dashboard.address).start()
    wait_until(lambda: fetched(store).keys() >= {key_of(endpoint) for endpoint in POLLED}, "the first poll")
    asked = len(dashboard.asked)
    collector.terminate()
    wait_until(lambda: len(dashboard.asked) >= asked + len(POLLED), "the poll at SIGTERM")
    # Ray waits up to 30 s for its jobs.
    dashboard.answers[JOBS] = [{"job_id": "01000000", "status": "SUCCEEDED"}]
    dashboard.answers[datasets("01000000")] = {"datasets": [{"dataset": "ds"}]}
    wait_until(lambda: key_of(datasets("01000000")) in fetched(store), "the poll amid the drain")
    node.stop_raylet()
    assert collector.wait() == 0, collector.log()
    assert fetched(store)[key_of(JOBS)] == sent(dashboard.answers[JOBS])


def test_a_raylet_that_is_not_waited_for_is_told(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store, SHUTDOWN_TIMEOUT="1s").start()
    collector.wait_for_log("node found")
    collector.terminate()
    assert collector.wait(20) == 0, collector.log()
    told = [line for line in collector.log().splitlines() if "Ray still runs" in line]
    assert len(told) == 1 and "level=warning" in told[0] and "shutdown_timeout=1s" in told[0]


def test_events_that_never_learn_their_node_are_what_is_left(make_collector, folder_store, node):
    collector = make_collector(folder_store, SHUTDOWN_TIMEOUT="1s").start()
    collector.post(body_of([node_event(SESSION)]))
    collector.terminate()
    assert collector.wait(20) == 3
    assert re.search(r"\bfiles=1\b", collector.log()), collector.log()
