"""A real Prometheus scrapes a History Server, and answers every query of its Grafana dashboard."""

import os
import shutil
import subprocess

import pytest
from harness.metrics import metrics_named_in, scrape
from history_server import ROOT
from live.grafana_dashboard import panels
from live.ports import free_port
from live.prometheus_server import PrometheusServer
from live.waiting import wait_until

DASHBOARD = ROOT / "config" / "prometheus" / "grafana-historyserver.json"
SESSION = "session_2026-11-23_03-25-19_402666_11"
LATER = "session_2026-11-24_03-25-19_402666_11"


@pytest.fixture
def start_prometheus(tmp_path):
    if "RAYHISTORY_PROMETHEUS" not in os.environ:
        found = subprocess.run([ROOT / "scripts/tools.sh", "prometheus"], capture_output=True, text=True, check=True)
        os.environ["RAYHISTORY_PROMETHEUS"] = found.stdout.strip()
    started = []

    def start(port):
        targets = {"ray-history-server": {"one": port}}
        started.append(PrometheusServer(os.environ["RAYHISTORY_PROMETHEUS"], tmp_path / "prometheus", targets, 1))
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
    wanted = {
        (panel.title, query) for panel in panels(DASHBOARD) for query, _ in panel.queries(prometheus.interval_seconds)
    }
    assert len(wanted) > 25

    def empty():
        """Of a quantile NaN is no value either: nothing was counted in the last seconds."""
        for session in (SESSION, LATER):
            base = f"/c/default/rayjob/myjob/{session}"
            assert server.ask(f"{base}/api/v0/tasks").status == 200
            assert server.ask(f"{base}/api/v0/nodes").status == 200
        assert server.ask("/clusters").status == 200
        nothing = {
            (title, query)
            for title, query in wanted
            if all(sample["value"][1] == "NaN" for sample in prometheus.query(query))
        }
        wanted.intersection_update(nothing)
        return wanted

    try:
        wait_until(lambda: not empty(), "every query to have an answer", 40)
    except TimeoutError:
        raise AssertionError(f"nothing to see in {sorted(wanted)}") from None


def test_it_asks_for_metrics_that_exist(serve, recorded):
    port = free_port()
    server = serve(recorded, METRICS_PORT=str(port))
    named = metrics_named_in(DASHBOARD, "ray_historyserver_")
    assert len(named) > 15
    assert named <= scrape(port, prefix="ray_historyserver_").sample_names()
    assert server.stop() == 0
