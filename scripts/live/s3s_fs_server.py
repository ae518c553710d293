"""s3s-fs, the example server of the Rust library s3s, before a folder of this machine."""

from .s3_server import S3Server


class S3sFsServer(S3Server):
    name = "s3s-fs"

    def command(self):
        keys = ["--access-key", self.access_key, "--secret-key", self.secret_key]
        return [self.program, "--host", self.host, "--port", str(self.port), *keys, str(self.data)]
