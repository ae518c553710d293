"""moto's server, a mock of AWS in Python that keeps all in memory."""

from .s3_server import S3Server


class MotoServer(S3Server):
    name = "moto"
    keeps_on_disk = False

    def command(self):
        return [self.program, "--host", self.host, "--port", str(self.port)]

    def is_ready(self):
        return self.status_of("/moto-api/") == 200
