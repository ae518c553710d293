"""A disk small enough to be filled: a tmpfs where this process may mount one, else a plain folder that never fills."""

import errno
import os
import subprocess
import sys

CHUNK_BYTES = 1 << 20


class SmallDisk:
    def __init__(self, folder, size_bytes):
        self.folder = folder
        self.filler = folder / "filler"
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "rayhistory-chaos", str(folder)]
        self.mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
        if not self.mounted:
            print("chaos: no tmpfs can be mounted here, so no disk gets full", file=sys.stderr)

    def fill(self):
        if not self.mounted:
            return
        with open(self.filler, "wb", buffering=0) as file:
            size = CHUNK_BYTES
            while size > 0:
                try:
                    # A write that finds less room than it wants takes what there is.
                    if file.write(bytes(size)) == size:
                        continue
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                size //= 2

    def free(self):
        self.filler.unlink(missing_ok=True)

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
            self.mounted = False
