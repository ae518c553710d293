"""Garage, a cluster of one node."""

import re
import subprocess

from .ports import free_port
from .s3_server import S3Server

# Garage takes keys of this form only.
ACCESS_KEY = "GK0123456789abcdef01234567"
SECRET_KEY = "0123456789abcdef" * 4


class GarageServer(S3Server):
    name = "garage"
    access_key = ACCESS_KEY
    secret_key = SECRET_KEY

    def __init__(self, program, folder, port=None):
        self.rpc_port = free_port()
        self.admin_port = free_port()
        super().__init__(program, folder, port)

    @property
    def config(self):
        return self.folder / "garage.toml"

    def command(self):
        self.config.write_text(
            f"""
metadata_dir = "{self.data}/meta"
data_dir = "{self.data}/blocks"
db_engine = "lmdb"
replication_factor = 1
rpc_bind_addr = "{self.host}:{self.rpc_port}"
rpc_public_addr = "{self.host}:{self.rpc_port}"
rpc_secret = "{SECRET_KEY}"

[s3_api]
s3_region = "{self.region}"
api_bind_addr = "{self.endpoint}"

[admin]
api_bind_addr = "{self.host}:{self.admin_port}"
"""
        )
        return [self.program, "-c", str(self.config), "server"]

    def settings(self):
        return {"RUST_LOG": "garage=info"}

    def is_ready(self):
        """Its health is an error until it has a layout, which set_up() makes."""
        return self.status_of("/health", self.admin_port) < 599

    def set_up(self):
        node = re.match(r"[0-9a-f]+", self.run("node", "id", "-q"))[0]
        self.run("layout", "assign", "-z", "here", "-c", "10G", node)
        self.run("layout", "apply", "--version", "1")
        self.run("key", "import", "--yes", "-n", "rayhistory", self.access_key, self.secret_key)
        self.run("key", "allow", "--create-bucket", self.access_key)

    def run(self, *arguments):
        command = [self.program, "-c", str(self.config), *arguments]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"`garage {' '.join(arguments)}` ended with {run.returncode}: {run.stderr}")
        return run.stdout
