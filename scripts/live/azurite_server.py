"""Azurite, Microsoft's emulator of Azure Blob, on loopback."""

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .leftovers import mark
from .ports import accepts_connections, free_port
from .waiting import wait_until

# The emulator's own, the same everywhere and public.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteServer:
    keeps_on_disk = True

    def __init__(self, program, folder):
        self.program = str(program)
        self.port = free_port()
        self.folder = Path(folder)
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self._start()

    def _start(self):
        with open(self.folder / "azurite.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    self.program,
                    *("--blobHost", "127.0.0.1", "--blobPort", str(self.port)),
                    *("--location", str(self.folder / "data")),
                    "--silent",
                    "--disableTelemetry",
                    "--disableProductStyleUrl",
                ],
                stdout=log,
                stderr=log,
                # A session of its own: Ctrl-C in the terminal is not meant for it.
                start_new_session=True,
                env={**os.environ, **mark(self.folder)},
            )
        wait_until(self._is_up, f"Azurite to listen; see {self.folder}/azurite.log", 60)

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"Azurite ended with status {self.process.returncode}; see {self.folder}/azurite.log")
        return accepts_connections(self.port)

    @property
    def account_url(self):
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def connection_string(self, port=None):
        """With another port: through a proxy that listens there."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port or self.port}/{ACCOUNT};"
        )

    def connection_string_with_signature(self, lifetime_seconds=3600):
        """A shared access signature for the account, instead of its key."""
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        signature = generate_account_sas(
            account_name=ACCOUNT,
            account_key=KEY,
            resource_types=ResourceTypes(container=True, object=True),
            permission=AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True),
            expiry=datetime.now(timezone.utc) + timedelta(seconds=lifetime_seconds),
        )
        return f"BlobEndpoint={self.account_url};SharedAccessSignature={signature}"

    def collector_environment(self, container, port=None):
        """What makes a collector store here, as KubeRay's manifests write it."""
        return {
            "STORAGE_BACKEND": "azureblob",
            "AZURE_STORAGE_CONTAINER": container,
            "AZURE_STORAGE_CONNECTION_STRING": self.connection_string(port),
        }

    def client(self):
        """azure-storage-blob, Azure's own client: the judge of what is stored."""
        from azure.storage.blob import BlobServiceClient  # here, so that `make run` works without it

        return BlobServiceClient.from_connection_string(
            # Azurite 3.35 knows no newer one.
            self.connection_string(), api_version="2025-11-05"
        )

    def stop(self):
        self.process.kill()
        self.process.wait()

    def start_again(self):
        """The same server: port, data and account stay."""
        self._start()
