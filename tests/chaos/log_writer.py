"""Writes the logs of one Ray session as its many writers do, and remembers every generation that there ever was.

A generation is what one file held between two truncations. Its records are numbered and name it, so that any piece of
it that is found in the store tells where it is from."""

import os
import threading
import time
import zlib
from dataclasses import dataclass, field

BACKUPS = 5
# What one name holds before its writer rotates it.
SMALL_LIMIT_BYTES = 60_000
# Well beyond S3's smallest part of 5 MiB: it is extended and copied on the server.
LARGE_LIMIT_BYTES = 24 * 1024 * 1024


@dataclass
class Generation:
    path: str  # the live name, below the logs folder
    number: int
    content: bytearray = field(default_factory=bytearray)
    inode: int = 0
    name: str | None = None  # under which it lies on the disk now
    backup_since: float | None = None  # monotonic time of its first backup name
    gone_at: float | None = None
    copied: bool = False  # by copytruncate, from a generation with the same records

    @property
    def header(self):
        return (self.path, self.number)


def header_of(content):
    """(path, number) of the generation whose first record this is; None for nothing."""
    if not content:
        return None
    path, number, _ = bytes(content[:200]).split(b" ", 2)
    return path.decode(), int(number)


class LogWriter:
    def __init__(self, logs, dice):
        self.logs = logs
        self.dice = dice
        self.generations = []
        self.current = {}  # name on the disk: Generation
        self.last_state = None  # of debug_state.txt, which is written anew all the time
        self.numbers = {}
        self.stopping = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.moves = [
            (8, lambda: self._append_and_rotate("raylet.out", SMALL_LIMIT_BYTES, self._rotate_as_spdlog)),
            (8, lambda: self._append_and_rotate("dashboard.log", SMALL_LIMIT_BYTES, self._rotate_as_python)),
            (4, lambda: self._append_and_rotate("serve/proxy.log", SMALL_LIMIT_BYTES, self._copy_and_truncate)),
            (2, lambda: self._append_and_rotate("gcs_server.out", LARGE_LIMIT_BYTES, self._rotate_as_spdlog, 4_000_000)),
            (1, lambda: self._append("python-core-worker.log", 400_000)),
            (3, self._delete_and_make_again),
            (4, lambda: self._append(f"worker-{self.dice.randrange(20)}.out", 300)),
            (1, lambda: self._append(f"worker-{self.dice.randrange(20)}.err", 300, final_newline=False)),
            (1, self._many_small_files),
            (2, self._dump_state),
        ]

    def start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "latest.out").symlink_to("raylet.out")
        os.mkfifo(self.logs / "pipe.log")
        for number in range(5):
            self._generation(f"empty-{number}.err")
        for number in range(5):
            # Of processes that have ended long ago: a raylet that is restarted later leaves them to the first.
            name = f"ended-{number}.out"
            self._append(name, 5000)
            long_ago = time.time() - 3600 + number
            os.utime(self._file(name), (long_ago, long_ago))
        self.thread.start()
        return self

    def stop(self):
        """All writers have ended: what is there now is final."""
        self.stopping.set()
        self.thread.join()

    def _run(self):
        weights = [weight for weight, _ in self.moves]
        try:
            while not self.stopping.is_set():
                self.dice.choices(self.moves, weights)[0][1]()
                self.stopping.wait(self.dice.choice([0, 0.01, 0.03, 0.2]))
        except OSError as error:
            self.error = error

    def _file(self, name):
        return self.logs / name

    def _generation(self, path):
        """The one at the live name; a new, empty file where there is none."""
        if path not in self.current:
            file = self._file(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            self._begin(path, file.stat().st_ino)
        return self.current[path]

    def _begin(self, path, inode):
        self.numbers[path] = self.numbers.get(path, 0) + 1
        generation = Generation(path, self.numbers[path], inode=inode, name=path)
        self.generations.append(generation)
        self.current[path] = generation

    def _records(self, generation, size, final_newline=True):
        """As many as make up the size."""
        records = bytearray()
        while len(records) < size:
            length = min(size, self.dice.choice([20, 100, 200, 20_000]))
            text = b"%s %d %d " % (generation.path.encode(), generation.number, len(generation.content) + len(records))
            text += self.dice.randbytes(length // 2).hex().encode()
            records += text + b" %08x\n" % zlib.crc32(text)
        return records if final_newline else records[:-1]

    def _append(self, path, limit, final_newline=True):
        generation = self._generation(path)
        records = self._records(generation, self.dice.randint(1, limit), final_newline)
        # What is on the disk is known before it is there: the store never has more than what is remembered.
        generation.content += records
        with open(self._file(path), "ab", buffering=0) as file:
            file.write(records)

    def _append_and_rotate(self, path, limit, rotate, step=5000):
        self._append(path, step)
        if len(self.current[path].content) > limit or self.dice.random() < 0.03:
            rotate(path)

    # ---- the ring

    def _rename(self, old, new):
        generation = self.current.pop(old)
        self._evict(new, remove=False)
        os.rename(self._file(old), self._file(new))
        generation.name = new
        generation.backup_since = generation.backup_since or time.monotonic()
        self.current[new] = generation

    def _evict(self, name, remove=True):
        """Whatever has the name so far is gone."""
        if name in self.current:
            generation = self.current.pop(name)
            generation.name = None
            generation.gone_at = time.monotonic()
            if remove:
                os.unlink(self._file(name))

    def _turn(self, path, remove):
        for number in range(BACKUPS - 1, 0, -1):
            if f"{path}.{number}" in self.current:
                if remove:
                    self._evict(f"{path}.{number + 1}")
                self._rename(f"{path}.{number}", f"{path}.{number + 1}")

    def _rotate_as_spdlog(self, path):
        """Each rename replaces what was there."""
        self._turn(path, remove=False)
        self._rename(path, f"{path}.1")
        self._generation(path)

    def _rotate_as_python(self, path):
        """RotatingFileHandler.doRollover: each name is removed before it is taken."""
        self._turn(path, remove=True)
        self._evict(f"{path}.1")
        self._rename(path, f"{path}.1")
        self._generation(path)

    def _copy_and_truncate(self, path):
        self._turn(path, remove=False)
        old = self.current[path]
        copy = self._file(f"{path}.1")
        copy.write_bytes(old.content)
        self.current[f"{path}.1"] = Generation(
            path,
            old.number,
            bytearray(old.content),
            copy.stat().st_ino,
            f"{path}.1",
            backup_since=time.monotonic(),
            copied=True,
        )
        self.generations.append(self.current[f"{path}.1"])
        os.truncate(self._file(path), 0)
        old.name = None
        old.gone_at = time.monotonic()
        self._begin(path, old.inode)

    # ---- others

    def _delete_and_make_again(self):
        path = "monitor.err"
        if self.dice.random() < 0.3:
            self._evict(path)
        self._append(path, 2000)

    def _many_small_files(self):
        for number in range(30):
            name = f"events/event_{len(self.generations)}_{number}.log"
            self._append(name, self.dice.choice([1, 50, 5000]))

    def _dump_state(self):
        """Ray opens it with O_TRUNC every 10 s; only the last state is worth anything."""
        self.last_state = b"debug_state.txt 0 " + self.dice.randbytes(self.dice.randint(10, 2000)).hex().encode()
        (self.logs / "debug_state.txt").write_bytes(self.last_state)
