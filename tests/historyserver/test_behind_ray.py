"""The History Server behind the dashboard of another, living Ray cluster, which hands each request on (--proxy-server-url) and
answers from that cluster whatever it gets a 404 for."""

import http.client
import json
import os
import re
from pathlib import Path

import pytest
from live.ray_head import RayHead
from test_sessions import BASE, COOKIES, SESSION

ITS_OWN = ("/api/gcs_healthz", "/usage_stats_enabled")  # which Ray's dashboard never hands on

# Which no session that has ended can answer, and the other cluster would.
ONLY_LIVE = ["/api/prometheus/sd", "/test/dump", "/api/v0/delay/0", "/api/packages/gcs/_ray_pkg_0.zip", "/api/train/v2/runs",
             "/worker/traceback", "/task/cpu_profile"]

LOCAL_JOB = """
import ray

@ray.remote
class LocalActor:
    def ready(self):
        return True

ray.init(address="auto", logging_level="warning", log_to_driver=False)
actor = LocalActor.options(name="local-actor", lifetime="detached", num_cpus=0).remote()
assert ray.get(actor.ready.remote())
print(ray.get_runtime_context().get_node_id())
"""


class Dashboard:
    def __init__(self, port):
        self.port = port

    def ask(self, path, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers={"Cookie": COOKIES, "Accept": "text/html"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def head_before(tmp_path):
    started = []

    def start(url):
        started.append(RayHead(os.environ["RAYHISTORY_RAY"], tmp_path / "ray.log", events_port=1, proxy_server_url=url))
        started[0].wait_until_ready()
        return started[0]

    yield start
    for head in started:
        head.kill()


# What stands in the paths of Ray's dashboard.
NAMES = {
    "job_or_submission_id": "raysubmit_ok", "job_id": "02000000", "actor_id": "1e0366add19e7764fbd94ad802000000",
    "node_id": "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607", "media_type": "file", "delay_s": "0",
    "protocol": "gcs", "package_name": "_ray_pkg_0.zip",
}  # fmt: skip


def paths_of_rays_dashboard(*methods):
    """As they stand in its source."""
    (dashboard,) = Path(os.environ["RAYHISTORY_RAY"]).parents[1].glob("lib/python3*/site-packages/ray/dashboard")
    decorator = re.compile(rf"routes\.(?:{'|'.join(methods)})\(\s*\"([^\"]+)\"")
    paths = {path for file in dashboard.rglob("*.py") for path in decorator.findall(file.read_text())}
    return sorted(re.sub(r"\{(\w+)\}", lambda name: NAMES.get(name[1], "x"), path) for path in paths)


def test_every_path_of_rays_dashboard_is_answered(serve, recorded):
    """With whatever but 404, after which the dashboard before us would ask its own cluster."""
    server = serve(recorded)
    asked = paths_of_rays_dashboard("get")
    assert len(asked) > 50
    refused = {path for path in asked if server.ask(f"{BASE}{path}", Content_Type="application/json").status == 404}
    # Its own page and its icon, and "we have no such events", which its own cluster says, too.
    assert refused == {"/", "/favicon.ico", "/api/v0/platform_events"}
    asked = paths_of_rays_dashboard("post", "put", "delete", "patch")
    assert len(asked) > 5
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert {server.ask(f"{BASE}{path}", method).status for path in asked} == {405}


def test_not_one_id_of_the_living_cluster_is_shown(serve, recorded, recording, head_before, tmp_path):
    server = serve(recorded)
    head = head_before(f"http://127.0.0.1:{server.port}")
    (tmp_path / "job.py").write_text(LOCAL_JOB)
    local_node = head.run_job(tmp_path / "job.py").split()[-1]
    assert len(local_node) == 56
    dashboard = Dashboard(head.dashboard_port)

    asked = [line.split("|")[1] for line in (recording / "dashboard" / "INDEX").read_text().splitlines()]
    # Of the logs, one of each kind of question.
    asked = [path for path in asked if not path.startswith("/api/v0/logs/file?task_id")] + [
        "/", "/api/jobs/01000000", "/api/v0/bogus", "/api/data/datasets/01000000", "/logical/actors/local-actor",
        *ONLY_LIVE]
    assert len(asked) > 80
    # Its own pages, where we have none, are what shows our answers.
    assert b"<title>Ray Dashboard</title>" in dashboard.ask("/")[1]
    shown = 0
    for path in asked:
        if path in ITS_OWN:
            continue
        status, body = dashboard.ask(path.replace(" ", "%20"))
        for secret in (local_node, "LocalActor", "local-actor", head.session.name):
            assert secret.encode() not in body or secret in path, (path, status, body[:300])
        shown += SESSION.encode() in body or b"b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607" in body
    assert shown > 20, "ours are"

    assert {dashboard.ask(path)[0] for path in ONLY_LIVE} == {501}

    # What would change something is refused, and not done by the other.
    entry = json.dumps({"entrypoint": "echo done", "submission_id": "from-outside"})
    for method, path in [("POST", "/api/jobs/"), ("POST", "/api/jobs/raysubmit_ok/stop"), ("DELETE", "/api/jobs/raysubmit_ok"),
                         ("PUT", "/api/serve/applications/"), ("DELETE", "/api/serve/applications/")]:
        assert dashboard.ask(path, method, entry) == (405, b"405: Method Not Allowed")
    assert dashboard.ask("/api/jobs/from-outside")[0] == 410
