"""What can be learned and what can go wrong before anything runs."""

import json
import re
import socket

import pytest
from harness.collector import run_collector
from live.waiting import wait_until

WORKING = {"RAY_CLUSTER_NAME": "test", "STORAGE_BACKEND": "local", "EVENTS_PORT": "0"}

# KubeRay's settings and ours: each flag with its variable and its default.
FLAGS = [
    ("--role", "RAY_ROLE", "Worker"),
    ("--storage-backend", "STORAGE_BACKEND", None),
    ("--storage-root-dir", "STORAGE_ROOT_DIR", None),
    ("--storage-backend-config-path", "STORAGE_BACKEND_CONFIG_PATH", None),
    ("--ray-cluster-name", "RAY_CLUSTER_NAME", None),
    ("--ray-cluster-namespace", "RAY_CLUSTER_NAMESPACE", "default"),
    ("--owner-kind", "OWNER_KIND", None),
    ("--owner-name", "OWNER_NAME", None),
    ("--events-port", "EVENTS_PORT", "8084"),
    ("--push-interval", "PUSH_INTERVAL", "1m"),
    ("--log-batching", "LOG_BATCHING", "1000"),
    ("--enable-event-collector", "ENABLE_EVENT_COLLECTOR", "true"),
    ("--enable-log-collector", "ENABLE_LOG_COLLECTOR", "true"),
    ("--ray-dashboard-address", "RAY_DASHBOARD_ADDRESS", "http://localhost:8265"),
    ("--event-data-dir", "RAY_COLLECTOR_EVENT_DATA_DIR", "/tmp/ray/event-data"),
    ("--event-rotation-interval", "RAY_COLLECTOR_EVENT_ROTATION_INTERVAL", "5m"),
    ("--event-max-file-size-mb", "RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB", "100"),
    ("--event-max-disk-mb", "RAY_COLLECTOR_EVENT_MAX_DISK_MB", "200"),
    ("--event-compression-enabled", "RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED", "false"),
    ("--local-dir", "LOCAL_STORAGE_DIR", "./ray-historyserver"),
    ("--events-address", "EVENTS_ADDRESS", None),
    ("--metrics-port", "METRICS_PORT", "8085"),
    ("--upload-concurrency", "UPLOAD_CONCURRENCY", "16"),
    ("--shutdown-timeout", "SHUTDOWN_TIMEOUT", "25s"),
    ("--log-level", "LOG_LEVEL", "info"),
    ("--log-format", "LOG_FORMAT", "text"),
]


def test_help_names_every_flag_its_variable_and_its_default():
    run = run_collector("--help")
    assert run.returncode == 0
    for flag, variable, default in FLAGS:
        assert re.search(rf"{flag}\b", run.stdout), flag
        assert variable in run.stdout
        if default is not None:
            assert default in run.stdout


def test_version_is_one_line():
    run = run_collector("--version")
    assert run.returncode == 0
    assert re.fullmatch(r"[a-z ]*\d+\.\d+\.\d+\S*\n", run.stdout)


def test_wrong_settings_are_reported_all_at_once():
    run = run_collector(
        RAY_ROLE="Leader",
        RAY_CLUSTER_NAME="Not_A_Name",
        RAY_CLUSTER_NAMESPACE="-bad-",
        STORAGE_BACKEND="floppy",
        OWNER_KIND="rayjob",
        ENABLE_EVENT_COLLECTOR="false",
        ENABLE_LOG_COLLECTOR="false",
        RAY_AUTH_MODE="token",
    )
    assert run.returncode == 2
    for name in (
        "RAY_ROLE",
        "RAY_CLUSTER_NAME",
        "RAY_CLUSTER_NAMESPACE",
        "STORAGE_BACKEND",
        "OWNER_NAME",
        "ENABLE_LOG_COLLECTOR",
        "RAY_AUTH_TOKEN",
    ):
        assert name in run.stderr or name.lower().replace("_", "-") in run.stderr, f"{name} is not in: {run.stderr}"


def test_no_back_end_is_an_error_that_names_them_all():
    run = run_collector(RAY_CLUSTER_NAME="test")
    assert run.returncode == 2
    for name in ("local", "s3", "azureblob", "gcs", "aliyunoss", "oci"):
        assert name in run.stderr


