"""Clusters that run: the real program between a stand-in Kubernetes and a stand-in head.

What is stored is session B of cluster default/full, of RayJob myjob.
"""

import base64
import json
import os
import queue
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from history_server import PROGRAM
from kubernetes_api import KubernetesApi, make_certificates, ray_cluster
from live.ports import free_port
from live.waiting import wait_until
from pod_view import PodView
from running_head import RunningHead

STORED = "session_2026-11-23_03-25-19_402666_11"
RUNNING = "session_2026-11-24_03-25-19_402666_11"
JOBS = "/api/jobs/"
LIVE = "--enable-live-clusters"
HEADS_JOBS = [{"of": "the head"}]
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture
def api(certificates):
    server = KubernetesApi(certificates)
    yield server
    server.stop()


@pytest.fixture
def head():
    server = RunningHead(RUNNING)
    server.pages[JOBS] = HEADS_JOBS
    yield server
    server.stop()


@pytest.fixture
def pod(tmp_path, api):
    return PodView(tmp_path, api, ["full-head-svc.default.svc", "other-head-svc.ml.svc"])


@pytest.fixture
def in_pod(serve, recorded, pod):
    """Starts the History Server as a pod of the cluster has it."""

    def start(**settings):
        return serve(recorded, wrapper=pod.wrapper, arguments=[LIVE], **{**pod.environment, **settings})

    return start


def cookies_of(answer):
    return "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie"))


def base(session, kind="raycluster", name="full", namespace="default"):
    return f"/c/{namespace}/{kind}/{name}/{session}"


def warnings_of(server):
    lines = server.log_path.read_text().splitlines()
    return [line for line in lines if "level=warning" in line and "Kubernetes" in line]


def test_a_running_cluster_is_listed_entered_and_answered_for_by_its_head(in_pod, api, head):
    api.clusters = [
        ray_cluster("full", "default", head.port, owner=("RayJob", "myjob")),
        ray_cluster("sleeping", suspended=True),
        ray_cluster("other", "ml", head.port),
    ]
    server = in_pod()
    rows = server.ask("/clusters").json()
    assert rows[0] == {
        "name": "full",
        "namespace": "default",
        "sessionName": "live",
        "createTime": "2026-11-23 03:21:00 +0000 UTC",
        "createTimeStamp": 1795404060,
        "ownerKind": "rayjob",
        "ownerName": "myjob",
    }
    shown = [(row["name"], row["sessionName"]) for row in rows]
    assert shown == [("full", "live"), ("other", "live"), ("full", STORED)]

    for path in ("/enter_cluster/default/rayjob/myjob", "/enter_cluster/default/raycluster/full/live"):
        entered = server.ask(path)
        assert entered.json() == {"name": "full", "namespace": "default", "result": "success", "session": "live"}
    by_cookies = server.ask(JOBS, Cookie=cookies_of(entered))
    assert by_cookies.json() == HEADS_JOBS and "session_name=live" in cookies_of(by_cookies)
    named = server.ask(f"/enter_cluster/default/rayjob/myjob/{RUNNING}")
    assert named.json()["session"] == RUNNING
    assert server.ask(JOBS, Cookie=cookies_of(named)).json() == HEADS_JOBS

    for address in (base("live"), base(RUNNING), base("live", "rayjob", "myjob"), base(RUNNING, "rayjob", "myjob")):
        answer = server.ask(f"{address}{JOBS}?a=%2F")
        assert answer.json() == HEADS_JOBS and not answer.headers.get_all("Set-Cookie")
    # Of another namespace than ours.
    assert server.ask(f"{base('live', name='other', namespace='ml')}{JOBS}").json() == HEADS_JOBS
    assert ("GET", f"{JOBS}?a=%2F") in [(method, target) for method, target, _ in head.requests]

    latest = server.ask(f"{base('latest', 'rayjob', 'myjob')}{JOBS}?a=1")
    assert (latest.status, latest.headers["Location"]) == (307, f"../../../{RUNNING}{JOBS}?a=1")
    # What has ended is stored, also while the cluster runs another session.
    assert server.ask(f"{base(STORED)}{JOBS}").json() != HEADS_JOBS
    assert not warnings_of(server)


