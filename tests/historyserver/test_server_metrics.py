"""/metrics of the History Server: what it says after known traffic, and that its documents say the same."""

import re
import socket
import subprocess

import pytest
from history_server import ROOT
from harness.metrics import metrics_named_in, scrape
from harness.sender import request
from harness.servers import tool
from live.ports import free_port
from live.waiting import wait_until

BASE = "/c/default/rayjob/myjob/session_2026-11-23_03-25-19_402666_11"
MONITORING = ROOT / "charts" / "ray-history-server" / "monitoring"
PREFIX = "ray_historyserver_"


@pytest.fixture
def start(serve):
    """start(…): a History Server that can be scraped at server.metrics_port."""

    def make(*arguments, **settings):
        port = free_port()
        server = serve(*arguments, METRICS_PORT=str(port), **settings)
        server.metrics_port = port
        return server

    return make


def figures(server):
    return scrape(server.metrics_port, prefix=PREFIX)


def test_requests_are_counted_by_what_is_asked_and_what_became_of_it(start, recorded):
    server = start(recorded)
    assert server.ask("/livez").status == 200
    assert server.ask("/clusters").status == 200
    for _ in range(3):
        assert server.ask(f"{BASE}/api/v0/tasks?detail=1").status == 200
    assert server.ask(f"{BASE}/api/v0/logs/file").status == 400
    assert server.ask(f"{BASE}/api/grafana_health").status == 501
    assert server.ask("/api/jobs/", "DELETE").status == 405

    # An answer is counted before it is sent.
    now = figures(server)
    for route, status, count in [
        ("health", "2xx", 1),
        ("sessions", "2xx", 1),
        ("tasks", "2xx", 3),
        ("tasks", "5xx", 0),
        ("logs", "4xx", 1),
        ("api", "501", 1),
        ("api", "4xx", 1),
        ("api", "5xx", 0),
    ]:
        assert now["requests_total", {"route": route, "status": status}] == count, (route, status)
    assert now["request_duration_seconds_count", {"route": "tasks"}] == 3
    assert now["answered_bytes_total"] > 10_000
    assert now["answers_cut_total"] == now["connections_refused_total"] == 0
    assert now["sessions"] == now["sessions_in_memory"] == 1
    assert now["session_loads_total", {"outcome": "ok"}] == now["session_load_duration_seconds_count"] == 1
    assert now["session_loads_total", {"outcome": "failed"}] == now["session_evictions_total"] == 0
    assert now["session_hits_total"] >= 3
    assert 0 < now["session_memory_bytes"] < now["session_memory_limit_bytes"] == 2 << 30
    assert abs(now["session_list_timestamp_seconds"] - server.log_path.stat().st_mtime) < 60
    assert now["store_requests_total", {"op": "list", "outcome": "ok"}] >= 2
    assert now["store_request_duration_seconds_count", {"op": "get"}] > 0
    assert now["store_reachable"] == 1
    assert now["log_messages_total", {"level": "error"}] == 0


def test_a_store_that_is_away_is_seen_and_nothing_is_unhealthy(start, bucket_in_minio):
    server = start(environment={**bucket_in_minio, "S3_ENDPOINT": "127.0.0.1:1"})
    assert server.ask("/clusters").status == 502
    now = figures(server)
    assert now["requests_total", {"route": "sessions", "status": "5xx"}] == 1
    assert now["store_reachable"] == 0
    assert now["store_requests_total", {"op": "list", "outcome": "retry"}] > 1
    assert now["store_last_success_timestamp_seconds"] == now["session_list_timestamp_seconds"] == 0
    assert now["log_messages_total", {"level": "warning"}] > 0
    assert server.ask("/readyz").status == server.ask("/livez").status == 200


def test_a_load_that_comes_to_nothing_is_counted(start, recorded):
    server = start(recorded, SESSION_PROCESS_TIMEOUT="1ns")
    assert server.ask(f"{BASE}/api/v0/tasks").status == 504
    assert figures(server)["session_loads_total", {"outcome": "failed"}] == 1
    assert figures(server)["requests_total", {"route": "tasks", "status": "5xx"}] == 1


def test_the_metrics_port_serves_metrics_alone(start, recorded):
    server = start(recorded)
    for path in ("/clusters", "/healthz", "/readyz", f"{BASE}/api/v0/tasks"):
        assert request(server.metrics_port, "GET", path).status == 404
    assert request(server.metrics_port, "POST", "/metrics", b"x").status == 405
    assert b"ray_historyserver_" not in server.ask("/metrics").body


def test_a_metrics_port_that_is_taken_is_a_warning(serve, recorded):
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        server = serve(recorded, METRICS_PORT=str(port))
        wait_until(lambda: "no metrics: choose another port" in server.log_path.read_text(), "the warning")
        assert server.ask("/clusters").status == 200
    assert server.stop() == 0


@pytest.fixture(scope="module")
def promtool():
    return tool("promtool", "RAYHISTORY_PROMTOOL")


def test_the_page_is_well_formed_and_documented_and_what_the_alerts_ask_for_is_on_it(start, recorded, promtool):
    page = figures(start(recorded))
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page.text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")

    documented = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `((?:ray_historyserver|process)_[a-z_]+)", documented, re.M)
    assert sorted(rows) == sorted(page.types)

    asked_for = metrics_named_in(MONITORING / "alerts.yaml", PREFIX)
    assert len(asked_for) > 4
    assert asked_for <= page.sample_names()

    values = page.label_values()
    assert set(values) == {"level", "le", "op", "outcome", "route", "status", "version"}
    for label in ("route", "op"):
        for value in values[label]:
            assert f"`{value}`" in documented, value
