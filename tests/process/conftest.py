"""Fixtures: a store (a folder, or a bucket of a real MinIO), a stand-in node, a collector between them."""

import pytest
from harness.collector import PROGRAM
from harness.dashboard import StandInDashboard
from harness.fixtures import make_collector, node  # noqa: F401  # fixtures
from harness.servers import azurite, fake_gcs, minio, oci_gateway, oss_gateway, s3_server  # noqa: F401  # fixtures
from harness.stores import (
    alibaba_store,
    bucket_store,
    container_store,
    google_store,
    local_store,
    oracle_store,
)


@pytest.fixture(scope="session", autouse=True)
def program():
    assert PROGRAM.exists(), f"there is no {PROGRAM}: run `make build` first"


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
def dashboard():
    stand_in = StandInDashboard()
    yield stand_in
    stand_in.stop()
