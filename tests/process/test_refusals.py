"""What a store refuses: everything else is stored, or the log, a metric and --check say why not."""

import json

import boto3
import pytest
from harness.collector import run_collector
from harness.events import body_of, node_event
from harness.metrics import scrape
from live.ports import free_port
from live.waiting import wait_until

BUCKET_ACTIONS = ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation"]
OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]


@pytest.fixture
def store_with_policy(minio, minio_store):
    """store_with_policy(…): MinIO, signed in to with keys that may do no more. The bucket is there."""
    bucket = minio_store.environment["S3_BUCKET"]
    minio.client().create_bucket(Bucket=bucket)

    def sign_in(bucket_actions=BUCKET_ACTIONS, object_actions=OBJECT_ACTIONS, keys="*"):
        everywhere = f"arn:aws:s3:::{bucket}"
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": bucket_actions, "Resource": everywhere},
                {"Effect": "Allow", "Action": object_actions, "Resource": f"{everywhere}/{keys}"},
            ],
        }
        tokens = boto3.client(
            "sts",
            endpoint_url=f"http://{minio.endpoint}",
            region_name="us-east-1",
            aws_access_key_id=minio_store.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=minio_store.environment["AWS_SECRET_ACCESS_KEY"],
        )
        answer = tokens.assume_role(RoleArn="arn:any:of:at:least:20:letters", RoleSessionName="test", Policy=json.dumps(policy))
        keys_of_session = answer["Credentials"]
        minio_store.environment |= {
            "AWS_ACCESS_KEY_ID": keys_of_session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys_of_session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys_of_session["SessionToken"],
        }
        return minio_store

    return sign_in


def without(action, actions):
    return [one for one in actions if one != action]


def check(store):
    return run_collector("--check", RAY_CLUSTER_NAME="test", **store.environment)


def stores_a_growing_log(make_collector, node, store):
    node.start()
    node.write_log("raylet.out", b"x" * 6_000_000)
    collector = make_collector(store).start()
    judge = store.judge()
    event = node_event(node.session)
    collector.sender().send(body_of([event]))
    wait_until(lambda: judge.log_sizes(node.session, node.node_id).get("raylet.out") == 6_000_000, "the log", 30)
    node.append_log("raylet.out", b"y" * 6_000_000)
    collector.stop()
    assert judge.logs(node.session, node.node_id) == node.log_files()
    assert judge.node_events(node.session, node.node_id) == [event]
    return collector


def test_without_the_right_to_list_uploads_everything_is_stored(make_collector, node, store_with_policy):
    store = store_with_policy(bucket_actions=without("s3:ListBucketMultipartUploads", BUCKET_ACTIONS))
    run = check(store)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "upload_listing=no" in run.stdout
    assert "allow s3:ListBucketMultipartUploads" in run.stdout
    collector = stores_a_growing_log(make_collector, node, store)
    assert "allow s3:ListBucketMultipartUploads" in collector.log()


def test_without_the_right_to_remove_everything_is_stored(make_collector, node, store_with_policy):
    store = store_with_policy(object_actions=without("s3:DeleteObject", OBJECT_ACTIONS))
    run = check(store)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "stays, remove it by hand" in run.stdout


def test_with_rights_below_the_histories_alone_everything_is_stored(make_collector, node, store_with_policy):
    store = store_with_policy(keys="cluster-*")
    run = check(store)
    assert run.returncode == 0, run.stdout + run.stderr
    stores_a_growing_log(make_collector, node, store)


def test_without_the_right_to_put_the_log_and_the_check_say_so(make_collector, node, store_with_policy):
    store = store_with_policy(object_actions=without("s3:PutObject", OBJECT_ACTIONS))
    run = check(store)
    assert run.returncode == 1
    assert "status 403 AccessDenied" in run.stdout and "s3:PutObject" in run.stdout
    node.start()
    node.write_log("raylet.out", b"x")
    port = free_port()
    collector = make_collector(store, METRICS_PORT=str(port)).start()
    collector.wait_for_log("the store refuses what is asked of it")
    wait_until(lambda: scrape(port)["stalled_files"] > 0, "the metric")
    line = collector.wait_for_log("the backlog makes no progress")
    assert line is None or "s3:PutObject" in collector.log()
    collector.kill()


def test_a_file_that_can_never_be_stored_is_told_while_all_others_are_stored(make_collector, node, minio_store):
    """S3 takes keys of 1,024 bytes. That is about this one file, and no outage."""
    root = "/".join(["r" * 100] * 7)
    name = "n" * 240 + ".out"
    node.start()
    node.write_log(name, b"too long a name")
    node.write_log("raylet.out", b"stored")
    port = free_port()
    collector = make_collector(minio_store, METRICS_PORT=str(port), STORAGE_ROOT_DIR=f"{root}/").start()
    wait_until(lambda: any(key.endswith("raylet.out") for key in minio_store.stored.sizes()), "the other log")
    collector.wait_for_log("the backlog makes no progress")
    wait_until(lambda: scrape(port)["stalled_files"] == 1, "the metric")
    told = [line for line in collector.log().splitlines() if "makes no progress" in line]
    assert name in told[0] and "1024 at most" in told[0] and "collector --check" in told[0]
    assert "store unreachable" not in collector.log()
    collector.kill()


def test_a_root_with_slashes_is_checked_as_it_is_used(folder_store):
    run = run_collector("--check", RAY_CLUSTER_NAME="test", STORAGE_ROOT_DIR="logs/", **folder_store.environment)
    assert run.returncode == 0, run.stdout + run.stderr
