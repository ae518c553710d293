"""Fixtures: the recorded session B in a folder or in a bucket of a real MinIO, and the History Server before it."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from history_server import PROGRAM, ROOT, HistoryServer
from live.leftovers import end_marked_processes
from live.minio_server import MinioServer

BUCKET = "recorded"
RECORDING = ROOT / "tests" / "data" / "ray-2.60-session-b.tar.gz"


@pytest.fixture(scope="session", autouse=True)
def program():
    assert PROGRAM.exists(), f"there is no {PROGRAM}: run `make build` first"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """What KubeRay's collector stored of session B. Not to be changed."""
    folder = tmp_path_factory.mktemp("recorded")
    with tarfile.open(RECORDING) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("*/bucket"))


@pytest.fixture
def bucket(recorded, tmp_path):
    """A copy of it, to be changed."""
    return Path(shutil.copytree(recorded, tmp_path / "bucket"))


@pytest.fixture(scope="session")
def minio(tmp_path_factory):
    if "RAYHISTORY_MINIO" not in os.environ:
        found = subprocess.run([ROOT / "scripts" / "tools.sh", "minio"], capture_output=True, text=True, check=True)
        os.environ["RAYHISTORY_MINIO"] = found.stdout.strip()
    server = MinioServer(os.environ["RAYHISTORY_MINIO"], tmp_path_factory.mktemp("minio"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bucket_in_minio(minio, recorded):
    """The environment that leads there."""
    client = minio.client()
    client.create_bucket(Bucket=BUCKET)
    for path in recorded.rglob("*"):
        if path.is_file():
            client.upload_file(str(path), BUCKET, str(path.relative_to(recorded)))
    return minio.collector_environment(BUCKET)


@pytest.fixture
def serve(tmp_path):
    """Starts History Servers, and ends them."""
    started = []

    def start(folder=None, environment=None, **settings):
        store = environment or {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder)}
        started.append(HistoryServer(tmp_path, store, **settings))
        return started[-1]

    yield start
    for server in started:
        server.stop()
    end_marked_processes(tmp_path)
