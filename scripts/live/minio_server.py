"""A real MinIO server, on loopback or another address of this machine."""

import ssl
import urllib.request

from .ports import free_port
from .s3_server import ACCESS_KEY, SECRET_KEY, S3Server

USER = ACCESS_KEY
PASSWORD = SECRET_KEY


class MinioServer(S3Server):
    name = "minio"

    def __init__(self, program, folder, console=False, host="127.0.0.1", certificates=None, port=None):
        """`certificates`: a folder with public.crt and private.key, for https."""
        self.host = host
        self.certificates = certificates
        self.console_port = free_port() if console else None
        super().__init__(program, folder, port)

    def command(self):
        command = [self.program, "server", "--address", self.endpoint, str(self.data)]
        if self.certificates:
            command += ["--certs-dir", str(self.certificates)]
        if self.console_port:
            command += ["--console-address", f"127.0.0.1:{self.console_port}"]
        return command

    def settings(self):
        return {
            "MINIO_ROOT_USER": USER,
            "MINIO_ROOT_PASSWORD": PASSWORD,
            "MINIO_BROWSER": "on" if self.console_port else "off",
            "MINIO_UPDATE": "off",
        }

    def is_ready(self):
        """It listens before it can serve, and answers 503 until then."""
        url = f"{'https' if self.certificates else 'http'}://{self.endpoint}/minio/health/cluster"
        trust_any = ssl._create_unverified_context() if self.certificates else None
        try:
            with urllib.request.urlopen(url, timeout=5, context=trust_any):
                return True
        except OSError:
            return False
