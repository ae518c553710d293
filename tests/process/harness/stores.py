"""Where a collector of these tests stores: a folder, or a bucket of a real server."""

import uuid

import pytest
from harness.judge import Judge
from live.s3_servers import SERVERS
from live.stored import StoredInBucket, StoredInContainer, StoredInFolder, StoredInGcs, StoredInOci, StoredInOss
from stores.verdicts import marks_of


class Store:
    """Where a collector stores: its settings, and how to read what is there."""

    def __init__(self, environment, stored, as_kept=str):
        self.environment = environment
        self.stored = stored
        self.as_kept = as_kept  # what the store makes of a key's characters

    def judge(self, **options):
        return Judge(self.stored, **options)


def local_store(folder):
    return Store({"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder)}, StoredInFolder(folder))


def bucket_store(server):
    bucket = f"test-{uuid.uuid4().hex}"
    return Store(server.collector_environment(bucket), StoredInBucket(server.client(), bucket))


def container_store(azurite):
    container = f"test-{uuid.uuid4().hex}"
    return Store(
        azurite.collector_environment(container),
        StoredInContainer(azurite.client(), container),
        as_kept=lambda key: key.replace("\\", "/"),  # as Azure does
    )


def google_store(fake_gcs):
    bucket = f"test-{uuid.uuid4().hex}"
    return Store(fake_gcs.collector_environment(bucket), StoredInGcs(fake_gcs.client(), bucket))


def alibaba_store(oss_gateway):
    bucket = f"test-{uuid.uuid4().hex}"
    return Store(oss_gateway.collector_environment(bucket), StoredInOss(oss_gateway.client(), bucket))


def oracle_store(oci_gateway):
    bucket = f"test-{uuid.uuid4().hex}"
    return Store(oci_gateway.collector_environment(bucket), StoredInOci(oci_gateway.client(), bucket))


# The S3 servers beside MinIO, for what `make test-stores` runs on each of them.
OTHER_S3_SERVERS = [
    pytest.param(name, marks=[pytest.mark.stores, *marks_of(tested)])
    for name, tested in SERVERS.items()
    if name != "minio"
]

# Growth, blocks and parts, copies, odd keys, lists after a restart: a store does each in its own way. What is left of
# the collector is the same for all of them.
on_every_store = pytest.mark.parametrize("store", ["local", "minio", "azurite", "gcs", "oss", "oci"], indirect=True)
