"""SeaweedFS in one process: its master, a volume server, a filer, and the S3 server before them."""

import json

from .ports import free_port
from .s3_server import S3Server


class SeaweedfsServer(S3Server):
    name = "seaweedfs"

    def __init__(self, program, folder, port=None):
        # Beside each of its HTTP ports it listens on one for gRPC.
        self.ports = {
            option: free_port()
            for part in ("master", "volume", "filer")
            for option in (f"-{part}.port", f"-{part}.port.grpc")
        }
        self.ports["-s3.port.grpc"] = free_port()
        super().__init__(program, folder, port)

    def command(self):
        accounts = self.folder / "accounts.json"
        keys = {"accessKey": self.access_key, "secretKey": self.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        accounts.write_text(
            json.dumps({"identities": [{"name": "rayhistory", "credentials": [keys], "actions": actions}]})
        )
        return [
            *(self.program, "server", f"-dir={self.data}", f"-ip={self.host}", f"-ip.bind={self.host}"),
            *("-s3", f"-s3.port={self.port}", f"-s3.config={accounts}"),
            # By default a volume takes 30 GB and seven are laid out for each bucket, which a small disk does not have.
            *("-volume.max=100", "-master.volumeSizeLimitMB=64"),
            *(f"{option}={port}" for option, port in self.ports.items()),
        ]

    def is_ready(self):
        """Its parts come up one after the other; a bucket needs the filer, an object a volume server too."""
        filer, master = self.ports["-filer.port"], self.ports["-master.port"]
        if self.status_of("/dir/assign", master) != 200 or self.status_of("/", filer) != 200:
            return False
        return self.status_of("/healthz") == 200
