"""Log files: mirrored while they grow, byte for byte, every regular one and nothing else."""

import os
import random
import re
import socket
import time

import pytest
from chaos.fault_proxy import FaultProxy
from harness.stores import Store, on_every_store
from harness import turning_ring
from harness.node import SESSION
from live.waiting import wait_until

MEBIBYTE = 1024 * 1024

# Every one of these is safe on a disk and needs care in a URL, a signature, an XML list or a shell.
ODD_NAMES = [
    "a b.log",
    "a+b.log",
    "a%20b.log",
    "100%.log",
    "what?.log",
    "a=b&c=d.log",
    "a;b,c:d@e!$'()*~.log",
    'quote".log',
    "<xml>&amp;.log",
    "#hash.log",
    "[brackets]{braces}|^`.log",
    "back\\slash.log",
    "ünïcödé-日本語-🙂.log",
    ".hidden",
    "...",
    "-rf",
    "trailing.",
    " leading and trailing ",
    "x" * 200 + ".log",
]


def stored_logs(store, node):
    return store.judge().logs(node.session, node.node_id)


@on_every_store
def test_logs_are_in_the_store_while_they_grow(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"one\n")
    collector = make_collector(store).start()
    wait_until(lambda: stored_logs(store, node) == {"raylet.out": b"one\n"}, "the first line")
    node.append_log("raylet.out", b"two\n")
    node.write_log("worker-1.out", b"hello\n")
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the second line and the new file")
    # An end without a line break, and one that is completed later.
    node.append_log("raylet.out", b"thr")
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "half a line")
    node.append_log("raylet.out", b"ee\n")
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the rest of it")
    collector.stop()


def test_the_last_lines_are_stored_at_shutdown(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"one\n")
    collector = make_collector(store, PUSH_INTERVAL="1h").start()
    wait_until(lambda: store.judge().markers(), "the node to be known")
    node.append_log("raylet.out", b"two\n")
    node.write_log("late/worker.out", b"late\n")
    collector.stop()
    assert stored_logs(store, node) == {"raylet.out": b"one\ntwo\n", "late/worker.out": b"late\n"}


def test_a_file_that_does_not_change_is_not_written_again(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"one\n")
    node.write_log("gcs_server.out", b"one\n")
    collector = make_collector(folder_store, PUSH_INTERVAL="200ms").start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "both files")
    key = folder_store.judge().below(SESSION, node.node_id, "logs")["raylet.out"]
    before = os.stat(folder_store.stored.folder / key)
    for number in range(5):
        node.append_log("gcs_server.out", b"%d\n" % number)
        wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the file that grows")
    after = os.stat(folder_store.stored.folder / key)
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    collector.stop()


@on_every_store
def test_folders_of_any_depth_and_names_of_any_kind(make_collector, store, node):
    node.start()
    for name in ODD_NAMES:
        node.write_log(name, name.encode())
    node.write_log("serve/replica/deep/er/and/deeper/replica.log", b"deep\n")
    node.write_log("odd folder?/a=b/100%/c.log", b"odd\n")
    (node.logs / "empty folder").mkdir()
    make_collector(store).start().stop()
    expected = {store.as_kept(name): content for name, content in node.log_files().items()}
    assert stored_logs(store, node) == expected
    store.judge().keys()


def test_an_empty_file_is_an_empty_object(make_collector, store, node):
    node.start()
    node.write_log("worker.err", b"")
    collector = make_collector(store).start()
    wait_until(lambda: stored_logs(store, node) == {"worker.err": b""}, "the empty object")
    node.append_log("worker.err", b"no longer\n")
    wait_until(lambda: stored_logs(store, node) == {"worker.err": b"no longer\n"}, "its first line")
    collector.stop()


