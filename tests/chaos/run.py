"""What the rounds of a run share: the MinIO server, and what all of them together must have met."""

import os
import subprocess

from . import ROOT
from .stores import FolderStore, MinioStore, RestartableMinio

# Without these a run shows nothing of what it is for.
COVERAGE = {
    "local": ["kills", "duplicates recognised", "posts without an answer"],
    "minio": ["kills", "duplicates recognised", "posts without an answer", "unknown outcomes", "faults"],
}


def void(counts, kinds):
    """What did not happen and should have."""
    return sorted({name for kind in kinds for name in COVERAGE[kind] if not counts[name]})


def minio_program():
    if "RAYHISTORY_MINIO" not in os.environ:
        found = subprocess.run([ROOT / "scripts" / "tools.sh", "minio"], capture_output=True, text=True, check=True)
        os.environ["RAYHISTORY_MINIO"] = found.stdout.strip()
    return os.environ["RAYHISTORY_MINIO"]


class Stores:
    def __init__(self, folder):
        self.folder = folder
        self.minio = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.minio is not None:
            self.minio.stop()

    def maker(self, kind):
        """make(folder, dice) of a round's store."""
        if kind == "local":
            return lambda folder, dice: FolderStore(folder / "disk")
        if self.minio is None:
            self.minio = RestartableMinio(minio_program(), self.folder / "minio")
        return lambda folder, dice: MinioStore(self.minio, dice)
