"""A job that shares /tmp/ray with the collector and swaps what lies there for links to the collector's own folders, as
fast as it can: `python hostile_job.py ROOT OUTSIDE… [--mounts]`, until it is killed. It prints how often it has swapped
something, once a second.

Each OUTSIDE is laid out as ROOT is, so that a link at any level leads to something of the name that the collector
expects. --mounts: this process is in the collector's mount namespace, and binds those folders over ROOT's too, which no
job of a real pod can do."""

import ctypes
import os
import random
import sys
import time
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
MS_BIND = 4096
MNT_DETACH = 2
# Of the collector's folders, those in which it moves things about, and those that it only reads.
LEVELS = (
    "prev-logs",
    "prev-logs/{session}",
    "prev-logs/{session}/{node}",
    "prev-logs/{session}/{node}/logs",
    "prev-logs/{session}/{node}/logs/serve",
    "prev-logs/{session}/{node}/logs/serve/replica.log",
    "prev-logs/{session}/{node}/logs/raylet.out",
    "persist-complete-logs",
    "persist-complete-logs/{session}",
    "{session}",
    "{session}/logs",
    "{session}/logs/serve",
    "{session}/logs/raylet.out",
    "event-data",
    "event-data/test_default",
    "event-data/test_default/{session}",
)

libc = ctypes.CDLL(None, use_errno=True)


def exchange(root, place, spare):
    """Follows no link on the way to the place: through one that stayed there the job would change the outside itself."""
    *folders, name = place.split("/")
    opened = [os.open(root, os.O_PATH | os.O_DIRECTORY)]
    try:
        for folder in folders:
            opened.append(os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
        return libc.renameat2(opened[-1], os.fsencode(name), AT_FDCWD, os.fsencode(spare), RENAME_EXCHANGE) == 0
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)


class HostileJob:
    def __init__(self, root, outsides, with_mounts):
        self.root = Path(root)
        self.outsides = [Path(outside) for outside in outsides]
        self.with_mounts = with_mounts
        self.random = random.Random()
        self.spares = 0
        self.swaps = 0

    def new_link(self, target):
        """A place may keep the link when the collector moves it amid a swap, so each link is another."""
        self.spares += 1
        link = self.root / f"hostile-spare-{self.spares}"
        link.symlink_to(target)
        return link

    def place(self):
        """A level of some session that is there now."""
        sessions = [name for name in os.listdir(self.root) if name.startswith("session_2")]
        try:
            sessions += os.listdir(self.root / "prev-logs")
        except OSError:
            pass
        session = self.random.choice(sessions)
        nodes = [name.rsplit("_", 1)[1] for name in os.listdir(self.outsides[0] / "nodes")]
        return self.random.choice(LEVELS).format(session=session, node=self.random.choice(nodes))

    def link(self, place, outside):
        """The place is a link for a moment, and again what it was."""
        spare = self.new_link(outside / place)
        for _ in range(self.random.choice((1, 1, 2, 10))):
            if not exchange(self.root, place, spare):
                break
            self.swaps += 1
            for _ in range(self.random.choice((0, 0, 10, 1000))):
                pass
            if not exchange(self.root, place, spare):
                break  # the collector has moved it: the link stays wherever it is
        if spare.is_symlink():
            spare.unlink()

    def latest(self, outside):
        """session_latest leads out of the folder."""
        link = self.root / "session_latest"
        try:
            before = os.readlink(link)
        except OSError:
            return
        session = os.path.basename(before)
        for target in (outside / session, f"../{outside.name}/{session}", "/", ".."):
            os.replace(self.new_link(target), link)
            self.swaps += 1
        os.replace(self.new_link(before), link)

    def hard_link(self, place):
        """A log and a file of the event folder become one."""
        for folder, _, files in os.walk(self.root / "event-data"):
            for name in files:
                os.link(os.path.join(folder, name), self.root / place)
                self.swaps += 1
                return

    def mount(self, place, outside):
        source, target = os.fsencode(outside / place), os.fsencode(self.root / place)
        if libc.mount(source, target, None, MS_BIND, None) == 0:
            self.swaps += 1
            time.sleep(self.random.choice((0, 0.001, 0.05)))
            libc.umount2(target, MNT_DETACH)

    def swap(self):
        place = self.place()
        outside = self.random.choice(self.outsides)
        kind = self.random.random()
        if kind < 0.02:
            self.latest(outside)
        elif kind < 0.04:
            self.hard_link(place)
        elif self.with_mounts and kind < 0.2:
            self.mount(place, outside)
        else:
            self.link(place, outside)

    def run(self):
        told = time.monotonic()
        while True:
            try:
                self.swap()
            except (OSError, IndexError):
                pass  # the collector was faster
            if time.monotonic() - told > 1:
                told = time.monotonic()
                print(self.swaps, flush=True)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--mounts"]
    HostileJob(arguments[0], arguments[1:], "--mounts" in sys.argv).run()
