"""A job that swaps what lies in the shared folder for links to the collector's own files gets none of them stored, and
nothing outside of the shared folder is made, moved or removed."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from harness import hostile_job
from harness.events import body_of, node_event
from harness.node import new_node_id
from live.stored import StoredInFolder

NODE = new_node_id()
SESSIONS = [f"session_2026-11-23_02-27-20_{number:06}_1" for number in range(300)]
LOGS = ("raylet.out", "serve/replica.log")
# The collector looks for another session every 5 s; so long is a life of it, with sessions that end meanwhile.
LIFE_SECONDS = 7
# Enough for the heavy form: so many in each of its lives.
SESSIONS_PER_LIFE = 7


class Outside:
    """A folder of the collector's container that holds a secret, laid out as /tmp/ray is."""

    def __init__(self, parent):
        self.folder = Path(tempfile.mkdtemp(prefix="rh-outside-", dir=parent))
        self.secret = secrets.token_hex(32)
        self._write(f"nodes/of_{NODE}")
        for session in SESSIONS:
            for log in LOGS:
                self._write(f"{session}/logs/{log}")
                self._write(f"prev-logs/{session}/{NODE}/logs/{log}")
                self._write(f"persist-complete-logs/{session}/{NODE}/logs/{log}")
            self._write(f"event-data/test_default/{session}/node_events/{NODE}_1795411869240167026.jsonl")
        self.before = self._now()

    def _write(self, path):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{{"secret": "{self.secret}"}}\n')

    def _now(self):
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else path.lstat().st_mtime_ns
            for path in self.folder.rglob("*")
        }

    def changes(self):
        now = self._now()
        return sorted(path for path in {*self.before, *now} if self.before.get(path) != now.get(path))


@pytest.fixture
def outsides(node):
    made = [Outside(node.root.parent), Outside("/dev/shm")]
    yield made
    for outside in made:
        shutil.rmtree(outside.folder, ignore_errors=True)


def may_mount():
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


def write_session(node, session):
    """Written beside its place and renamed into it: the job swaps what is in place, and this would follow its links."""
    folder = node.root / session
    new = node.root / f"new-{session}"
    try:
        (new / "sockets").mkdir(parents=True)
        for log in LOGS:
            (new / "logs" / log).parent.mkdir(parents=True, exist_ok=True)
            (new / "logs" / log).write_bytes(os.urandom(50).hex().encode() + b"\n")
        (new / f"metrics_agent_port_{NODE}").write_text("52365")
        new.rename(folder)
        link = node.root / "new-latest"
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
        os.replace(link, node.root / "session_latest")
    except OSError:
        pass


class SecretSearch:
    """Looks for words in the objects of a store, and in what a folder has not finished."""

    def __init__(self, stored, words):
        self.stored = stored
        self.words = words
        self.looked_at = {}

    def _sizes(self):
        if not isinstance(self.stored, StoredInFolder):
            return self.stored.sizes()
        return {str(path.relative_to(self.stored.folder)): size for path, size in files_below(self.stored.folder)}

    def found(self):
        """The first object in which one of the words is, among those that are new or have another size than before."""
        for key, size in self._sizes().items():
            if self.looked_at.get(key) == size:
                continue
            try:
                content = self.stored.read(key)
            except FileNotFoundError:
                continue  # a file that is finished by now has another name
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                continue  # the collector removes its probe
            if any(word in content for word in self.words):
                return key
            self.looked_at[key] = size
        return None

    def found_anywhere(self):
        self.looked_at.clear()
        return self.found()

    def logs(self):
        return [key for key in self.looked_at if key.split("/")[-2] == "logs"]


def files_below(folder):
    for path in Path(folder).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                yield path, path.stat().st_size


def withstand(collector, store, node, outsides, lives):
    with_mounts = may_mount()
    search = SecretSearch(store.stored, [outside.secret.encode() for outside in outsides])
    begun = time.monotonic()
    swaps = 0
    for life in range(lives):
        sessions = iter(SESSIONS[life * SESSIONS_PER_LIFE : (life + 1) * SESSIONS_PER_LIFE])
        if with_mounts:
            collector.wrapper = ["unshare", "--mount", "--propagation", "private"]
        write_session(node, next(sessions))
        collector.start()
        command = [sys.executable, hostile_job.__file__, node.root, *(outside.folder for outside in outsides)]
        if with_mounts:
            command = ["nsenter", "--mount", "--target", str(collector.process.pid), *command, "--mounts"]
        with open(node.root.parent / f"{node.root.name}-swaps", "w+") as told:
            job = subprocess.Popen(command, stdout=told)
            try:
                end = time.monotonic() + LIFE_SECONDS
                while time.monotonic() < end:
                    session = next(sessions, None)
                    if session:
                        write_session(node, session)
                        collector.post(body_of([node_event(session)]))
                    assert collector.process.poll() is None, collector.log()
                    found = search.found()
                    assert found is None, f"after {time.monotonic() - begun:.1f} s a secret is in the store: {found}"
                    changes = [change for outside in outsides for change in outside.changes()]
                    assert not changes, f"after {time.monotonic() - begun:.1f} s outside: {changes}"
            finally:
                job.kill()
                job.wait()
            told.seek(0)
            swaps += int(told.read().split()[-1])
            os.unlink(told.name)
        collector.kill()
    assert search.found_anywhere() is None
    assert not [change for outside in outsides for change in outside.changes()]
    assert search.logs(), "the collector stored no log at all, so the run shows nothing"
    assert swaps > 1000, f"only {swaps} swaps, so the run shows nothing"


def hostile_collector(make_collector, store, node):
    return make_collector(
        store,
        PUSH_INTERVAL="50ms",
        RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL="1s",
        RAY_COLLECTOR_EVENT_DATA_DIR=str(node.root / "event-data"),
    )


def test_a_job_that_swaps_folders_for_links_gets_nothing_stored_and_nothing_moved(
    make_collector, store, node, outsides
):
    withstand(hostile_collector(make_collector, store, node), store, node, outsides, lives=2)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_such_a_job_gets_nothing_in_minutes_either(make_collector, store, node, outsides):
    withstand(hostile_collector(make_collector, store, node), store, node, outsides, lives=40)
