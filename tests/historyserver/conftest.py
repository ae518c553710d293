"""Fixtures: the recorded sessions in a folder or in a bucket of a real MinIO, and the History Server before it."""

import os
import shutil
import tarfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.collector import Collector
from harness.node import StandInNode
from harness.servers import azurite, fake_gcs, minio, oci_gateway, oss_gateway  # noqa: F401  # fixtures
from history_server import PROGRAM, ROOT, SESSION_A, HistoryServer
from live.leftovers import end_marked_processes

BUCKET = "recorded"
RECORDING = ROOT / "tests" / "data" / "ray-2.60-session-b.tar.gz"
RECORDING_A = ROOT / "tests" / "data" / "ray-2.60-session.tar.gz"
NODE_A = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3"


@pytest.fixture(scope="session", autouse=True)
def program():
    assert PROGRAM.exists(), f"there is no {PROGRAM}: run `make build` first"


def unpacked(archive_path, folder):
    with tarfile.open(archive_path) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """Session B: bucket/, and dashboard/, what live said. Not to be changed."""
    return unpacked(RECORDING, tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="session")
def recorded(recording):
    """What KubeRay's collector stored of it."""
    return recording / "bucket"


@pytest.fixture(scope="session")
def recording_a(tmp_path_factory):
    """Session A: event-batches/, ray-root/, dashboard/."""
    return unpacked(RECORDING_A, tmp_path_factory.mktemp("recorded-a"))


@pytest.fixture(scope="session")
def recorded_a(recording_a, tmp_path_factory):
    """What our collector stores of it, of cluster a."""
    folder = tmp_path_factory.mktemp("collected")
    node = StandInNode()
    shutil.copytree(recording_a / "ray-root" / SESSION_A, node.root / SESSION_A)
    node.session, node.node_id = SESSION_A, NODE_A
    (node.folder / "sockets").mkdir(exist_ok=True)
    node.start_raylet()
    node.point_session_latest(SESSION_A)
    store = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder / "bucket"), "RAY_CLUSTER_NAME": "a"}
    collector = Collector(node, folder, store).start()
    sender = collector.sender()
    for batch in sorted((recording_a / "event-batches").glob("*.json")):
        sender.send(batch.read_bytes())
    collector.stop()
    node.remove()
    return folder / "bucket"


@pytest.fixture
def bucket(recorded, tmp_path):
    """A copy of it, to be changed."""
    return Path(shutil.copytree(recorded, tmp_path / "bucket"))


@pytest.fixture(scope="session")
def bucket_in_minio(minio, recorded):
    """The environment that leads there."""
    client = minio.client()
    client.create_bucket(Bucket=BUCKET)
    for path in recorded.rglob("*"):
        if path.is_file():
            client.upload_file(str(path), BUCKET, str(path.relative_to(recorded)))
    return minio.collector_environment(BUCKET)


@contextmanager
def history_servers(work_folder):
    started = []

    def start(folder=None, environment=None, **settings):
        store = environment or {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder)}
        started.append(HistoryServer(work_folder, store, **settings))
        return started[-1]

    yield start
    for server in started:
        server.stop()
    end_marked_processes(work_folder)


@pytest.fixture
def serve(tmp_path):
    """Starts History Servers, and ends them."""
    with history_servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def serve_for_module(tmp_path_factory):
    """Likewise, for all tests of a file."""
    with history_servers(tmp_path_factory.mktemp("servers")) as start:
        yield start
