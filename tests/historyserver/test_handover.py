"""A session that our collector and KubeRay 1.8's follow in turn, in one bucket: each byte is shown, and none twice.

KubeRay's collector cannot be had here; the stand-in stores logs as its documentation and its objects say.
"""

import itertools
import os
import re

import pytest
from harness.collector import Collector
from harness.node import SESSION, StandInNode
from live.waiting import wait_until

PERIODS = 3
PID = 4711
LOG = f"worker-{'ab' * 28}-01000000-{PID}.out"
STEM, _, EXTENSION = LOG.rpartition(".")
BACKUP = re.compile(r"(.+)\.([1-9]\d*)")
# Longer than the time by which chunks have to be later than a whole object, to be a later collector's.
A_WHILE_SECONDS = 10


class KubeRaysCollector:
    """It keeps its progress in memory only, so a new one begins each log again."""

    def __init__(self, node, folder):
        self.node = node
        self.logs = folder / "cluster-history/raycluster/default/test" / SESSION / node.node_id / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        marker = folder / "cluster-metadata/raycluster/default_test" / SESSION
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        self.progress = {}

    def look(self):
        for name, content in self.node.log_files().items():
            status = (self.node.logs / name).stat()
            if backup := BACKUP.fullmatch(name):
                stem, _, extension = backup[1].rpartition(".")
                (self.logs / f"{stem}.rotated.{status.st_mtime_ns}-{status.st_ino}.{extension}").write_bytes(content)
                continue
            inode, offset = self.progress.get(name, (status.st_ino, -1))
            if inode != status.st_ino or offset > len(content):
                offset = -1
            if offset < len(content):
                begin = max(offset, 0)
                chunks = self.logs / f"{name}.chunks"
                chunks.mkdir(exist_ok=True)
                (chunks / f"{begin:020}").write_bytes(content[begin:])
            self.progress[name] = (status.st_ino, len(content))


def rotate(node):
    """As Ray's ring turns."""
    for number in range(PERIODS, 0, -1):
        backup = node.logs / f"{LOG}.{number}"
        if backup.exists():
            backup.rename(node.logs / f"{LOG}.{number + 1}")
    (node.logs / LOG).rename(node.logs / f"{LOG}.1")


def age(folder):
    """As if all of it had been stored so much earlier."""
    for path in folder.rglob("*"):
        if path.is_file():
            then = path.stat().st_mtime - A_WHILE_SECONDS
            os.utime(path, (then, then))


@pytest.mark.parametrize("sequence", list(itertools.product(("ours", "theirs"), repeat=PERIODS)), ids="-".join)
def test_a_log_is_whole_whoever_followed_it_when(serve, tmp_path, sequence):
    store = tmp_path / "store"
    store.mkdir()
    node = StandInNode().start()
    said = b""
    written = 0

    def write(lines):
        nonlocal said, written
        text = b"".join(b"line %06d of %s\n" % (written + line, sequence[0].encode()) for line in range(lines))
        node.append_log(LOG, text)
        said += text
        written += lines

    try:
        for number, whose in enumerate(sequence):
            write(50)  # while no collector follows
            if whose == "theirs":
                theirs = KubeRaysCollector(node, store)
                for step in (write, lambda _: rotate(node), write, write):
                    step(20)
                    theirs.look()
            else:
                ours = Collector(
                    node, tmp_path, {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(store)},
                    PUSH_INTERVAL="100ms", SHUTDOWN_TIMEOUT="1s", RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL="100ms",
                )
                stored = store / "cluster-history/raycluster/default/test" / SESSION / node.node_id / "logs" / LOG
                ours.start()
                try:
                    write(20)
                    live = (node.logs / LOG).read_bytes()
                    wait_until(lambda: stored.exists() and stored.read_bytes() == live, "the log to be stored")  # noqa: B023
                    rotate(node)
                    write(20)
                    live = (node.logs / LOG).read_bytes()
                    wait_until(lambda: stored.exists() and stored.read_bytes() == live, "the next to be stored")  # noqa: B023
                    ours.terminate()
                    assert ours.wait() == 0, ours.log()
                finally:
                    ours.kill()
            age(store)
            server = serve(store, LISTEN_ADDRESS="127.0.0.1")
            path = f"/c/default/raycluster/test/{SESSION}/api/v0/logs/file?node_id={node.node_id}&lines=-1"
            assert server.ask(f"{path}&pid={PID}").body == said, f"after {sequence[: number + 1]}"
            live = (node.logs / LOG).read_bytes()
            assert server.ask(f"{path}&filename={LOG}").body == live, f"after {sequence[: number + 1]}"
            server.stop()
    finally:
        node.remove()
