"""Fixtures: a store (a folder, or a bucket of a real MinIO), a stand-in node, a collector between them."""

import uuid

import pytest
from harness.collector import PROGRAM, Collector
from harness.dashboard import StandInDashboard
from harness.judge import Judge
from harness.node import StandInNode
from harness.servers import azurite, fake_gcs, minio, oci_gateway, oss_gateway, s3_server  # noqa: F401  # fixtures
from live.leftovers import end_marked_processes
from live.s3_servers import SERVERS
from live.stored import StoredInBucket, StoredInContainer, StoredInFolder, StoredInGcs, StoredInOci, StoredInOss
from stores.verdicts import marks_of


@pytest.fixture(scope="session", autouse=True)
def program():
    assert PROGRAM.exists(), f"there is no {PROGRAM}: run `make build` first"


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


@pytest.fixture(params=["local", "minio"])
def store(request, tmp_path):
    """Every test that takes it is run with both; those that depend on a store's own dialect, on_every_store."""
    if request.param == "local":
        return local_store(tmp_path / "store")
    if request.param == "azurite":
        return container_store(request.getfixturevalue("azurite"))
    if request.param == "gcs":
        return google_store(request.getfixturevalue("fake_gcs"))
    if request.param == "oss":
        return alibaba_store(request.getfixturevalue("oss_gateway"))
    if request.param == "oci":
        return oracle_store(request.getfixturevalue("oci_gateway"))
    if request.param == "minio":
        return bucket_store(request.getfixturevalue("minio"))
    return bucket_store(request.getfixturevalue("s3_server")(request.param))


# The S3 servers beside MinIO, for what `make test-stores` runs on each of them.
OTHER_S3_SERVERS = [
    pytest.param(name, marks=[pytest.mark.stores, *marks_of(tested)])
    for name, tested in SERVERS.items()
    if name != "minio"
]

# Growth, blocks and parts, copies, odd keys, lists after a restart: a store does each in its own way. What is left of
# the collector is the same for all of them.
on_every_store = pytest.mark.parametrize("store", ["local", "minio", "azurite", "gcs", "oss", "oci"], indirect=True)


@pytest.fixture
def folder_store(tmp_path):
    """For behaviour that no store has a part in."""
    return local_store(tmp_path / "store")


@pytest.fixture
def minio_store(minio):
    return bucket_store(minio)


@pytest.fixture
def azurite_store(azurite):
    return container_store(azurite)


@pytest.fixture
def gcs_store(fake_gcs):
    return google_store(fake_gcs)


@pytest.fixture
def oss_store(oss_gateway):
    return alibaba_store(oss_gateway)


@pytest.fixture
def oci_store(oci_gateway):
    return oracle_store(oci_gateway)


@pytest.fixture
def node():
    stand_in = StandInNode()
    yield stand_in
    stand_in.remove()


@pytest.fixture
def dashboard():
    stand_in = StandInDashboard()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def make_collector(node, tmp_path):
    """make_collector(store, **settings): not started yet."""

    made = []

    def make(store, **settings):
        collector = Collector(node, tmp_path, store.environment, **settings)
        made.append(collector)
        return collector

    yield make
    for collector in made:
        collector.kill()
    end_marked_processes(tmp_path)