def test_no_cluster_name_is_an_error():
    run = run_collector(STORAGE_BACKEND="local")
    assert run.returncode == 2
    assert "RAY_CLUSTER_NAME" in run.stderr


@pytest.mark.parametrize("arguments", [["--no-such-flag"], ["--no-such-flag=1"], ["-no-such-flag"]])
def test_an_unknown_flag_is_an_error_that_names_it(arguments):
    run = run_collector(*arguments, **WORKING)
    assert run.returncode == 2
    assert arguments[0].split("=")[0].lstrip("-") in run.stderr


def test_a_config_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    run = run_collector(**{**WORKING, "STORAGE_BACKEND": "s3", "STORAGE_BACKEND_CONFIG_PATH": str(tmp_path / "none")})
    assert run.returncode == 2
    assert str(tmp_path / "none") in run.stderr


def test_a_config_file_that_is_no_json_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"s3Bucket": ')
    run = run_collector(**{**WORKING, "STORAGE_BACKEND": "s3", "STORAGE_BACKEND_CONFIG_PATH": str(path)})
    assert run.returncode == 2
    assert str(path) in run.stderr


def test_a_config_file_wins_over_variables(make_collector, minio_store, node, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"s3Bucket": minio_store.environment["S3_BUCKET"], "s3ForcePathStyle": "true"}))
    node.start()
    collector = make_collector(
        minio_store, S3_BUCKET="another-bucket", STORAGE_BACKEND_CONFIG_PATH=str(path)
    ).start()
    wait_until(lambda: minio_store.judge().markers(), "the marker")
    collector.stop()


def test_a_tuning_value_that_does_not_parse_is_warned_about_and_the_default_used(make_collector, folder_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector = make_collector(folder_store, RAY_COLLECTOR_EVENT_MAX_DISK_MB="plenty", LOG_BATCHING="-3").start()
    collector.stop()
    assert "plenty" in collector.log()
    assert "LOG_BATCHING" in collector.log()
    assert folder_store.judge().logs(node.session, node.node_id) == {"raylet.out": b"hello\n"}


def test_a_variable_wins_over_its_flag_and_flags_are_taken_in_all_of_gos_forms(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store, RAY_CLUSTER_NAME="from-variable")
    del collector.environment["RAY_ROLE"]
    collector.arguments = [
        "--ray-cluster-name=from-flag",
        "-role",
        "head",
        "--ray-cluster-namespace",
        "space",
        "-storage-root-dir=root/",
    ]
    collector.start()
    judge = folder_store.judge(
        place="raycluster/space/from-variable", metadata="raycluster/space_from-variable", root="root/"
    )
    wait_until(judge.markers, "the marker")
    collector.stop()
    assert judge.markers() == {node.session}
    assert judge.keys()


@pytest.mark.parametrize(
    ("kind", "name", "place", "metadata"),
    [
        ("RayJob", "nightly", "rayjob/default/nightly/test", "rayjob/default_nightly_test"),
        ("rayservice", "llm", "rayservice/default/llm/test", "rayservice/default_llm_test"),
        # The operator sets both from labels, and a cluster may own itself.
        ("RayCluster", "test", "raycluster/default/test", "raycluster/default_test"),
    ],
)
def test_the_owner_is_part_of_every_key(make_collector, folder_store, node, kind, name, place, metadata):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    make_collector(folder_store, OWNER_KIND=kind, OWNER_NAME=name).start().stop()
    judge = folder_store.judge(place=place, metadata=metadata)
    assert judge.keys()
    assert judge.markers() == {node.session}
    assert judge.logs(node.session, node.node_id) == {"raylet.out": b"hello\n"}


def test_a_taken_port_ends_the_start_with_an_error_that_names_it(make_collector, folder_store, node):
    collector = make_collector(folder_store)
    with socket.socket() as other:
        other.bind(("127.0.0.1", collector.port))
        other.listen()
        collector.start(wait=False)
        assert collector.wait() == 1
    assert str(collector.port) in collector.log()
