"""What the rounds of a run share: the servers, and what all of them together must have met."""

import os
import subprocess

from live.fake_gcs_server import FakeGcsServer

from . import ROOT
from .stores import AzuriteStore, FolderStore, GcsStore, MinioStore, OssStore, RestartableAzurite, RestartableMinio

# Without these a run shows nothing of what it is for.
COVERAGE = {
    "local": ["kills", "recoveries", "duplicates recognised", "posts without an answer"],
    "minio": ["kills", "recoveries", "duplicates recognised", "posts without an answer", "unknown outcomes", "faults"],
    "azurite": ["kills", "recoveries", "duplicates recognised", "posts without an answer", "unknown outcomes", "faults"],
    "gcs": ["kills", "recoveries", "duplicates recognised", "posts without an answer", "unknown outcomes", "faults"],
    "oss": ["kills", "recoveries", "duplicates recognised", "posts without an answer", "unknown outcomes", "faults"],
}


def void(counts, kinds):
    """What did not happen and should have."""
    return sorted({name for kind in kinds for name in COVERAGE[kind] if not counts[name]})


def program(name, variable):
    if variable not in os.environ:
        found = subprocess.run([ROOT / "scripts" / "tools.sh", name], capture_output=True, text=True, check=True)
        os.environ[variable] = found.stdout.strip()
    return os.environ[variable]


class Stores:
    def __init__(self, folder):
        self.folder = folder
        self.minio = None
        self.azurite = None
        self.gcs = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in (self.minio, self.azurite, self.gcs):
            if server is not None:
                server.stop()

    def maker(self, kind):
        """make(folder, dice) of a round's store."""
        if kind == "local":
            return lambda folder, dice: FolderStore(folder / "disk")
        if kind == "azurite":
            if self.azurite is None:
                self.azurite = RestartableAzurite(program("azurite", "RAYHISTORY_AZURITE"), self.folder / "azurite")
            return lambda folder, dice: AzuriteStore(self.azurite, dice)
        if kind == "gcs":
            if self.gcs is None:
                self.gcs = FakeGcsServer(program("fake-gcs-server", "RAYHISTORY_FAKE_GCS_SERVER"), self.folder / "gcs")
            return lambda folder, dice: GcsStore(self.gcs, dice)
        if self.minio is None:
            self.minio = RestartableMinio(program("minio", "RAYHISTORY_MINIO"), self.folder / "minio")
        store = OssStore if kind == "oss" else MinioStore
        return lambda folder, dice: store(self.minio, dice)