def test_symlinks_sockets_and_fifos_are_no_logs(make_collector, store, node):
    node.start()
    outside = node.root / "secret"
    outside.mkdir()
    (outside / "key").write_text("secret")
    node.write_log("raylet.out", b"hello\n")
    (node.logs / "link-to-log").symlink_to("raylet.out")
    (node.logs / "link-to-file").symlink_to(outside / "key")
    (node.logs / "link-to-folder").symlink_to(outside)
    (node.logs / "link-to-itself").symlink_to(node.logs)
    (node.logs / "link-to-nothing").symlink_to("nothing")
    os.mkfifo(node.logs / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(node.logs / "socket"))
        make_collector(store).start().stop()
    assert stored_logs(store, node) == {"raylet.out": b"hello\n"}


@on_every_store
def test_a_rotated_log_keeps_its_bytes_under_a_name_of_its_own(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"first generation\n")
    collector = make_collector(store, RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL="1s").start()
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the log")

    os.rename(node.logs / "raylet.out", node.logs / "raylet.out.1")
    node.write_log("raylet.out", b"second generation\n")
    status = os.stat(node.logs / "raylet.out.1")
    rotated = f"raylet.rotated.{status.st_mtime_ns}-{status.st_ino}.out"
    expected = {"raylet.out": b"second generation\n", rotated: b"first generation\n"}
    wait_until(lambda: stored_logs(store, node) == expected, "the rotated log beside the live one")

    # The number changes, the name in the store does not.
    os.rename(node.logs / "raylet.out.1", node.logs / "raylet.out.2")
    os.rename(node.logs / "raylet.out", node.logs / "raylet.out.1")
    node.write_log("raylet.out", b"third generation\n")
    collector.stop()
    stored = stored_logs(store, node)
    assert stored["raylet.out"] == b"third generation\n"
    assert stored[rotated] == b"first generation\n"
    others = [name for name in stored if name not in ("raylet.out", rotated)]
    assert len(others) == 1 and re.fullmatch(r"raylet\.rotated\.\d{19}-\d+\.out", others[0])
    assert stored[others[0]] == b"second generation\n"


@on_every_store
@pytest.mark.parametrize("scan_interval", ["100ms", "30s"])
def test_a_ring_that_turns_three_times_a_second_loses_no_generation(make_collector, store, node, scan_interval):
    check_that_a_turning_ring_loses_nothing(make_collector, store, node, scan_interval)


def check_that_a_turning_ring_loses_nothing(make_collector, store, node, scan_interval):
    node.start()
    collector = make_collector(
        store, PUSH_INTERVAL="2s", RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL=scan_interval
    ).start()
    node.write_log("raylet.out", b"")
    generations = turning_ring.turn(node.logs)
    collector.stop()
    stored = stored_logs(store, node)
    lengths = {content.split(b" write")[0]: len(content) for content in stored.values()}
    assert lengths == {content.split(b" write")[0]: len(content) for content in generations}, collector.log()
    assert sorted(stored.values()) == sorted(generations)


def test_a_far_store_does_not_make_a_turning_ring_lose_generations(make_collector, minio, minio_store, node):
    proxy = FaultProxy(minio.port, random.Random(1))
    proxy.faults = {"latency": 1.0}
    far = Store({**minio_store.environment, "S3_ENDPOINT": f"127.0.0.1:{proxy.port}"}, minio_store.stored)
    try:
        check_that_a_turning_ring_loses_nothing(make_collector, far, node, "100ms")
        assert proxy.hits["latency"] > len(far.stored.sizes())
    finally:
        proxy.stop()


class StatusFile:
    """What a program replaces again and again: a JSON status, a page of metrics, a progress."""

    def __init__(self, node):
        self._node = node
        self._number = 0
        self.written = set()

    def replace(self, by):
        self._number += 1
        content = b'{"done": %d}\n' % (100_000 + self._number)
        path = self._node.logs / "status.json"
        if by == "rename":
            self._node.write_log("status.json.tmp", content)
            os.rename(self._node.logs / "status.json.tmp", path)
        elif by == "truncation":
            self._node.write_log("status.json", content)
        else:
            with open(path, "r+b" if path.exists() else "wb") as file:
                file.write(content)
        self.written.add(content)
        return content


