"""Versity's S3 gateway before a folder of this machine."""

from .s3_server import S3Server


class VersitygwServer(S3Server):
    name = "versitygw"

    def command(self):
        return [self.program, "--port", self.endpoint, "--health", "/health", "posix", str(self.data)]

    def settings(self):
        return {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}

    def is_ready(self):
        return self.status_of("/health") == 200