def test_without_live_clusters_a_running_session_is_shown_from_the_store(serve, bucket, pod, api, head):
    """KubeRay's default since 1.7.1: no cluster is asked, and neither is Kubernetes."""
    api.clusters = [ray_cluster("full", "default", head.port, owner=("RayJob", "myjob"))]
    (bucket / "cluster-metadata/rayjob/default_myjob_full" / RUNNING).touch()
    server = serve(bucket, wrapper=pod.wrapper, **pod.environment)
    assert [row["sessionName"] for row in server.ask("/clusters").json()] == [RUNNING, STORED]
    assert server.ask("/enter_cluster/default/rayjob/myjob").json()["session"] == RUNNING
    refused = [
        server.ask("/enter_cluster/default/raycluster/full/live"),
        server.ask(f"{base('live')}{JOBS}"),
        server.ask(JOBS, Cookie="cluster_name=full; cluster_namespace=default; session_name=live"),
    ]
    assert {(answer.status, "--enable-live-clusters" in answer.text()) for answer in refused} == {(403, True)}
    stored = server.ask(f"{base(RUNNING, 'rayjob', 'myjob')}{JOBS}")
    assert (stored.status, stored.json()) == (200, [])
    assert not api.requests and not head.requests


def live_rows(server):
    return [row["name"] for row in server.ask("/clusters").json() if row["sessionName"] == "live"]


def soon(condition, what):
    """Within the second that KubeRay's end-to-end tests give it; more where the machine is busy."""
    wait_until(condition, what, 5)


def test_what_kubernetes_changes_shows_at_once_and_nobody_asks_for_it(in_pod, api, head):
    api.clusters = [ray_cluster("full", "default", head.port), ray_cluster("other", "ml", head.port)]
    server = in_pod()
    wait_until(lambda: api.watches == 1, "the watch")
    asked = len(api.requests)
    assert live_rows(server) == ["full", "other"]
    api.clusters = [api.clusters[0]]
    soon(lambda: live_rows(server) == ["full"], "the cluster that was deleted to go")
    assert server.ask(f"{base('live', name='other', namespace='ml')}{JOBS}").status == 404
    api.clusters = [*api.clusters, ray_cluster("newer", "ml", head.port)]
    soon(lambda: live_rows(server) == ["full", "newer"], "the new cluster")
    api.clusters = [api.clusters[0], ray_cluster("newer", "ml", head.port, suspended=True)]
    soon(lambda: live_rows(server) == ["full"], "the suspended cluster to go")
    for _ in range(50):
        server.ask("/clusters")
        server.ask(f"{base('live')}{JOBS}")
    assert len(api.requests) == asked
    assert not warnings_of(server)


def test_a_watch_that_expired_begins_with_a_new_list(in_pod, api, head):
    server = in_pod()
    wait_until(lambda: api.watches == 1, "the watch")
    api.watches_expire = True
    api.clusters = [ray_cluster("full", "default", head.port)]
    soon(lambda: live_rows(server) == ["full"], "the list")
    api.watches_expire = False
    wait_until(lambda: api.watches == 1, "the next watch")
    api.clusters = []
    soon(lambda: live_rows(server) == [], "the cluster to go")


def test_an_api_server_that_is_away_for_a_moment_changes_nothing(in_pod, api, head):
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    wait_until(lambda: api.watches == 1, "the watch")
    api.away.set()
    wait_until(lambda: api.watches == 0, "the watch to break off")
    wait_until(lambda: warnings_of(server), "the warning")
    assert live_rows(server) == ["full"]
    assert server.ask(f"{base('live')}{JOBS}").json() == HEADS_JOBS
    api.clusters = []
    api.away.clear()
    wait_until(lambda: live_rows(server) == [], "the watch to go on", 20)
    wait_until(lambda: "Kubernetes answers again" in server.log_path.read_text(), "the log to say so", 20)
    assert len(warnings_of(server)) == 1


def test_without_the_right_to_watch_clusters_are_asked_for(in_pod, api, head):
    api.clusters = [ray_cluster("full", "default", head.port)]
    api.forbidden = {"watch"}
    server = in_pod()
    wait_until(lambda: warnings_of(server), "the warning")
    (warning,) = warnings_of(server)
    assert "the right to watch rayclusters" in warning
    assert live_rows(server) == ["full"]
    assert server.ask(f"{base('live')}{JOBS}").json() == HEADS_JOBS


