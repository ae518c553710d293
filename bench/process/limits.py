"""The operator's limits for one process: 200m of CPU and 256 MiB, by cgroup v1 or v2, whichever may be written."""

import os
from pathlib import Path

V1 = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000


class Limits:
    """A group that a process is put into. `cpu` in cores; None limits nothing, but counts all the same."""

    def __init__(self, name, cpu=None, memory_bytes=None):
        self.folders = []
        self.cpu_folder = self._make("cpuacct", name)
        if cpu is not None:
            folder = self._make("cpu", name)
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (folder / "cpu.cfs_quota_us").write_text(str(int(cpu * PERIOD_MICROSECONDS)))
        if memory_bytes is not None:
            folder = self._make("memory", name)
            (folder / "memory.limit_in_bytes").write_text(str(memory_bytes))

    @staticmethod
    def can_be_had():
        return os.access(V1 / "cpu" / "tasks", os.W_OK) and os.access(V1 / "memory" / "tasks", os.W_OK)

    def _make(self, controller, name):
        folder = V1 / controller / f"rayhistory-{os.getpid()}-{name}"
        folder.mkdir(exist_ok=True)
        self.folders.append(folder)
        return folder

    def take_in(self, process):
        """With all its threads, and whatever it starts from now on."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(process))

    def cpu_seconds(self):
        return int((self.cpu_folder / "cpuacct.usage").read_text()) / 1e9

    def remove(self):
        """After its processes have ended."""
        for folder in self.folders:
            folder.rmdir()
