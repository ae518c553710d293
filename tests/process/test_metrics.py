"""/metrics, /healthz and /readyz: what they say after known traffic, and what no outage may make of them."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from harness.events import body_of, task_event
from harness.metrics import metrics_named_in, scrape
from harness.node import SESSION
from harness.sender import request
from harness.servers import tool
from live.ports import accepts_connections, free_port
from live.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "charts" / "ray-history-server" / "monitoring"


@pytest.fixture
def start(make_collector, node):
    """start(store, **settings): a collector that can be scraped at collector.metrics_port."""
    node.start()

    def make(store, **settings):
        port = free_port()
        collector = make_collector(store, METRICS_PORT=str(port), **settings).start()
        collector.metrics_port = port
        wait_until(lambda: accepts_connections(port), f"the metrics port; it said: {collector.log()}")
        return collector

    return make


def status_of(collector, path):
    return request(collector.metrics_port, "GET", path).status


def without_port(minio_store):
    """A store that nobody answers for."""
    minio_store.environment["S3_ENDPOINT"] = "127.0.0.1:1"
    return minio_store


def test_events_are_counted_by_what_became_of_them(start, folder_store):
    collector = start(folder_store)
    events = [task_event(SESSION) for _ in range(20)]
    bad = [task_event(SESSION, timestamp="never") for _ in range(3)]
    assert collector.post(body_of(events + bad)).counts == (20, 3, 0)
    assert collector.post(body_of(events[:5])).counts == (0, 0, 5)
    assert collector.post(b"{}").status == 400
    assert request(collector.port, "GET", "/").status == 404
    now = scrape(collector.metrics_port)
    assert now["events_received_total"] == 28
    assert now["events_stored_total"] == 20
    assert now["events_rejected_total"] == 3
    assert now["events_duplicate_total"] == 5
    assert now["batches_taken_total"] == 2
    assert now["batches_refused_total", {"reason": "malformed"}] == 2
    for reason in ("too_large", "stalled", "busy", "disk_full", "write_failed"):
        assert now["batches_refused_total", {"reason": reason}] == 0
    assert now["ack_duration_seconds_count"] == 3
    # The good ones' file and that of those set aside.
    assert now["fsync_duration_seconds_count"] == 2
    assert now["journal_written_bytes_total"] == now["journal_bytes"] > 0
    collector.stop()


def test_what_is_stored_is_no_longer_pending(start, store, node):
    node.write_log("raylet.out", b"x" * 1000)
    collector = start(store)
    body = body_of([task_event(SESSION) for _ in range(10)])
    assert collector.post(body).status == 200

    def all_stored():
        now = scrape(collector.metrics_port)
        return now["log_bytes_stored_total"] == 1000 and now["journal_unsent_bytes"] == 0 and now

    wait_until(all_stored, "all of it to be stored")
    now = scrape(collector.metrics_port)
    assert now["log_files"] == 1
    assert now["log_bytes_read_total"] == 1000
    assert now["log_bytes_pending"] == now["log_files_pending"] == now["log_oldest_unsent_seconds"] == 0
    assert now["log_bytes_abandoned_total"] == 0
    assert now["sent_bytes_total", {"kind": "logs"}] == 1000
    assert now["sent_bytes_total", {"kind": "events"}] == now["journal_written_bytes_total"]
    assert now["store_reachable"] == 1
    assert now["node_known"] == 1
    # The log and the events; the marker is no object of the shipper's.
    assert now["objects_written_total", {"kind": "logs"}] == 1
    assert now["store_requests_total", {"op": "put", "outcome": "ok"}] >= 3
    assert now["store_request_duration_seconds_count", {"op": "put"}] >= 3
    assert abs(now["store_last_success_timestamp_seconds"] - collector.log_path.stat().st_mtime) < 60
    collector.stop()


def test_rotations_and_lost_logs_are_counted(start, minio_store, node):
    node.write_log("raylet.out", b"first\n")
    node.write_log("gone.out", b"12345")
    collector = start(without_port(minio_store), SHUTDOWN_TIMEOUT="1s")
    wait_until(lambda: scrape(collector.metrics_port)["log_files"] == 2, "both logs to be found")
    (node.logs / "raylet.out").rename(node.logs / "raylet.out.1")
    node.write_log("raylet.out", b"second\n")
    (node.logs / "gone.out").unlink()
    wait_until(
        lambda: scrape(collector.metrics_port)["rotations_total", {"kind": "renamed"}] == 1, "the rotation to be seen"
    )
    wait_until(lambda: scrape(collector.metrics_port)["log_files_abandoned_total"] == 1, "the loss to be seen")
    assert scrape(collector.metrics_port)["log_bytes_abandoned_total"] == 5
    assert scrape(collector.metrics_port)["log_bytes_pending"] == len(b"first\nsecond\n")


def test_while_the_store_is_away_bytes_are_pending_and_nothing_is_unhealthy(start, minio_store, node):
    node.write_log("raylet.out", b"x" * 1000)
    collector = start(without_port(minio_store), SHUTDOWN_TIMEOUT="1s")
    assert collector.post(body_of([task_event(SESSION) for _ in range(10)])).status == 200
    wait_until(lambda: scrape(collector.metrics_port)["log_bytes_pending"] == 1000, "the log to be pending")
    wait_until(lambda: scrape(collector.metrics_port)["store_reachable"] == 0, "the outage to be seen")
    wait_until(
        lambda: scrape(collector.metrics_port)["store_retries_total", {"reason": "retry"}] > 0, "the retries to be seen"
    )
    now = scrape(collector.metrics_port)
    assert now["journal_unsent_bytes"] == now["journal_written_bytes_total"] > 0
    assert now["journal_oldest_unsent_seconds"] > 0
    assert now["store_last_success_timestamp_seconds"] == 0
    assert now["log_messages_total", {"level": "warning"}] > 0
    assert status_of(collector, "/healthz") == 200
    assert status_of(collector, "/readyz") == 200


def test_under_disk_pressure_it_stays_ready(start, minio_store):
    collector = start(without_port(minio_store), SHUTDOWN_TIMEOUT="1s", RAY_COLLECTOR_EVENT_MAX_DISK_MB="1")
    while collector.post(body_of([task_event(SESSION, message="x" * 1000) for _ in range(100)])).status == 200:
        pass
    now = scrape(collector.metrics_port)
    assert now["disk_full"] == 1
    assert now["batches_refused_total", {"reason": "disk_full"}] == 1
    assert now["journal_bytes"] > 0.8 * now["journal_limit_bytes"]
    assert status_of(collector, "/healthz") == 200
    assert status_of(collector, "/readyz") == 200


def test_events_that_wait_for_the_node_are_pending(start, folder_store, node):
    collector = start(folder_store)
    collector.kill()
    node.remove()
    collector.start()
    wait_until(lambda: accepts_connections(collector.metrics_port), "the metrics port")
    assert collector.post(body_of([task_event(SESSION)])).status == 200
    now = scrape(collector.metrics_port)
    assert now["node_known"] == 0
    assert now["journal_unsent_bytes"] == now["journal_written_bytes_total"] > 0
    assert status_of(collector, "/readyz") == 200


def test_without_a_place_for_events_it_is_alive_and_not_ready(start, folder_store, tmp_path):
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("no folder")
    collector = start(folder_store, RAY_COLLECTOR_EVENT_DATA_DIR=str(in_the_way / "event-data"))
    answer = request(collector.metrics_port, "GET", "/readyz")
    assert answer.status == 503
    assert str(in_the_way) in answer.body.decode()
    assert status_of(collector, "/healthz") == 200
    assert collector.post(body_of([task_event(SESSION)])).status == 503
    assert scrape(collector.metrics_port)["batches_refused_total", {"reason": "write_failed"}] == 1
    # It is tried again every 10 s.
    in_the_way.unlink()
    wait_until(lambda: status_of(collector, "/readyz") == 200, "it to be ready", 30)


def test_head_asks_for_the_header_alone_and_nothing_else_is_served(start, folder_store):
    collector = start(folder_store)
    answer = request(collector.metrics_port, "HEAD", "/metrics")
    assert answer.status == 200
    assert answer.body == b""
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert request(collector.metrics_port, "POST", "/metrics", b"x").status == 405
    assert request(collector.metrics_port, "GET", "/v1/events").status == 404
    assert request(collector.port, "GET", "/metrics").status == 404


def test_it_can_be_scraped_from_outside_the_pod(start, folder_store):
    collector = start(folder_store)
    assert request(collector.metrics_port, "GET", "/healthz", host="127.0.0.2").status == 200
    if socket.has_ipv6:
        assert request(collector.metrics_port, "GET", "/healthz", host="::1").status == 200


def test_a_metrics_port_that_is_taken_is_a_warning(make_collector, folder_store, node):
    node.start()
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        collector = make_collector(folder_store, METRICS_PORT=str(port)).start()
        collector.wait_for_log("no metrics and health checks")
        assert str(port) in collector.log()
        assert collector.post(body_of([task_event(SESSION)])).counts == (1, 0, 0)
        collector.stop()


def test_the_metrics_port_is_listened_on_before_what_an_earlier_run_left_is_looked_at(start, folder_store, node):
    logs = node.root / "prev-logs" / "session_2026-11-22_01-00-00_000001_1" / ("a" * 56) / "logs"
    logs.mkdir(parents=True)
    (logs / "raylet.out").write_bytes(b"left over\n")
    collector = start(folder_store)
    collector.wait_for_log("storing what an earlier run left in prev-logs")
    said = [line["msg"] for line in collector.log_lines()]
    first = said.index("storing what an earlier run left in prev-logs")
    assert {"listening for events", "listening for scrapes and probes"} <= set(said[:first])
    collector.stop()


def test_port_0_means_none(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store, METRICS_PORT="0").start()
    collector.stop()
    assert "listening for scrapes" not in collector.log()


def test_connections_that_say_nothing_keep_nobody_out(start, folder_store):
    collector = start(folder_store)
    silent = [socket.create_connection(("127.0.0.1", collector.metrics_port)) for _ in range(100)]
    try:
        assert status_of(collector, "/healthz") == 200
        assert collector.post(body_of([task_event(SESSION)])).counts == (1, 0, 0)
    finally:
        for connection in silent:
            connection.close()


def test_no_label_comes_from_outside(start, folder_store, node):
    node.write_log("raylet.out", b"hello\n")
    collector = start(folder_store)
    assert collector.post(body_of([task_event(SESSION), task_event("other"), 7])).status == 200
    values = scrape(collector.metrics_port).label_values()
    assert set(values) == {"kind", "le", "level", "op", "outcome", "reason", "version"}
    assert sum(len(of_one) for of_one in values.values()) < 60


@pytest.fixture
def page(start, folder_store):
    collector = start(folder_store)
    now = scrape(collector.metrics_port)
    collector.stop()
    return now


def test_process_figures_are_those_of_the_process(start, folder_store):
    collector = start(folder_store)
    now = scrape(collector.metrics_port)
    assert now["process_resident_memory_bytes"] == pytest.approx(collector.status_bytes("VmRSS"), rel=0.5)
    descriptors = len(os.listdir(f"/proc/{collector.process.pid}/fd"))
    assert abs(now["process_open_fds"] - descriptors) < 10
    started = Path(f"/proc/{collector.process.pid}").stat().st_mtime
    assert now["process_start_time_seconds"] == pytest.approx(started, abs=30)


def test_a_workers_collector_says_nothing_of_a_dashboard(start, folder_store):
    collector = start(folder_store, RAY_ROLE="Worker")
    assert "ray_collector_endpoint_polls_total" not in scrape(collector.metrics_port).types


def test_without_events_there_are_no_figures_of_them(make_collector, folder_store, node):
    node.start()
    port = free_port()
    collector = make_collector(folder_store, METRICS_PORT=str(port), ENABLE_EVENT_COLLECTOR="false")
    collector.start(wait=False)
    wait_until(lambda: accepts_connections(port), "the metrics port")
    types = scrape(port).types
    assert "ray_collector_events_stored_total" not in types
    assert "ray_collector_log_files" in types
    assert request(port, "GET", "/readyz").status == 200


def promtool(*arguments, **options):
    program = tool("promtool", "RAYHISTORY_PROMTOOL")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in done.stderr.lower(), done.stderr


def test_promtool_finds_nothing_wrong_with_the_page(page):
    promtool("check", "metrics", input=page.text)


def test_promtool_finds_nothing_wrong_with_the_alert_rules():
    promtool("check", "rules", str(MONITORING / "alerts.yaml"))


def test_the_alerts_fire_when_they_should():
    promtool("test", "rules", str(MONITORING / "alerts_test.yaml"))


@pytest.mark.parametrize("name", ["alerts.yaml", "grafana-dashboard.json"])
def test_alerts_and_dashboard_ask_for_metrics_that_exist(page, name):
    named = metrics_named_in(MONITORING / name)
    assert len(named) > 5
    assert named <= page.sample_names()


def test_the_documentation_has_every_metric_and_no_other(page):
    rows = re.findall(r"^\| `((?:ray_collector|process)_[a-z_]+)", (ROOT / "docs" / "metrics.md").read_text(), re.M)
    assert sorted(rows) == sorted(page.types)