def test_only_headers_of_the_content_pass(in_pod, api, head):
    """A head belongs to a tenant: it gets no sign-in of the visitor, and changes nothing in the browser."""

    def echo(handler):
        handler.send_response(203)
        for name, value in (
            ("Content-Disposition", "attachment"),
            ("Set-Cookie", "session_name=mine"),
            ("Clear-Site-Data", '"*"'),
            ("Service-Worker-Allowed", "/"),
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "max-age=31536000"),
            ("Content-Security-Policy", "default-src *"),
            ("Content-Type", "text/html"),
            ("Content-Length", "25"),
        ):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(b"<script>alert(1)</script>" if handler.command == "GET" else b"")

    head.pages["/echo"] = echo
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    for method in ("GET", "HEAD"):
        answer = server.ask(
            f"{base('live')}/echo",
            method,
            Accept="a/b",
            X_Ray_Authorization="Bearer ray",
            Authorization="Bearer mine",
            Cookie="_oauth2_proxy=secret",
            X_Forwarded_For="10.0.0.1",
            X_Forwarded_Access_Token="secret",
            Referer="http://history/",
            Upgrade="websocket",
        )
        assert answer.status == 203 and answer.headers["Content-Length"] == "25"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        for refused in ("Set-Cookie", "Clear-Site-Data", "Service-Worker-Allowed", "Access-Control-Allow-Origin"):
            assert refused not in answer.headers
    for received in head.asked("/echo"):
        names = {name.lower() for name in received}
        assert names == {"host", "user-agent", "accept", "accept-encoding", "x-ray-authorization", "sec-fetch-site"}
        assert received["Host"] == f"full-head-svc.default.svc:{head.port}"


def test_a_redirect_of_the_head_leads_nowhere(in_pod, api, head):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", "https://elsewhere.example/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    head.pages["/elsewhere"] = elsewhere
    api.clusters = [ray_cluster("full", "default", head.port)]
    answer = in_pod().ask(f"{base('live')}/elsewhere")
    assert answer.status == 502 and "Location" not in answer.headers
    assert "redirect" in answer.text()


def test_a_head_cannot_be_at_an_address_of_the_server_itself(in_pod, api, head):
    """A tenant's Service may be a name for any host (ExternalName)."""
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod(LIVE_CLUSTER_NETWORKS="")
    answer = server.ask(f"{base('live')}{JOBS}")
    assert answer.status == 502
    assert "the address 127.0.0.1 is not allowed: it means this machine" in answer.text()
    assert not head.asked(JOBS)


@pytest.mark.parametrize("case", ["absent", "this session", "another session", "suspended", "API server down"])
def test_a_session_of_a_name_is_the_heads_only_while_it_runs_it(in_pod, api, head, case):
    if case != "absent":
        api.clusters = [ray_cluster("full", "default", head.port, suspended=case == "suspended")]
    if case != "another session":
        head.session = STORED
    if case == "API server down":
        api.stop()
    server = in_pod()
    for _ in range(3):
        jobs = server.ask(f"{base(STORED)}{JOBS}")
        assert jobs.status == 200
        assert (jobs.json() == HEADS_JOBS) == (case == "this session")
        assert [row["sessionName"] for row in server.ask("/clusters").json()][-1] == STORED
    # Whatever is stored of it; there is no head.
    if case in ("absent", "suspended"):
        assert server.ask(f"{base('live')}{JOBS}").headers["Location"] == f"../../../{STORED}{JOBS}"
    assert len(warnings_of(server)) == (2 if case == "API server down" else 0)  # to get one, to list all


def test_a_head_that_is_away_is_told_from_what_is_stored(in_pod, api):
    nobody = free_port()
    api.clusters = [
        ray_cluster("full", "default", nobody),
        ray_cluster("other", "ml", nobody),
        ray_cluster("new", "ml", service=""),
    ]
    server = in_pod()
    for answer in (
        server.ask(f"{base('live')}{JOBS}"),
        server.ask(JOBS, Cookie="cluster_name=full; cluster_namespace=default; session_name=live"),
    ):
        assert answer.status == 502 and "full-head-svc.default.svc" in answer.text()
    not_ready = server.ask(f"{base('live', name='new', namespace='ml')}{JOBS}")
    assert (not_ready.status, not_ready.text()) == (400, "RayCluster head service not ready")
    assert server.ask(f"{base(STORED)}{JOBS}").status == 200
    assert server.ask(f"{base('latest')}{JOBS}").headers["Location"] == f"../../../{STORED}{JOBS}"
    assert server.ask(f"{base('latest', name='other', namespace='ml')}{JOBS}").status == 404


