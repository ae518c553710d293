"""What the collector says on standard error: lines that a person and a machine can read, and no secrets."""

import json
import re

from harness.events import body_of, task_event
from harness.node import SESSION
from live.minio_server import PASSWORD
from live.waiting import wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def run_through(collector, store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    collector.start()
    collector.post(body_of([task_event(SESSION), task_event(SESSION, timestamp="never")]))
    wait_until(store.judge().markers, "the marker")
    collector.stop()


def test_lines_of_logfmt(make_collector, folder_store, node):
    collector = make_collector(folder_store)
    run_through(collector, folder_store, node)
    lines = collector.log_lines()
    assert len(lines) >= 3
    for fields in lines:
        assert TIME.fullmatch(fields["ts"])
        assert fields["level"] in ("debug", "info", "warn", "warning", "error")
        assert fields["msg"]
    assert SESSION in collector.log() and node.node_id in collector.log()


def test_lines_of_json(make_collector, folder_store, node):
    collector = make_collector(folder_store, LOG_FORMAT="json", LOG_LEVEL="debug")
    run_through(collector, folder_store, node)
    lines = [json.loads(line) for line in collector.log().splitlines()]
    assert len(lines) >= 3
    for fields in lines:
        assert TIME.fullmatch(fields["ts"])
        assert {"level", "msg"} <= set(fields)


def test_only_what_is_asked_for_is_said(make_collector, folder_store, node):
    collector = make_collector(folder_store, LOG_LEVEL="error")
    run_through(collector, folder_store, node)
    assert collector.log() == ""


def test_no_secret_is_said_even_when_everything_is_refused(make_collector, minio_store, node):
    node.start()
    node.write_log("raylet.out", b"hello\n")
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "wrong-secret-4f1d9c",
        "AWS_SESSION_TOKEN": "session-token-77aa21",
        "RAY_AUTH_TOKEN": "ray-token-5533bb",
    }
    collector = make_collector(minio_store, LOG_LEVEL="debug", SHUTDOWN_TIMEOUT="1s", **secrets).start()
    # The store's answer is told, with what to look at; the bucket is waited for.
    wait_until(lambda: re.search(r"level=(warn|warning|error)", collector.log()), "a line about the refusal")
    collector.terminate()
    node.stop_raylet()
    assert collector.wait(20) == 3
    for value in [*secrets.values(), PASSWORD]:
        assert value not in collector.log()
    assert "X-Amz-Signature" not in collector.log() and "Signature=" not in collector.log()
