"""200 means synced, seen from outside: what the collector asks of the kernel, in the order in which it does."""

import re
import subprocess

import pytest
from harness.events import body_of, node_event, task_event
from harness.node import SESSION
from live.waiting import wait_until

# strace -f -y: "1234 write(7</tmp/…/x.jsonl>, "…", 12) = 12"; a call that another thread interrupts is two lines.
CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\((?P<descriptor>\d+)<(?P<target>.*?)>(?P<rest>[,) ].*)$")
RESUMED = re.compile(r"^(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")
WRITES = ("write", "writev", "pwrite64", "pwritev", "pwritev2")
SENDS = ("sendto", "sendmsg", "write", "writev")


def calls(trace):
    """(name, target, what follows) of each call, where it ended."""
    begun = {}
    for line in trace.splitlines():
        if match := CALL.match(line):
            call = (match["name"], match["target"], match["rest"])
            if line.endswith("<unfinished ...>"):
                begun[match["thread"]] = call
            else:
                yield call
        elif (match := RESUMED.match(line)) and match["thread"] in begun:
            name, target, rest = begun.pop(match["thread"])
            yield name, target, rest + match["rest"]


def can_trace():
    try:
        return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_no_200_leaves_before_its_batch_is_synced(make_collector, folder_store, node, tmp_path):
    if not can_trace():
        pytest.skip("no strace here, or ptrace is refused")
    node.start()
    trace = tmp_path / "trace"
    collector = make_collector(folder_store)
    followed = ",".join(sorted({*WRITES, *SENDS, "fdatasync", "fsync"}))
    # -D: the collector stays our child, and gets our signals.
    collector.wrapper = ["strace", "-D", "-f", "-y", "-s", "64", "-o", str(trace), "-e", f"trace={followed}"]
    collector.start()
    wait_until(lambda: "node found" in collector.log(), "the node")
    batches = 5
    for _ in range(batches):
        # Two journals: all of them have to be safe.
        assert collector.post(body_of([node_event(SESSION), task_event(SESSION)])).status == 200
    collector.stop()
    wait_until(lambda: "+++ exited with 0 +++" in trace.read_text().splitlines()[-1], "strace to have written all")

    unsynced = set()
    written = answered = 0
    for name, target, rest in calls(trace.read_text()):
        is_journal = target.startswith(str(collector.event_data)) and target.endswith(".jsonl")
        if name in WRITES and is_journal:
            unsynced.add(target)
            written += r'"{\"' in rest  # an event, and not the room behind it
        elif name in ("fdatasync", "fsync") and is_journal:
            assert rest.rstrip().endswith("= 0")
            unsynced.discard(target)
        elif name in SENDS and "HTTP/1.1 200 " in rest:
            assert not unsynced, f"answered before these were synced: {unsynced}"
            answered += 1
    assert answered == batches
    assert written == 2 * batches