@pytest.mark.parametrize("by", ["rename", "truncation", "writing over it"])
def test_the_newest_version_of_a_file_that_is_replaced_all_the_time_is_stored(make_collector, store, node, by):
    node.start()
    status = StatusFile(node)
    status.replace(by)
    collector = make_collector(store, PUSH_INTERVAL="3s").start()
    seen = []

    def is_newer_version_stored():
        status.replace(by)
        stored = stored_logs(store, node).get("status.json")
        # A look may fall between the truncation and the writing.
        assert stored is None or stored in status.written or (by == "truncation" and stored == b"")
        if stored is not None and stored not in seen:
            seen.append(stored)
            return True
        return False

    for _ in range(3):
        wait_until(is_newer_version_stored, "a newer version", 30)
    collector.kill()
    status.replace(by)
    collector.start()
    wait_until(is_newer_version_stored, "a version of the second run", 30)
    newest = status.replace(by)
    collector.stop()
    stored = stored_logs(store, node)
    assert stored["status.json"] == newest
    # What was replaced before the collector knew how often that happens, and what the first run has stored.
    assert len(stored) <= 1 + 2 * 2
    if by == "rename":
        assert "file gone before all of it was stored" not in collector.log()


def test_a_file_that_is_written_over_in_place_is_stored_again_and_one_that_is_touched_is_not(
    make_collector, folder_store, node
):
    node.start()
    for name, size in {"short.json": 20, "long.bin": MEBIBYTE}.items():
        node.write_log(name, b"x" * size)
    collector = make_collector(folder_store, PUSH_INTERVAL="200ms").start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "both files")

    def live():
        return {name: stored_logs(folder_store, node)[name] for name in node.log_files()}

    for name in ("short.json", "long.bin"):
        path = node.logs / name
        before = os.stat(path)
        for at, byte in ((0, b"a"), (10, b"b")):
            with open(path, "r+b") as file:
                file.seek(at)
                file.write(byte)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            wait_until(lambda: live() == node.log_files(), f"{byte} in {name}")

    def objects():
        below = folder_store.judge().below(SESSION, node.node_id, "logs")
        return {key: os.stat(folder_store.stored.folder / key).st_mtime_ns for key in below.values()}

    stored = objects()
    for name in ("short.json", "long.bin"):
        os.utime(node.logs / name)
    node.write_log("later.log", b"seen after the touch\n")
    collector.stop()
    assert stored.items() <= objects().items() and len(objects()) == len(stored) + 1


def test_rounds_of_few_objects_store_all_of_them_too(make_collector, folder_store, node):
    # How many are let in at once is the ledger's own test (src/shipper); here nobody may be left waiting.
    node.start()
    for number in range(30):
        node.write_log(f"worker-{number}.out", b"hello\n")
    collector = make_collector(folder_store, LOG_BATCHING="1").start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "all of them, one at a time")
    collector.stop()


@on_every_store
def test_a_large_file_is_stored_in_bounded_memory(make_collector, store, node):
    node.start()
    size = 300 * MEBIBYTE
    path = node.write_log("gcs_server.out", b"begin\n")
    with open(path, "r+b") as file:
        # A hole: it costs no disk here, and is zeros to whoever reads it.
        file.truncate(size)
        file.seek(size)
        file.write(b"end\n")
    collector = make_collector(store, PUSH_INTERVAL="1s").start()
    judge = store.judge()
    wait_until(
        lambda: judge.log_sizes(SESSION, node.node_id).get("gcs_server.out") == size + 4, "the whole file", 120
    )
    with open(path, "ab") as file:
        file.write(b"and more\n")
    peak = collector.status_bytes("VmHWM")
    collector.stop()
    (key,) = judge.below(SESSION, node.node_id, "logs").values()
    content = store.stored.read(key)
    assert len(content) == size + 13
    assert content[:6] == b"begin\n" and content[-13:] == b"end\nand more\n"
    assert not content[6:size].strip(b"\0")
    assert peak < 96 * MEBIBYTE, f"{peak / MEBIBYTE:.0f} MiB"


