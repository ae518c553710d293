"""A node on which something has run out: descriptors, watches, rights, room. It goes on, says what it could not do, and
stores everything once it can."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.events import body_of, node_event
from harness.node import SESSION
from harness.small_disk import SmallDisk
from harness.stores import local_store
from harness.swallowing_s3 import SwallowingS3
from live.waiting import wait_until

NOBODY = 65534


def stored_logs(store, node):
    return store.judge().logs(SESSION, node.node_id)


def stored_events(store, node):
    return [event["eventId"] for event in store.judge().node_events(SESSION, node.node_id)]


def can(*command):
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def test_with_64_descriptors_everything_is_stored(make_collector, minio_store, node):
    """A pod's limit is a million as a rule; ulimit -n 64 is a tenth of what all parts would like to have."""
    node.start()
    for number in range(300):
        node.write_log(f"worker-{number}.out", b"hello from %d\n" % number)
        node.write_log(f"worker-{number}.out.1", b"earlier, from %d\n" % number)
    collector = make_collector(minio_store)
    collector.wrapper = ["prlimit", "--nofile=64:64"]
    collector.start()
    events = [node_event(SESSION) for _ in range(200)]
    with ThreadPoolExecutor(20) as senders:
        list(senders.map(lambda event: collector.sender().send(body_of([event])), events))
    wait_until(lambda: len(stored_logs(minio_store, node)) == 600, "all logs", 60)
    collector.stop()
    stored = stored_logs(minio_store, node)
    assert sorted(stored.values()) == sorted(node.log_files().values())
    assert sorted(stored_events(minio_store, node)) == sorted(event["eventId"] for event in events)


def test_without_inotify_logs_are_scanned(make_collector, folder_store, node):
    """Other pods' processes share the host's instances and have taken all."""
    if not can("unshare", "--user", "--map-root-user"):
        pytest.skip("no user namespaces here, which give a process limits of its own")
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, PUSH_INTERVAL="200ms")
    none_left = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    collector.wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", none_left, "sh"]
    collector.start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the log")
    assert "cannot watch the logs for changes, scanning alone" in collector.log()
    node.append_log("raylet.out", b"more\n")
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "what has grown")
    collector.stop()


def test_what_may_not_be_read_is_told_and_the_rest_is_stored(make_collector, node):
    if not can("setpriv", f"--reuid={NOBODY}", "--clear-groups"):
        pytest.skip("only root can start a collector that may not read everything")
    node.start()
    node.write_log("raylet.out", b"hello\n")
    node.write_log("secret.log", b"not yet\n").chmod(0o600)
    hidden = node.write_log("hidden/some.log", b"not yet either\n").parent
    hidden.chmod(0o700)
    (node.logs / "loop").symlink_to(node.logs)
    (node.logs / "serve").mkdir()
    (node.logs / "serve" / "up").symlink_to("..")
    # Beside Ray's folders: pytest's own are root's alone.
    node.root.chmod(0o777)
    store = local_store(node.root / "store")
    collector = make_collector(
        store,
        PUSH_INTERVAL="200ms",
        RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL="1s",
        RAY_COLLECTOR_EVENT_DATA_DIR=str(node.root / "event-data"),
    )
    collector.wrapper = ["setpriv", f"--reuid={NOBODY}", "--clear-groups"]
    collector.start()
    wait_until(lambda: stored_logs(store, node) == {"raylet.out": b"hello\n"}, "what can be read")
    wait_until(lambda: "secret.log" in collector.log() and "hidden" in collector.log(), "a word about what cannot")
    (node.logs / "secret.log").chmod(0o644)
    hidden.chmod(0o755)
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the rest, once it can")
    collector.stop()


