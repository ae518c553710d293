"""Fixtures: one of each server for all tests of a worker. Each test has a bucket or a container of its own."""

import os
import subprocess

import pytest
from live.azurite_server import AzuriteServer
from live.fake_gcs_server import FakeGcsServer
from live.minio_server import MinioServer
from live.s3_servers import SERVERS

from .collector import ROOT
from .oci_gateway import OciGateway
from .oss_gateway import OssGateway


def tool(name, variable):
    """scripts/test.sh has looked the tools up; a single test looks by itself."""
    if variable not in os.environ:
        found = subprocess.run([ROOT / "scripts" / "tools.sh", name], capture_output=True, text=True, check=True)
        os.environ[variable] = found.stdout.strip()
    return os.environ[variable]


@pytest.fixture(scope="session")
def minio(tmp_path_factory):
    server = MinioServer(tool("minio", "RAYHISTORY_MINIO"), tmp_path_factory.mktemp("minio"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """s3_server(NAME): one of live.s3_servers, started when it is asked for first."""
    started = {}

    def start(name):
        if name not in started:
            started[name] = SERVERS[name].start(tmp_path_factory.mktemp(name))
        return started[name]

    yield start
    for server in started.values():
        server.stop()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    server = AzuriteServer(tool("azurite", "RAYHISTORY_AZURITE"), tmp_path_factory.mktemp("azurite"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def fake_gcs(tmp_path_factory):
    server = FakeGcsServer(tool("fake-gcs-server", "RAYHISTORY_FAKE_GCS_SERVER"), tmp_path_factory.mktemp("gcs"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def oss_gateway(minio):
    """Before a worker's MinIO."""
    gateway = OssGateway(minio)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def oci_gateway(tmp_path_factory):
    gateway = OciGateway(tmp_path_factory.mktemp("oci"))
    yield gateway
    gateway.stop()
