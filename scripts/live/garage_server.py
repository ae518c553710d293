"""Garage, a cluster of one node."""

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

    def command(self):
        config = self.folder / "garage.toml"
        config.write_text(
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
        # At its first start it lays itself out as a cluster and makes the key, which may create buckets.
        return [self.program, "-c", str(config), "server", "--single-node", "--default-access-key"]

    def settings(self):
        return {
            "GARAGE_DEFAULT_ACCESS_KEY": self.access_key,
            "GARAGE_DEFAULT_SECRET_KEY": self.secret_key,
            "RUST_LOG": "garage=info",
        }

    def is_ready(self):
        return self.status_of("/health", self.admin_port) == 200 and super().is_ready()
