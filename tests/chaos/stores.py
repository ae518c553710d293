"""The stores of a run: a real S3 server, Azurite, fake-gcs-server or Oracle's gateway behind the fault proxy, or a folder on a small disk; how
they are taken away for a while, and what they must not be left with."""

import hashlib
import signal
import uuid
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from azure.storage.blob import BlobBlock
from harness.oci_gateway import NAMESPACE
from harness.oss_gateway import OssGateway
from harness.small_disk import SmallDisk
from live.azurite_server import AzuriteServer
from live.minio_server import MinioServer
from live.stored import UNFINISHED, StoredInBucket, StoredInContainer, StoredInFolder, StoredInGcs, StoredInOci

from .fault_proxy import FaultProxy
from .gcs_fault_proxy import GcsFaultProxy
from .oci_fault_proxy import OciFaultProxy

STORE_DISK_BYTES = 512 * 1024 * 1024


class RestartableMinio(MinioServer):
    def unfinished_uploads(self):
        """On its disk: its list of uploads only tells those of one key (MinIO, erasure-multipart.go)."""
        uploads = self.folder / "data" / ".minio.sys" / "multipart"
        return sorted({str(path.parent.relative_to(uploads)) for path in uploads.rglob("xl.meta")})


class StoreBehindProxy:
    """What incidents do to a store that the collector reaches through a fault proxy only. A server that keeps its objects
    in memory would lose them with its process, so only the way to it is taken away."""

    def begin(self, incident):
        if incident.name == "network":
            self.proxy.faults = incident.details["faults"]
        elif incident.name == "forbidden":
            self.proxy.forbidden = incident.details["status"]
        elif incident.name == "store away":
            self.take_away()

    def end(self, incident):
        if incident.name == "network":
            self.proxy.faults = {}
        elif incident.name == "forbidden":
            self.proxy.forbidden = None
        elif incident.name == "store away":
            self.bring_back()

    def take_away(self):
        if self.server.keeps_on_disk:
            self.server.stop()
        else:
            self.proxy.away = True

    def bring_back(self):
        if self.server.keeps_on_disk:
            self.server.start_again()
        else:
            self.proxy.away = False

    def hits(self):
        return self.proxy.hits


class S3ServerStore(StoreBehindProxy):
    """A bucket of its own for each round."""

    def __init__(self, server, dice):
        self.server = server
        self.bucket = f"chaos-{uuid.uuid4().hex[:12]}"
        self.client = server.client()
        self.stored = StoredInBucket(self.client, self.bucket)
        self.proxy = FaultProxy(self._port(), dice, self._abort_upload)
        self.environment = {
            **server.collector_environment(self.bucket),
            "S3_ENDPOINT": f"127.0.0.1:{self.proxy.port}",
        }

    def _port(self):
        return self.server.port

    def _abort_upload(self, target):
        parts = urlsplit(target)
        key = unquote(parts.path).removeprefix(f"/{self.bucket}").removeprefix("/")
        upload = parse_qs(parts.query)["uploadId"][0]
        self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

    def left_over(self, killed):
        """What a killed collector left is given up at the next start of that node; whether there is one, is chance. A
        server that lists no uploads shows none."""
        if killed:
            return []
        try:
            uploads = self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        except self.client.exceptions.ClientError:
            return []
        return sorted(f"unfinished upload of {upload['Key']}" for upload in uploads)

    def close(self):
        self.proxy.stop()
        for key in self.stored.sizes():
            self.client.delete_object(Bucket=self.bucket, Key=key)


class MinioStore(S3ServerStore):
    kind = "minio"

    def __init__(self, server, dice):
        self.left_before = set(server.unfinished_uploads())  # by an earlier round
        super().__init__(server, dice)

    def left_over(self, killed):
        """MinIO lists uploads by whole keys only: what a killed collector left is found when somebody writes there, if
        somebody does."""
        left = set(self.server.unfinished_uploads()) - self.left_before
        if killed:
            left = {name for name in left if self._is_older_than_its_object(name)}
        return [f"unfinished upload {name}" for name in sorted(left)]

    def _is_older_than_its_object(self, upload):
        """MinIO's folder of an upload: the digest of bucket and key, and in its name when it began."""
        digest, _, name = upload.partition("/")
        began = int(name.rpartition("x")[2]) / 1e9
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for found in page.get("Contents", []):
                if hashlib.sha256(f"{self.bucket}/{found['Key']}".encode()).hexdigest() == digest:
                    return began < found["LastModified"].timestamp()
        return False


