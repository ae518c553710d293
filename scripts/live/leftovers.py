"""Finds again, and ends, the processes that an earlier run started and did not live to end.

They carry a mark in their environment, so that nothing else is ever touched.
"""

import os
import signal
import time
from pathlib import Path

VARIABLE = "RAYHISTORY_STARTED_FOR"


def mark(folder):
    """Environment variables for a process that works for `folder`."""
    return {VARIABLE: str(folder)}


def marked_processes(folder):
    needle = f"{VARIABLE}={folder}".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and needle in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def end_marked_processes(folder):
    """SIGKILL for all of them. Ray's workers rewrite their environment, but end with their raylet."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [process for process in marked_processes(folder) if process != os.getpid()]
        if not found:
            return
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
