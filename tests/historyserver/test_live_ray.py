"""A real Ray head with token authentication, before which the History Server stands as it does in Kubernetes."""

import http.client
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from kubernetes_api import KubernetesApi, make_certificates, ray_cluster
from live.ray_head import RayHead
from live.waiting import wait_until
from pod_view import PodView

TOKEN = "a-token-of-thirty-two-characters"
A_BROWSER = {"Sec-Fetch-Site": "none"}
SECRET = "s3cret-of-a-job"
JOB = f"""
import ray
ray.init(runtime_env={{"env_vars": {{"PASSWORD": "{SECRET}"}}}}, logging_level="warning")
"""
# What does not change from one moment to the next.
STEADY = (
    "/api/version",
    "/api/jobs/",
    "/api/authentication_mode",
    "/timezone",
    "/nodes?view=hostNameList",
    "/api/v0/nodes?detail=1",
    "/api/v0/actors?detail=1&limit=10000",
    "/api/v0/tasks?filter_keys=state&filter_predicates=%3D&filter_values=FAILED",
    "/api/v0/nodes?filter_keys=nothing&filter_predicates=%3D&filter_values=x",
    "/api/jobs/nobody",
)


@pytest.fixture
def head(tmp_path):
    started = RayHead(
        os.environ["RAYHISTORY_RAY"],
        tmp_path / "ray.log",
        events_port=1,
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=TOKEN,
    )
    yield started
    started.kill()


@pytest.fixture
def api(tmp_path):
    server = KubernetesApi(make_certificates(tmp_path))
    yield server
    server.stop()


def said(status, content_type, body):
    """Ray puts a table's keys in any order."""
    return status, content_type, json.loads(body) if "json" in content_type else body


def ask_head(head, path, **as_whom):
    connection = http.client.HTTPConnection("127.0.0.1", head.dashboard_port, timeout=60)
    try:
        connection.request("GET", path, headers={"x-ray-authorization": f"Bearer {TOKEN}", **as_whom})
        answer = connection.getresponse()
        return said(answer.status, answer.headers["Content-Type"], answer.read())
    finally:
        connection.close()


def test_a_living_head_is_shown_as_it_shows_itself(serve, head, api, tmp_path):
    api.clusters = [ray_cluster("real", "ml", head.dashboard_port, auth={"mode": "token"})]
    api.secrets[("ml", "real")] = {"auth_token": TOKEN}
    pod = PodView(tmp_path, api, ["real-head-svc.ml.svc"])
    store = tmp_path / "store"
    store.mkdir()
    server = serve(store, wrapper=pod.wrapper, arguments=["--enable-live-clusters"], USE_AUTH_TOKEN_MODE="true", **pod.environment)
    head.wait_until_ready()
    live = "/c/ml/raycluster/real/live"
    wait_until(lambda: b"node_id" in server.ask(f"{live}/api/v0/nodes").body, "the dashboard to know its node", 60)

    (tmp_path / "job.py").write_text(JOB)
    # Side by side: each takes seconds to import Ray.
    with subprocess.Popen(
        [head.python.with_name("ray"), "list", "nodes", "--address", f"http://127.0.0.1:{server.port}{live}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as command:  # fmt: skip
        head.run_job(tmp_path / "job.py")
        listed, error = command.communicate(timeout=60)
    assert command.returncode == 0, error
    wait_until(lambda: b"SUCCEEDED" in server.ask(f"{live}/api/jobs/").body, "the job to be over")
    # Ray masks it for browsers alone, we for everybody.
    assert SECRET in str(ask_head(head, "/api/jobs/"))
    assert SECRET.encode() not in server.ask(f"{live}/api/jobs/").body
    for path in STEADY:
        through_us = server.ask(f"{live}{path}")
        ours = said(through_us.status, through_us.headers["Content-Type"], through_us.body)
        assert ours == ask_head(head, path, **A_BROWSER), path
    # A head's page would run on the address that all tenants share.
    page = server.ask(f"{live}/")
    assert (page.headers["Content-Type"], page.body) == ("text/plain; charset=utf-8", ask_head(head, "/", **A_BROWSER)[2])
    session = head.session.name
    latest = server.ask("/c/ml/raycluster/real/latest/")
    assert latest.headers["Location"] == f"../{session}/"
    named = f"/c/ml/raycluster/real/{session}"
    node = server.ask(f"{named}/api/v0/nodes").json()["data"]["result"]["result"][0]["node_id"]

    logs = f"node_id={node}&filename=raylet.out"
    whole = server.ask(f"{named}/api/v0/logs/file?{logs}&lines=-1").body
    assert whole == ask_head(head, f"/api/v0/logs/file?{logs}&lines=-1")[2] and b"raylet" in whole
    line = b"written while it is followed\n"
    reader = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    reader.sendall(f"GET {named}/api/v0/logs/stream?{logs}&lines=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    followed = b""
    with open(Path(head.session) / "logs" / "raylet.out", "ab") as log:
        while line not in followed:
            log.write(line)
            log.flush()
            followed += reader.recv(65536)
    reader.close()

    assert node in listed
    assert TOKEN not in server.log_path.read_text()
