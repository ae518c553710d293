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
            print("no tmpfs can be mounted here, so no disk gets full", file=sys.stderr)

    def remount(self, mode):
        """ "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)

    def fill(self, but_for=0):
        """Leaves so many bytes, in whole pages."""
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
            file.truncate(max(0, file.tell() - but_for))

    def free(self):
        self.filler.unlink(missing_ok=True)

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
            self.mounted = False
