"""The S3 servers that the collector is tried on, each under the name that scripts/tools.sh knows it by."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .ceph_server import CephServer
from .garage_server import GarageServer
from .minio_server import MinioServer
from .moto_server import MotoServer
from .rclone_server import RcloneServer
from .s3s_fs_server import S3sFsServer
from .seaweedfs_server import SeaweedfsServer
from .versitygw_server import VersitygwServer

SCRIPTS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class TestedServer:
    title: str
    server: type
    # Its build takes many minutes, or its start many seconds: it is tried by `make test-stores` alone.
    slow: bool = False

    @property
    def name(self):
        return self.server.name

    def program(self):
        """scripts/test.sh has looked the tools up; a single test looks by itself."""
        variable = f"RAYHISTORY_{self.name.upper().replace('-', '_')}"
        if variable not in os.environ:
            found = subprocess.run([SCRIPTS / "tools.sh", self.name], stdout=subprocess.PIPE, text=True, check=True)
            os.environ[variable] = found.stdout.strip()
        return os.environ[variable]

    def version(self):
        """The one that is pinned, in scripts/tools.sh or as a requirement."""
        requirements = SCRIPTS / "requirements" / f"{self.name}.txt"
        if requirements.exists():
            pinned = re.search(rf"^{self.name}==(\S+)", requirements.read_text(), re.MULTILINE)
        else:
            name = self.name.replace("-", "_")
            pinned = re.search(rf"^{name}_version=(\S+)", (SCRIPTS / "tools.sh").read_text(), re.MULTILINE)
        return pinned[1].removeprefix("v")

    def start(self, folder):
        return self.server(self.program(), folder)


SERVERS = {
    tested.name: tested
    for tested in (
        TestedServer("MinIO", MinioServer),
        TestedServer("Versity S3 Gateway", VersitygwServer),
        TestedServer("rclone serve s3", RcloneServer),
        TestedServer("moto", MotoServer),
        TestedServer("s3s-fs", S3sFsServer, slow=True),
        TestedServer("Ceph RGW", CephServer, slow=True),
        TestedServer("SeaweedFS", SeaweedfsServer, slow=True),
        TestedServer("Garage", GarageServer, slow=True),
    )
}