@pytest.mark.parametrize("serving", ["full", "other"])
def test_during_an_upgrade_a_rayservice_is_the_cluster_that_serves(serve, recorded, tmp_path, api, head, serving):
    """Two clusters of one RayService live: the links to it lead to the active one, and change with it."""
    newer = RunningHead("session_2026-11-25_03-25-19_402666_11")
    newer.pages[JOBS] = [{"of": "the newer head"}]
    try:
        of_service = ("RayService", "a-service")
        api.clusters = [ray_cluster("full", "ml", head.port, owner=of_service), ray_cluster("other", "ml", newer.port, owner=of_service)]
        api.services[("ml", "a-service")] = {"active": serving, "pending": {"full": "other", "other": "full"}[serving]}
        pod = PodView(tmp_path, api, ["full-head-svc.ml.svc", "other-head-svc.ml.svc"])
        server = serve(recorded, wrapper=pod.wrapper, arguments=[LIVE], **pod.environment)
        jobs = {"full": HEADS_JOBS, "other": newer.pages[JOBS]}
        assert server.ask(f"{base('live', 'rayservice', 'a-service', 'ml')}{JOBS}").json() == jobs[serving]
        entered = server.ask("/enter_cluster/ml/rayservice/a-service")
        assert entered.json()["session"] == "live"
        assert server.ask(JOBS, Cookie=cookies_of(entered)).json() == jobs[serving]
        assert not warnings_of(server)
    finally:
        newer.stop()


def test_without_the_right_to_read_rayservices_a_cluster_that_answers_is_shown(serve, recorded, tmp_path, api, head):
    api.clusters = [ray_cluster(name, "ml", head.port, owner=("RayService", "a-service")) for name in ("full", "other")]
    api.forbidden = {"services"}
    pod = PodView(tmp_path, api, ["full-head-svc.ml.svc", "other-head-svc.ml.svc"])
    server = serve(recorded, wrapper=pod.wrapper, arguments=[LIVE], **pod.environment)
    for _ in range(3):
        assert server.ask(f"{base('live', 'rayservice', 'a-service', 'ml')}{JOBS}").json() == HEADS_JOBS
    log = server.log_path.read_text()
    assert log.count("a RayService cannot be read") == 1 and "rayservices.ray.io is forbidden" in log


def test_what_kubernetes_refuses_is_said_once_and_the_rest_goes_on(in_pod, api, head):
    api.clusters = [ray_cluster("full", "default", head.port)]
    api.forbidden = {"list"}
    server = in_pod()
    for _ in range(3):
        assert [row["sessionName"] for row in server.ask("/clusters").json()] == [STORED]
        assert server.ask(f"{base('live')}{JOBS}").json() == HEADS_JOBS
    (warning,) = warnings_of(server)
    assert "403" in warning and "cannot list resource" in warning

    api.forbidden = {"list", "get"}
    fresh = in_pod()
    assert fresh.ask(f"{base(STORED)}{JOBS}").status == 200
    unknown = fresh.ask(f"{base('live', name='other', namespace='ml')}{JOBS}")
    assert unknown.status == 502 and "cannot get resource" in unknown.text()


def test_nothing_but_reading_reaches_a_head(in_pod, api, head):
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    cookies = "cluster_name=full; cluster_namespace=default; session_name=live"
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert server.ask(f"{base('live')}{JOBS}", method).status == 405
        assert server.ask(JOBS, method, Cookie=cookies).status == 405
    # Of Ray before 2.50: kills by GET.
    assert server.ask("/api/actors/kill?actor_id=ab", Cookie=cookies).status == 405
    for path in (
        "/api/v0/logs/file?node_id=ab&filename=../../etc/passwd",
        "/api/v0/logs/stream?node_id=ab&filename=/etc/passwd",
        "/api/v0/logs/file",
        "/%2e%2e/%2e%2e/secrets",
        "/a/..%2f..%2fb",
    ):
        assert server.ask(f"{base('live')}{path}").status == 400
        assert server.ask(path, Cookie=cookies).status == 400
    assert not [target for _, target, _ in head.requests if target != "/api/version"]


