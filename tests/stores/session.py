"""A session of a stand-in node whose logs are of every kind that a store takes in its own way: small and large ones that
grow, a rotated one, and names that need care in a URL, a signature and an XML list."""

import os
import random

MEBIBYTE = 1024 * 1024
# Below 5 MiB, S3's least part, an object is put whole; above, it grows by parts that are copied on the server.
LARGE = "raylet.out"
SMALL = "gcs_server.out"
ROTATED = "dashboard.log"
ODD_NAMES = [
    "a b.log",
    "a+b.log",
    "100%.log",
    "a%20b.log",
    "#hash.log",
    "what?.log",
    "a=b&c=d.log",
    "ünïcödé-日本語-🙂.log",
    "serve/replica a+b/100%.log",
]


def lines(size, seed):
    """Text of so many bytes, different in each line."""
    dice = random.Random(seed)
    text = b"".join(f"{seed} {number} {dice.getrandbits(400):x}\n".encode() for number in range(size // 100))
    return (text * (size // len(text) + 1))[:size] if text else b"x" * size


def begin(node):
    node.start()
    for name in ODD_NAMES:
        node.write_log(name, f"content of {name}\n".encode())
    node.write_log("empty.err", b"")
    node.write_log(SMALL, lines(200_000, "small"))
    node.write_log(ROTATED, lines(300_000, "rotated"))
    node.write_log(LARGE, lines(6 * MEBIBYTE, "large"))


def grow(node):
    for name in ODD_NAMES:
        node.append_log(name, b"one more line\n")
    node.append_log(SMALL, lines(100_000, "more of the small"))
    node.append_log(LARGE, lines(14 * MEBIBYTE, "more of the large"))


def rotate(node):
    """The name under which the store gets what was in the file so far."""
    backup = node.logs / f"{ROTATED}.1"
    os.rename(node.logs / ROTATED, backup)
    node.write_log(ROTATED, b"the next generation\n")
    status = backup.stat()
    stem, _, extension = ROTATED.rpartition(".")
    return f"{stem}.rotated.{status.st_mtime_ns}-{status.st_ino}.{extension}"


def expected(node, rotated=None):
    """What has to be in the store: each file's bytes by the name that it has there."""
    files = node.log_files()
    if rotated is not None:
        files[rotated] = files.pop(f"{ROTATED}.1")
    return files
