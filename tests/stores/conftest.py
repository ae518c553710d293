"""Fixtures: a server, and a bucket of it for each test."""

import uuid

import pytest
from harness.fixtures import make_collector, node  # noqa: F401  # fixtures
from harness.judge import Judge
from harness.servers import s3_server  # noqa: F401  # a fixture
from live.s3_servers import SERVERS
from live.stored import StoredInBucket

EACH_SERVER = [
    pytest.param(tested, id=name, marks=[pytest.mark.stores] if tested.slow else [])
    for name, tested in SERVERS.items()
]


class Bucket:
    def __init__(self, server):
        self.server = server
        self.name = f"test-{uuid.uuid4().hex}"
        self.client = server.client()
        self.environment = server.collector_environment(self.name)
        self.stored = StoredInBucket(self.client, self.name)

    def judge(self):
        return Judge(self.stored)


@pytest.fixture(scope="session", params=EACH_SERVER)
def tested(request):
    return request.param


@pytest.fixture(scope="session")
def server(tested, s3_server):  # noqa: F811
    return s3_server(tested.name)


@pytest.fixture
def bucket(server):
    return Bucket(server)


@pytest.fixture
def collector(make_collector, bucket):  # noqa: F811
    """Not started yet."""
    return make_collector(bucket, RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL="1s")