def test_a_log_that_is_followed_comes_as_it_is_written_and_ends_with_its_reader(in_pod, api, head):
    said = queue.Queue()
    gone = threading.Event()

    def follow(handler):
        handler.begin_chunks()
        try:
            while True:
                try:
                    handler.send_chunk(said.get(timeout=0.05))
                except queue.Empty:
                    # A reader that has left is noticed by its connection's end.
                    handler.connection.setblocking(False)
                    try:
                        if handler.connection.recv(1) == b"":
                            return gone.set()
                    except BlockingIOError:
                        pass
                    finally:
                        handler.connection.setblocking(True)
        except OSError:
            gone.set()

    head.pages["/api/v0/logs/stream"] = follow
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    reader = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    path = f"{base('live')}/api/v0/logs/stream?node_id=ab&filename=raylet.out"
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    received = b""
    for line in (b"first\n", b"second\n", b"third\n"):
        said.put(line)
        while not received.endswith(line + b"\r\n"):
            received += reader.recv(4096)
    # Others are answered meanwhile; and when the reader goes, so does the request to the head, though nothing is said.
    assert server.ask(f"{base('live')}{JOBS}").json() == HEADS_JOBS
    reader.close()
    assert gone.wait(30)


def peak_memory_bytes(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


def test_a_body_of_any_size_goes_through_as_fast_as_it_is_taken(in_pod, api, head):
    size = 512 * MEBIBYTE
    piece = os.urandom(MEBIBYTE)
    sent = {"bytes": 0}

    def huge(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        sent["bytes"] = 0
        try:
            while sent["bytes"] < size:
                handler.wfile.write(piece)
                sent["bytes"] += len(piece)
        except OSError:
            sent["bytes"] = -1

    head.pages["/huge"] = huge
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    target = f"GET {base('live')}/huge HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()

    lazy = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    lazy.sendall(target)
    assert lazy.recv(1)
    seen = []

    def stands_still():
        seen.append(sent["bytes"])
        return len(seen) > 10 and seen[-1] > 0 and len(set(seen[-10:])) == 1

    wait_until(stands_still, "the head to be held up by a reader that takes nothing")
    assert 0 < sent["bytes"] < size / 4
    lazy.close()
    wait_until(lambda: sent["bytes"] == -1, "the head to see that its reader has left")

    whole = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    whole.sendall(target)
    reader = whole.makefile("rb", buffering=MEBIBYTE)
    while reader.readline() != b"\r\n":
        pass
    for _ in range(size // MEBIBYTE):
        assert reader.read(MEBIBYTE) == piece
    assert reader.read() == b""
    assert peak_memory_bytes(server.process) < 64 * MEBIBYTE


def test_a_body_that_breaks_off_does_not_look_whole(in_pod, api, head):
    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 500)
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    head.pages["/half"] = half
    api.clusters = [ray_cluster("full", "default", head.port)]
    server = in_pod()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(f"GET {base('live')}/half HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    everything = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"Content-Length: 1000" in everything and everything.count(b"x" * 500) == 1
    assert not everything.endswith(b"x" * 501)


def test_the_service_accounts_token_is_read_anew(in_pod, api, head, pod):
    api.clusters = [ray_cluster("full", "default", head.port), ray_cluster("other", "ml", head.port)]
    server = in_pod()
    assert server.ask(f"{base('live')}{JOBS}").json() == HEADS_JOBS
    pod.rotate("next-token")
    api.tokens = {"next-token"}
    assert server.ask(f"{base('live', name='other', namespace='ml')}{JOBS}").json() == HEADS_JOBS
    assert not warnings_of(server)


def test_with_token_mode_each_head_is_shown_its_own_token(in_pod, api, head):
    head.token = "s3cret-of-ray"
    head.pages["/page"] = lambda handler: handler.send_json({"the": "page"})
    api.clusters = [ray_cluster("full", "default", head.port, auth={"mode": "token"})]
    api.secrets[("default", "full")] = {"auth_token": head.token}
    server = in_pod(USE_AUTH_TOKEN_MODE="true", LOG_LEVEL="debug")
    theirs = {"Authorization": "Bearer theirs", "X-Ray-Authorization": "Bearer theirs"}
    seen = [server.ask(f"{base(session)}/page", **theirs) for session in ("live", RUNNING)]
    assert [answer.json() for answer in seen] == [{"the": "page"}] * 2
    for received in head.asked("/page"):
        assert received["x-ray-authorization"] == f"Bearer {head.token}"
        assert "Authorization" not in received and "theirs" not in str(received)

    # A new token counts at once.
    head.token = "an0ther-token"
    seen.append(server.ask(f"{base('live')}/page"))
    assert seen[-1].status == 401
    api.secrets[("default", "full")] = {"auth_token": head.token}
    assert server.ask(f"{base('live')}/page").json() == {"the": "page"}

    for secret, expected in ((None, "404"), ({}, "auth_token"), ({"auth_token": ""}, "empty")):
        api.secrets = {} if secret is None else {("default", "full"): secret}
        seen.append(server.ask(f"{base('live')}/page"))
        assert seen[-1].status == 500 and expected in seen[-1].text()
    api.clusters[0]["spec"]["authOptions"]["enableK8sTokenAuth"] = True
    seen.append(server.ask(f"{base('live')}/page"))
    assert seen[-1].status == 500 and "not supported" in seen[-1].text()
    # What is stored needs no token.
    assert server.ask(f"{base(STORED)}{JOBS}").status == 200

    told = server.log_path.read_text() + "".join(f"{answer.headers}{answer.text()}" for answer in seen)
    for secret in ("s3cret-of-ray", "an0ther-token", "pod-token"):
        assert secret not in told and base64.b64encode(secret.encode()).decode() not in told


def kubeconfig(folder, api, user, authority="ca.crt"):
    """In JSON, which is YAML as well."""
    path = Path(folder) / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{api.port}", "certificate-authority": str(api.certificates / authority)}
    path.write_text(
        json.dumps(
            {
                "current-context": "dev",
                "contexts": [{"name": "dev", "context": {"cluster": "here", "user": "me"}}],
                "clusters": [{"name": "here", "cluster": cluster}],
                "users": [{"name": "me", "user": user}],
            }
        )
    )
    return str(path)


@pytest.mark.parametrize("user", ["token", "certificate"])
def test_from_outside_heads_are_reached_through_the_api_server(serve, recorded, tmp_path, api, head, user):
    api.clusters = [ray_cluster("full", "default", service="svc"), ray_cluster("other", "ml")]
    api.heads[("default", "svc")] = head.port
    signs_in = {
        "token": {"token": "pod-token"},
        "certificate": {
            "client-certificate": str(api.certificates / "client.crt"),
            "client-key": str(api.certificates / "client.key"),
        },
    }[user]
    config = kubeconfig(tmp_path, api, signs_in)
    server = serve(recorded, arguments=[LIVE], USE_KUBERNETES_PROXY="true", KUBECONFIG=config)
    assert server.ask("/clusters").json()[0]["sessionName"] == "live"
    powers = {"Authorization": "Bearer theirs", "Impersonate-User": "admin", "X-Remote-User": "admin"}
    assert server.ask(f"{base(RUNNING)}{JOBS}?a=1", **powers).json() == HEADS_JOBS
    proxied = api.asked(f"/api/v1/namespaces/default/services/svc:dashboard/proxy{JOBS}")
    assert len(proxied) == 1 and not powers.keys() & (proxied[0].keys() - {"Authorization"})
    assert proxied[0].get("Authorization") == ("Bearer pod-token" if user == "token" else None)
    # The API server knows nobody behind that service.
    assert server.ask(f"{base('live', name='other', namespace='ml')}{JOBS}").status == 503
    assert server.ask(f"{base('latest', name='other', namespace='ml')}{JOBS}").status == 404


def test_an_api_server_that_is_not_vouched_for_is_told_nothing(serve, recorded, tmp_path, api, head):
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    make_certificates(strangers)
    config = kubeconfig(tmp_path, api, {"token": "pod-token"}, authority=strangers / "ca.crt")
    server = serve(recorded, arguments=[LIVE], KUBECONFIGS=config)
    assert [row["sessionName"] for row in server.ask("/clusters").json()] == [STORED]
    assert not api.requests
    (warning,) = warnings_of(server)
    assert "certificate-authority" in warning and config in warning


def test_settings_that_cannot_work_end_it(recorded, tmp_path, api):
    config = kubeconfig(tmp_path, api, {"exec": {"command": "aws"}})
    for settings, expected in (
        ({"KUBECONFIGS": config}, f"{config}: exec is not supported"),
        ({"KUBECONFIGS": f"{config},{config}"}, "one file"),
        ({"USE_KUBERNETES_PROXY": "true", "HOME": str(tmp_path)}, f"{tmp_path}/.kube/config"),
    ):
        environment = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(recorded), **settings}
        ended = subprocess.run([PROGRAM, LIVE], env=environment, capture_output=True, text=True, timeout=20, check=False)
        assert ended.returncode == 2 and expected in ended.stderr
