"""A stand-in for a Ray node: its folder as Ray lays it out, and something that listens where the raylet would."""

import os
import secrets
import shutil
import socket
import tempfile
import time
from pathlib import Path

SESSION = "session_2026-11-23_02-27-20_324908_14170"
NEXT_SESSION = "session_2026-11-23_03-00-00_000001_20000"


def new_node_id():
    return secrets.token_hex(28)


class StandInNode:
    def __init__(self):
        # Short, for the socket's sake: its path holds 107 bytes at most.
        self.root = Path(tempfile.mkdtemp(prefix="rh-node-", dir="/tmp"))
        self.session = None
        self.node_id = None
        self.raylet = None

    def start(self, session=SESSION, node_id=None, told_by="port file", raylet=True):
        """A Ray container's start. `told_by` says how a collector can learn the node ID."""
        self.stop_raylet()
        self.session = session
        self.node_id = node_id or new_node_id()
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.folder / "sockets").mkdir(exist_ok=True)
        if told_by == "port file":
            self.write_port_file(self.node_id)
        elif told_by == "node id file":
            self.write_node_id_file(self.node_id)
        self.point_session_latest(session)
        if raylet:
            self.start_raylet()
        return self

    @property
    def folder(self):
        return self.root / self.session

    @property
    def logs(self):
        return self.folder / "logs"

    def point_session_latest(self, session):
        """Ray removes the link before it makes the new one."""
        link = self.root / "session_latest"
        if link.is_symlink():
            link.unlink()
        link.symlink_to(self.root / session)

    def write_port_file(self, node_id):
        (self.folder / f"metrics_agent_port_{node_id}").write_text("52365")

    def write_node_id_file(self, node_id):
        (self.root / "raylet_node_id").write_text(node_id + "\n")

    def restart_raylet(self, node_id=None):
        """On a worker: the same session, a new node ID."""
        self.stop_raylet()
        self.node_id = node_id or new_node_id()
        self.start_raylet()
        # The newest file names the raylet that runs; within one tick of the file system's clock none is.
        newest = max(other.stat().st_mtime_ns for other in self.folder.glob("*_port_*"))
        path = self.folder / f"metrics_agent_port_{self.node_id}"
        path.write_text("52365")
        while path.stat().st_mtime_ns <= newest:
            path.write_text("52365")

    def start_raylet(self):
        path = self.folder / "sockets" / "raylet"
        path.unlink(missing_ok=True)
        self.raylet = socket.socket(socket.AF_UNIX)
        self.raylet.bind(str(path))
        self.raylet.listen(64)

    def stop_raylet(self):
        """As when the process has ended: its socket's file stays, nobody listens."""
        if self.raylet is not None:
            self.raylet.close()
            self.raylet = None

    def write_log(self, path, content):
        file = self.logs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def append_log(self, path, content):
        with open(self.logs / path, "ab") as file:
            file.write(content)

    def age_log(self, path, seconds=60):
        """As if it had been written last so long ago."""
        then = time.time() - seconds
        os.utime(self.logs / path, (then, then))

    def log_files(self):
        """What has to be in the store: every regular file, by its path below the logs folder."""
        return {
            str(path.relative_to(self.logs)): path.read_bytes()
            for path in self.logs.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    def remove(self):
        self.stop_raylet()
        shutil.rmtree(self.root, ignore_errors=True)
