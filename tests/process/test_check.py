"""`collector --check`: what an operator reads before anything is collected."""

from harness.collector import run_collector
from harness.stores import on_every_store
from live.minio_server import PASSWORD, USER

NEEDED = {"RAY_CLUSTER_NAME": "test"}


def check(environment, **settings):
    return run_collector("--check", **{**NEEDED, **environment, **settings})


@on_every_store
def test_a_store_that_works_is_said_to_and_left_as_it_was(store):
    run = check(store.environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "let a log grow from 6 to 20 MiB: ok" in run.stdout
    assert "all that the collector and the History Server need works" in run.stdout
    assert "note:" not in run.stdout
    assert store.stored.sizes() == {}


def test_it_says_where_the_credentials_are_from_and_not_what_they_are(minio_store):
    run = check(minio_store.environment)
    assert "credentials: environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n" in run.stdout
    assert PASSWORD not in run.stdout + run.stderr
    assert f": {USER}\n" not in run.stdout + run.stderr


def test_a_wrong_key_ends_it_with_what_to_look_at(minio_store):
    run = check(minio_store.environment, AWS_SECRET_ACCESS_KEY="another-secret")
    assert run.returncode == 1
    assert "check AWS_SECRET_ACCESS_KEY" in run.stdout
    assert "another-secret" not in run.stdout + run.stderr


def test_a_bucket_that_costs_money_or_history_is_noted(minio, minio_store):
    bucket = minio_store.environment["S3_BUCKET"]
    client = minio.client()
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    retention = {"Mode": "GOVERNANCE", "Days": 3}
    client.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},
    )
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "cluster-history/"}, "Expiration": {"Days": 30}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    run = check(minio_store.environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"note: the bucket {bucket} is versioned" in run.stdout
    assert "for 3 days (object lock)" in run.stdout
    assert 'rule "tidy" deletes what is stored below "cluster-history/" after 30 days' in run.stdout
