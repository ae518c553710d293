"""A real Prometheus scrapes a collector, and answers every query of the Grafana dashboard."""

import pytest
from harness.events import body_of, task_event
from harness.node import SESSION
from harness.servers import tool
from live.grafana_dashboard import every_query, panels, wait_for_answers
from live.minio_server import MinioServer
from live.ports import free_port
from live.prometheus_server import PrometheusServer
from live.waiting import wait_until


@pytest.fixture
def start_prometheus(tmp_path):
    started = []

    def start(port):
        started.append(
            PrometheusServer(
                tool("prometheus", "RAYHISTORY_PROMETHEUS"),
                tmp_path / "prometheus",
                {"ray-history-collector": {"head": port}},
                interval_seconds=1,
            )
        )
        return started[0]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def start_minio(tmp_path):
    started = []

    def start(port):
        started.append(MinioServer(tool("minio", "RAYHISTORY_MINIO"), tmp_path / "late-minio", port=port))

    yield start
    for server in started:
        server.stop()


def test_every_panel_shows_something(make_collector, minio_store, node, dashboard, start_prometheus, start_minio):
    dashboard.set_healthy()
    node.start()
    port, minio_port = free_port(), free_port()
    collector = make_collector(
        minio_store,
        # Nobody listens there at first, so that there are calls that fail.
        S3_ENDPOINT=f"127.0.0.1:{minio_port}",
        METRICS_PORT=str(port),
        RAY_DASHBOARD_ADDRESS=dashboard.address,
        RAY_COLLECTOR_POLL_INTERVAL="1s",
    ).start()
    prometheus = start_prometheus(port)
    node.write_log("raylet.out", b"hello\n")
    collector.wait_for_log("store unreachable")
    # Nothing but a log waits.
    behind = next(panel for panel in panels() if panel.title == "Behind by")
    ((expression, _),) = behind.queries(prometheus.interval_seconds)

    def lag():
        samples = prometheus.query(expression)
        return float(samples[0]["value"][1]) if samples else 0

    wait_until(lambda: lag() > 0, "the log's lag to be shown")
    start_minio(minio_port)

    wanted = every_query(panels(), prometheus)
    assert len(wanted) > 30

    def stir():
        assert collector.post(body_of([task_event(SESSION)])).status == 200
        node.append_log("raylet.out", b"hello\n")

    wait_for_answers(wanted, prometheus, stir)
    assert lag() < 30
    collector.stop()
