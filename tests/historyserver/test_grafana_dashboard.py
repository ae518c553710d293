"""A real Prometheus scrapes a History Server, and answers every query of its Grafana dashboard."""

import shutil

import pytest
from harness.metrics import metrics_named_in, scrape
from harness.servers import tool
from history_server import ROOT
from live.grafana_dashboard import every_query, panels, wait_for_answers
from live.ports import free_port
from live.prometheus_server import PrometheusServer

DASHBOARD = ROOT / "charts" / "ray-history-server" / "monitoring" / "grafana-historyserver.json"
SESSION = "session_2026-11-23_03-25-19_402666_11"
LATER = "session_2026-11-24_03-25-19_402666_11"


@pytest.fixture
def start_prometheus(tmp_path):
    started = []

    def start(port):
        targets = {"ray-history-server": {"one": port}}
        started.append(PrometheusServer(tool("prometheus", "RAYHISTORY_PROMETHEUS"), tmp_path / "prometheus", targets, 1))
        return started[0]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def two_sessions(bucket):
    """The recorded one, and a copy of it under a later name."""
    for place in ("cluster-metadata/rayjob/default_myjob_full", "cluster-history/rayjob/default/myjob/full"):
        source = bucket / place / SESSION
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, bucket / place / LATER)
    return bucket


def test_every_panel_shows_something(serve, two_sessions, start_prometheus):
    port = free_port()
    # Room for one of two that are looked at in turn, so that each look is a load and an eviction.
    server = serve(two_sessions, METRICS_PORT=str(port), SESSION_CACHE_SIZE="1")
    prometheus = start_prometheus(port)
    wanted = every_query(panels(DASHBOARD), prometheus)
    assert len(wanted) > 25

    def stir():
        for session in (SESSION, LATER):
            base = f"/c/default/rayjob/myjob/{session}"
            assert server.ask(f"{base}/api/v0/tasks").status == 200
            assert server.ask(f"{base}/api/v0/nodes").status == 200
        assert server.ask("/clusters").status == 200

    wait_for_answers(wanted, prometheus, stir)


def test_it_asks_for_metrics_that_exist(serve, recorded):
    port = free_port()
    server = serve(recorded, METRICS_PORT=str(port))
    named = metrics_named_in(DASHBOARD, "ray_historyserver_")
    assert len(named) > 15
    assert named <= scrape(port, prefix="ray_historyserver_").sample_names()
    assert server.stop() == 0
