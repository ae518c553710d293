"""fake-gcs-server on loopback: an emulator of Google Cloud Storage that keeps all in memory."""

import os
import subprocess
from pathlib import Path

from .leftovers import mark
from .ports import accepts_connections, free_port
from .waiting import wait_until


class FakeGcsServer:
    keeps_on_disk = False

    def __init__(self, program, folder):
        self.port = free_port()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port)]
        command += ["-public-host", self.endpoint, "-backend", "memory", "-log-level", "error"]
        with open(self.folder / "fake-gcs-server.log", "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **mark(self.folder)}
            )
        wait_until(self._is_up, f"fake-gcs-server to listen; see {self.folder}/fake-gcs-server.log", 60)

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"fake-gcs-server ended; see {self.folder}/fake-gcs-server.log")
        return accepts_connections(self.port)

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    def collector_environment(self, bucket):
        return {"STORAGE_BACKEND": "gcs", "GCS_BUCKET": bucket, "STORAGE_EMULATOR_HOST": self.endpoint}

    def client(self):
        """google-cloud-storage, Google's own client: the judge of what is stored."""
        from google.auth.credentials import AnonymousCredentials  # here, as boto3 is: `make run` works without
        from google.cloud import storage

        return storage.Client(
            project="test",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": f"http://{self.endpoint}"},
        )

    def stop(self):
        self.process.kill()
        self.process.wait()
