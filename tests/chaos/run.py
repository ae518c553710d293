"""What the rounds of a run share: the servers, and what all of them together must have met."""

import os
import subprocess

from harness.oci_gateway import OciGateway
from live.fake_gcs_server import FakeGcsServer
from live.s3_servers import SERVERS

from . import ROOT
from .stores import (
    AzuriteStore,
    FolderStore,
    GcsStore,
    MinioStore,
    OciStore,
    OssStore,
    RestartableAzurite,
    RestartableMinio,
    S3ServerStore,
)

# Without these a run shows nothing of what it is for.
COVERAGE = ["kills", "recoveries", "duplicates recognised", "posts without an answer"]
COVERAGE_BEHIND_PROXY = [*COVERAGE, "unknown outcomes", "faults"]


def void(counts, kinds):
    """What did not happen and should have."""
    wanted = {kind: COVERAGE if kind == "local" else COVERAGE_BEHIND_PROXY for kind in kinds}
    return sorted({name for names in wanted.values() for name in names if not counts[name]})


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
        self.oci = None
        self.s3_servers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in (self.minio, self.azurite, self.gcs, self.oci, *self.s3_servers.values()):
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
        if kind == "oci":
            if self.oci is None:
                (self.folder / "oci").mkdir()
                self.oci = OciGateway(self.folder / "oci")
            return lambda folder, dice: OciStore(self.oci, dice)
        if kind not in ("minio", "oss"):
            if kind not in self.s3_servers:
                self.s3_servers[kind] = SERVERS[kind].start(self.folder / kind)
            return lambda folder, dice: S3ServerStore(self.s3_servers[kind], dice)
        if self.minio is None:
            self.minio = RestartableMinio(program("minio", "RAYHISTORY_MINIO"), self.folder / "minio")
        store = OssStore if kind == "oss" else MinioStore
        return lambda folder, dice: store(self.minio, dice)