def test_many_small_files(make_collector, store, node):
    node.start()
    for number in range(500):
        node.write_log(f"worker-{number:056x}-01000000-{number}.out", b"hello from %d\n" % number)
    collector = make_collector(store).start()
    wait_until(lambda: len(store.judge().log_sizes(SESSION, node.node_id)) == 500, "all of them", 60)
    collector.stop()
    assert stored_logs(store, node) == node.log_files()


def test_files_that_begin_alike_are_told_apart(make_collector, store, node):
    """A file is what it is by device, inode and birth time; shippers that went by a file's beginning mixed these up."""
    node.start()
    beginning = b"2026-11-23 starting\n" * 205  # 4,100 bytes
    for number in range(50):
        node.write_log(f"alike-{number}.out", beginning)
        node.write_log(f"alike-{number}.err", beginning[: [0, 1, 255][number % 3]])
    collector = make_collector(store, PUSH_INTERVAL="200ms").start()
    wait_until(lambda: len(store.judge().log_sizes(SESSION, node.node_id)) == 100, "all of them", 60)
    for number in range(50):
        node.append_log(f"alike-{number}.out", b"and then %d\n" % number)
    collector.stop()
    assert stored_logs(store, node) == node.log_files()


def test_what_an_earlier_run_stored_is_carried_on_and_not_sent_again(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"x" * MEBIBYTE)
    collector = make_collector(folder_store).start()
    wait_until(lambda: stored_logs(folder_store, node) == node.log_files(), "the log")
    collector.kill()
    key = folder_store.judge().below(SESSION, node.node_id, "logs")["raylet.out"]
    before = os.stat(folder_store.stored.folder / key)
    collector.start().stop()
    after = os.stat(folder_store.stored.folder / key)
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


@pytest.mark.parametrize("collector_sees", ["the change", "the change after its own restart", "only the second"])
def test_a_log_is_stored_under_the_node_that_ran_when_it_was_last_written(
    make_collector, folder_store, node, collector_sees
):
    """A raylet that is restarted within its session is another node, and both write to one folder."""

    def logs_of(node_id):
        return folder_store.judge().logs(SESSION, node_id)

    first = node.start().node_id
    left = {"worker-1.out": b"of the first\n", "serve/proxy.log": b"likewise\n"}
    for path, content in left.items():
        node.write_log(path, content)
    node.write_log("raylet.out", b"of the first, ")
    os.utime(node.folder / f"metrics_agent_port_{first}", (time.time() - 3600, time.time() - 3600))
    collector = make_collector(folder_store, PUSH_INTERVAL="200ms")
    if collector_sees != "only the second":
        collector.start()
        wait_until(lambda: logs_of(first) == node.log_files(), "the first node's logs")
    if collector_sees == "the change after its own restart":
        collector.kill()
    for path in left:
        node.age_log(path)
    node.restart_raylet()
    node.append_log("raylet.out", b"then of the second\n")
    node.write_log("worker-2.out", b"of the second\n")
    if collector_sees == "the change":
        collector.wait_for_log("node changed")
    else:
        collector.start()
    collector.stop()

    assert logs_of(node.node_id) == {
        "raylet.out": b"of the first, then of the second\n",
        "worker-2.out": b"of the second\n",
    }
    assert left.items() <= logs_of(first).items()
    rest = {path: content for path, content in logs_of(first).items() if path not in left}
    if collector_sees == "the change after its own restart":
        assert rest == {"raylet.out": b"of the first, "}
    elif collector_sees == "only the second":
        assert rest == {}


def test_logs_are_left_alone_when_their_collection_is_off(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, ENABLE_LOG_COLLECTOR="false").start()
    wait_until(lambda: folder_store.judge().markers(), "the marker")
    collector.stop()
    assert stored_logs(folder_store, node) == {}


def test_events_are_not_listened_for_when_their_collection_is_off(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, ENABLE_EVENT_COLLECTOR="false").start(wait=False)
    wait_until(lambda: stored_logs(folder_store, node) == {"raylet.out": b"hello\n"}, "the log")
    try:
        collector.post(b"[]")
        raise AssertionError("somebody listens")
    except ConnectionRefusedError:
        pass
    collector.stop()
