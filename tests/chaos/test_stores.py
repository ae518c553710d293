"""What a store may be left with is told from what it may not."""

import random

import pytest

from .run import program
from .stores import MinioStore, RestartableMinio


@pytest.fixture
def store(tmp_path):
    server = RestartableMinio(program("minio", "RAYHISTORY_MINIO"), tmp_path)
    store = MinioStore(server, random.Random(0))
    store.client.create_bucket(Bucket=store.bucket)
    yield store
    store.close()
    server.stop()


def test_an_upload_is_forgiven_where_a_collector_was_killed_and_nobody_wrote_there_again(store):
    store.client.create_multipart_upload(Bucket=store.bucket, Key="never written")
    store.client.put_object(Bucket=store.bucket, Key="k", Body=b"before")
    store.client.create_multipart_upload(Bucket=store.bucket, Key="k")
    assert len(store.left_over(killed=False)) == 2
    assert store.left_over(killed=True) == []
    store.client.put_object(Bucket=store.bucket, Key="k", Body=b"after")
    assert len(store.left_over(killed=True)) == 1
