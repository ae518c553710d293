"""What the S3 servers that run here have in common: a process on loopback, with its data in a folder."""

import http.client
import os
import subprocess
from pathlib import Path

from .leftovers import mark
from .ports import free_port
from .waiting import wait_until

ACCESS_KEY = "rayhistory"
SECRET_KEY = "rayhistory-example-password"
# The slowest of them, Ceph, takes 20 s; a busy machine takes more.
START_SECONDS = 60


class S3Server:
    """A subclass says its `name`, its `command()`, and where it needs them `settings()`, `is_ready()` and `set_up()`."""

    name = None
    host = "127.0.0.1"
    region = "us-east-1"
    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    # Whether what it has answered 200 to is still there when its process has ended and starts again.
    keeps_on_disk = True

    def __init__(self, program, folder, port=None):
        self.program = str(program)
        self.folder = Path(folder)
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.process = None
        self.start()
        self.set_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def data(self):
        return self.folder / "data"

    @property
    def log_path(self):
        return self.folder / f"{self.name}.log"

    @property
    def endpoint(self):
        return f"{self.host}:{self.port}"

    def settings(self):
        """Environment variables of the process."""
        return {}

    def set_up(self):
        """Runs once, when the server is ready for the first time: it makes the account."""

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                # Ctrl-C in the terminal reaches its own session only, and so not this process.
                start_new_session=True,
                env={**os.environ, **mark(self.folder), **self.settings()},
            )
        wait_until(self._is_up, f"{self.name} to be ready; see {self.log_path}", START_SECONDS)

    def start_again(self):
        """The same server: port, data and account stay."""
        self.start()

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with status {self.process.returncode}; see {self.log_path}")
        return self.is_ready()

    def is_ready(self):
        """It answers a request, and not with an error of its own."""
        return self.status_of("/") < 500

    def status_of(self, path, port=None):
        """The status of an unsigned GET; 599 where nothing answers."""
        connection = http.client.HTTPConnection(self.host, port or self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 599
        finally:
            connection.close()

    def collector_environment(self, bucket):
        """What makes a collector store here, as KubeRay's manifests write it."""
        return {
            "STORAGE_BACKEND": "s3",
            "S3_BUCKET": bucket,
            "S3_ENDPOINT": self.endpoint,
            "S3_REGION": self.region,
            "S3FORCE_PATH_STYLE": "true",
            "S3DISABLE_SSL": "true",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def client(self):
        """boto3, Amazon's own client: the judge of what is stored."""
        import boto3  # here, so that `make run` with the local store works without it
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=f"http://{self.endpoint}",
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
        )

    def stop(self):
        """By SIGKILL: what a server has answered 200 to is on its disk by then."""
        self.process.kill()
        self.process.wait()
