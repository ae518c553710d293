"""A real MinIO server, on loopback or another address of this machine."""

import os
import ssl
import subprocess
import urllib.request
from pathlib import Path

from .leftovers import mark
from .ports import accepts_connections, free_port
from .waiting import wait_until

USER = "rayhistory"
PASSWORD = "rayhistory-example-password"


class MinioServer:
    def __init__(self, program, folder, console=False, host="127.0.0.1", certificates=None, port=None):
        """`certificates`: a folder with public.crt and private.key, for https."""
        self.host = host
        self.certificates = certificates
        self.port = port or free_port()
        self.console_port = free_port() if console else None
        self.folder = Path(folder)
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        command = [str(program), "server", "--address", self.endpoint, str(self.folder / "data")]
        if certificates:
            command += ["--certs-dir", str(certificates)]
        if console:
            command += ["--console-address", f"127.0.0.1:{self.console_port}"]
        with open(self.folder / "minio.log", "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                # A session of its own: Ctrl-C in the terminal is not meant for it.
                start_new_session=True,
                env={
                    **os.environ,
                    **mark(self.folder),
                    "MINIO_ROOT_USER": USER,
                    "MINIO_ROOT_PASSWORD": PASSWORD,
                    "MINIO_BROWSER": "on" if console else "off",
                    "MINIO_UPDATE": "off",
                },
            )
        wait_until(self._is_up, f"MinIO to listen; see {self.folder}/minio.log", 60)

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"MinIO ended with status {self.process.returncode}; see {self.folder}/minio.log")
        return accepts_connections(self.port, self.host) and self._is_ready()

    def _is_ready(self):
        """It listens before it can serve, and answers 503 until then."""
        url = f"{'https' if self.certificates else 'http'}://{self.endpoint}/minio/health/cluster"
        trust_any = ssl._create_unverified_context() if self.certificates else None
        try:
            with urllib.request.urlopen(url, timeout=5, context=trust_any):
                return True
        except OSError:
            return False

    @property
    def endpoint(self):
        return f"{self.host}:{self.port}"

    def collector_environment(self, bucket):
        """What makes a collector store here, as KubeRay's manifests write it."""
        return {
            "STORAGE_BACKEND": "s3",
            "S3_BUCKET": bucket,
            "S3_ENDPOINT": self.endpoint,
            "S3_REGION": "us-east-1",
            "S3FORCE_PATH_STYLE": "true",
            "S3DISABLE_SSL": "true",
            "AWS_ACCESS_KEY_ID": USER,
            "AWS_SECRET_ACCESS_KEY": PASSWORD,
        }

    def client(self):
        """boto3, Amazon's own client: the judge of what is stored."""
        import boto3  # here, so that `make run` with the local store works without it
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=f"http://{self.endpoint}",
            region_name="us-east-1",
            aws_access_key_id=USER,
            aws_secret_access_key=PASSWORD,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
        )

    def stop(self):
        self.process.kill()
        self.process.wait()