def test_a_disk_that_fills_amid_a_batch_keeps_nothing_of_it(make_collector, folder_store, node, tmp_path):
    """The batch is larger than the room: its write begins, and fails on the way."""
    place = tmp_path / "disk"
    place.mkdir()
    disk = SmallDisk(place, 8 * 1024 * 1024)
    if not disk.mounted:
        pytest.skip("no tmpfs can be mounted here")
    try:
        node.start()
        collector = make_collector(folder_store, RAY_COLLECTOR_EVENT_DATA_DIR=str(place / "events")).start()
        first = node_event(SESSION)
        assert collector.post(body_of([first])).status == 200
        disk.fill(but_for=40_000)
        batch = [node_event(SESSION, message="x" * 1000) for _ in range(500)]
        refused = collector.post(body_of(batch))
        assert refused.status == 503 and refused.headers["Retry-After"]
        disk.free()
        answer = collector.sender().send(body_of(batch))
        assert answer.counts == (500, 0, 0), "nothing of the refused batch was taken for stored"
        collector.stop()
    finally:
        disk.remove()
    assert stored_events(folder_store, node) == [event["eventId"] for event in [first, *batch]]


def test_a_read_only_disk_refuses_events_and_goes_on_with_logs(make_collector, folder_store, node, tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    disk = SmallDisk(place, 8 * 1024 * 1024)
    if not disk.mounted:
        pytest.skip("no tmpfs can be mounted here")
    try:
        node.start()
        disk.remount("ro")
        collector = make_collector(folder_store, RAY_COLLECTOR_EVENT_DATA_DIR=str(place / "events")).start()
        batch = [node_event(SESSION)]
        assert collector.post(body_of(batch)).status == 503
        assert "Read-only file system" in collector.log()
        node.write_log("raylet.out", b"hello\n")
        wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the log")
        disk.remount("rw")
        collector.sender().send(body_of(batch))
        collector.stop()
    finally:
        disk.remove()
    assert stored_events(folder_store, node) == [batch[0]["eventId"]]


def test_the_event_folder_may_vanish(make_collector, folder_store, node):
    """Somebody tidied up. What was in it is lost, and no later event is."""
    node.start()
    collector = make_collector(folder_store, RAY_COLLECTOR_EVENT_ROTATION_INTERVAL="1s").start()
    first, second = node_event(SESSION), node_event(SESSION)
    collector.sender().send(body_of([first]))
    wait_until(lambda: stored_events(folder_store, node) == [first["eventId"]], "the first event")
    shutil.rmtree(collector.event_data)
    collector.sender().send(body_of([second]))
    collector.stop()
    assert stored_events(folder_store, node) == [first["eventId"], second["eventId"]]


def test_the_stores_folder_may_vanish(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, PUSH_INTERVAL="200ms").start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the log")
    shutil.rmtree(folder_store.stored.folder)
    node.append_log("raylet.out", b"more\n")
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the log, whole, in a folder made anew")
    collector.stop()


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_log_folder_of_30000_files(make_collector, folder_store, node):
    files = 30_000
    node.start()
    for number in range(files):
        (node.logs / f"worker-{number:056x}-01000000-{number}.out").write_bytes(b"%d\n" % number)
    collector = make_collector(folder_store, SHUTDOWN_TIMEOUT="100s").start()
    # Counting is cheaper than reading, and does not keep the machine from storing.
    wait_until(lambda: len(folder_store.judge().log_sizes(SESSION, node.node_id)) == files, "all of them", 120)
    peak = collector.status_bytes("VmHWM")
    collector.stop()
    assert stored_logs(folder_store, node) == node.log_files()
    assert peak < 128 * 1024 * 1024, f"{peak / 2**20:.0f} MiB"


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_a_file_of_10_gb_is_sent_in_flat_memory(make_collector, node):
    store = SwallowingS3()
    try:
        node.start()
        size = 10 * 10**9
        # A hole: it costs no disk here, and is zeros to whoever reads it.
        os.truncate(node.write_log("gcs_server.out", b"begin\n"), size)
        collector = make_collector(store, SHUTDOWN_TIMEOUT="10s").start()

        def is_stored():
            assert collector.status_bytes("VmHWM") < 96 * 1024 * 1024
            return any(key.endswith("/logs/gcs_server.out") and stored == size for key, stored in store.sizes.items())

        wait_until(is_stored, "the whole file", 600)
        collector.stop()
    finally:
        store.stop()