class OssStore(MinioStore):
    """The same behind the gateway, in the words of Alibaba Cloud OSS; read past it."""

    kind = "oss"

    def __init__(self, server, dice):
        self.gateway = OssGateway(server)
        super().__init__(server, dice)
        self.environment = {
            **self.gateway.collector_environment(self.bucket),
            "OSS_ENDPOINT": f"http://localhost:{self.proxy.port}",
        }

    def _port(self):
        return self.gateway.port

    def close(self):
        super().close()
        self.gateway.stop()


class RestartableAzurite(AzuriteServer):
    def stop(self):
        """Not by SIGKILL: it writes its index every 5 s only, and would forget what it has answered 201 to."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


class AzuriteStore(StoreBehindProxy):
    """A container of its own for each round."""

    kind = "azurite"

    def __init__(self, server, dice):
        self.server = server
        self.container = f"chaos-{uuid.uuid4().hex[:12]}"
        self.service = server.client()
        self.stored = StoredInContainer(self.service, self.container)
        self.proxy = FaultProxy(server.port, dice, self._drop_blocks)
        self.environment = server.collector_environment(self.container, self.proxy.port)

    def _drop_blocks(self, target):
        """Another writer's list of the blocks that the object has already: those that were sent for the next are gone,
        and the object is in another state."""
        key = unquote(urlsplit(target).path).split("/", 3)[3]
        blob = self.stored.client.get_blob_client(key)
        if not blob.exists():
            return
        blocks, _ = blob.get_block_list("committed")
        if blocks:
            blob.commit_block_list([BlobBlock(block_id=block.id) for block in blocks])

    def left_over(self, killed):
        """Blocks of a killed collector whose object nobody writes any more stay for a week, at Azure too."""
        if killed or not self.stored.exists():
            return []
        blobs = self.stored.client.list_blobs(include=["uncommittedblobs"])
        return sorted({blob.name for blob in blobs} - self.stored.sizes().keys())

    def close(self):
        self.proxy.stop()
        self.service.delete_container(self.container)


class GcsStore(StoreBehindProxy):
    """A bucket of its own for each round."""

    kind = "gcs"

    def __init__(self, server, dice):
        self.server = server
        self.bucket = f"chaos-{uuid.uuid4().hex[:12]}"
        self.stored = StoredInGcs(server.client(), self.bucket)
        self.proxy = GcsFaultProxy(server.port, dice)
        self.environment = {
            **server.collector_environment(self.bucket),
            "STORAGE_EMULATOR_HOST": f"127.0.0.1:{self.proxy.port}",
        }

    def left_over(self, killed):
        """What a killed collector left is swept by the next start of that node, if there is one; what it could not
        remove in three tries likewise."""
        left = self.stored.unfinished()
        if killed or len(left) <= self.proxy.refused_removals:
            return []
        return [f"temporary object {key}" for key in left]

    def close(self):
        self.proxy.stop()
        for key in [*self.stored.sizes(), *self.stored.unfinished()]:
            self.stored.client.bucket(self.bucket).blob(key).delete()


class OciStore(StoreBehindProxy):
    """A bucket of its own for each round."""

    kind = "oci"

    def __init__(self, server, dice):
        self.server = server
        self.bucket = f"chaos-{uuid.uuid4().hex[:12]}"
        self.client = server.client()
        self.stored = StoredInOci(self.client, self.bucket)
        self.proxy = OciFaultProxy(server.port, dice, self._abort_upload)
        self.environment = {
            **server.collector_environment(self.bucket),
            "OCI_ENDPOINT": f"http://127.0.0.1:{self.proxy.port}",
        }

    def _abort_upload(self, target):
        parts = urlsplit(target)
        key = unquote(parts.path.split("/", 6)[6])
        upload = parse_qs(parts.query)["uploadId"][0]
        self.client.abort_multipart_upload(NAMESPACE, self.bucket, key, upload)

    def left_over(self, killed):
        """The next start of that node gives up the uploads of a killed collector, if there is one."""
        if killed or not self.stored.exists():
            return []
        return sorted(f"unfinished upload of {key}" for key in self.stored.unfinished())

    def close(self):
        self.proxy.stop()
        self.server.buckets.pop(self.bucket, None)


class FolderStore:
    kind = "local"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.disk = SmallDisk(self.folder, STORE_DISK_BYTES)
        place = self.folder / "store"
        self.stored = StoredInFolder(place)
        self.environment = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(place)}

    def begin(self, incident):
        if incident.name == "store disk full":
            self.disk.fill()

    def end(self, incident):
        if incident.name == "store disk full":
            self.disk.free()

    def left_over(self, killed):
        """What a killed collector was writing stays for a day: another one may share the folder, and write it."""
        if killed:
            return []
        folder = self.stored.folder / UNFINISHED
        return [f"temporary object {path}" for path in folder.rglob("*") if path.is_file()]

    def hits(self):
        return {}

    def close(self):
        self.disk.remove()
