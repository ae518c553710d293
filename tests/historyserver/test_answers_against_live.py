"""What the History Server says of a stored session against what the live dashboard said of it.

The session is tests/data/ray-2.60-session-b.tar.gz: its bucket is as KubeRay's collector left it, and 118 requests were
answered by the live dashboard just before its end. Each is asked again, and compared as JSON, field by field. What may
differ is listed here, with the reason; anything else is a mistake.

Needs RAYHISTORY_BIN_DIR, the folder with the program answer_for_test.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from comparison import LATE_TASK, SECOND_START, TIMES, anything, by_id, check, masked, of_actors, of_nodes
from recorded_dashboard import recorded_answers

ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "ray-2.60-session-b.tar.gz"
# Logs are answered by another part, compared in its own tests.
OF_LOGS = re.compile(r"/api/v0/logs|/api/jobs/[^/]+/logs")


class Live:
    """The recorded answers, and ours to the same requests."""

    def __init__(self, folder, left_out):
        recorded = folder / "ray-2.60-session-b"
        self.live = recorded_answers(recorded / "dashboard")
        bucket = recorded / "bucket"
        session = next(bucket.glob("cluster-history/rayjob/*/*/*/session_*"))
        asked = "".join(f"{request}\n" for request in self.live)
        done = subprocess.run(
            [Path(os.environ["RAYHISTORY_BIN_DIR"]) / "answer_for_test", bucket, f"{session.relative_to(bucket)}/",
             session.name, *left_out],
            input=asked.encode(), capture_output=True, check=True, timeout=60,
        )
        self.ours, self.types, rest = {}, {}, done.stdout
        for request in self.live:
            head, _, rest = rest.partition(b"\n")
            status, size, self.types[request] = head.decode().split(" ", 2)
            self.ours[request] = int(status), rest[:int(size)].decode()
            rest = rest[int(size) + 1:]
        assert rest == b""

    def both(self, request):
        """Both bodies as JSON, after both were 200."""
        (live_status, live), (status, ours) = self.live[request], self.ours[request]
        assert (live_status, status) == (200, 200), ours
        return json.loads(live), json.loads(ours)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def live(recorded):
    return Live(recorded, [SECOND_START, LATE_TASK])


def rows_of(body):
    return body["data"]["result"]["result"]


def requests_of_tasks():
    with tarfile.open(ARCHIVE) as archive:
        index = archive.extractfile("ray-2.60-session-b/dashboard/INDEX").read().decode()
    for line in index.splitlines():
        _, request, outcome = line.split("|")
        if re.match(r"/api/v0/tasks(\?|$)", request) and outcome.startswith("200"):
            yield request


DRIVERS_TOO = "/api/v0/tasks?detail=1&limit=10000&exclude_driver=false"
# The drivers of Ray itself went on after the answer.
OF_DRIVERS = [
    (r".*\.profiling_data\.events", lambda one, other: len(one) < len(other) and other[:len(one)] == one),
]


@pytest.mark.parametrize("request_", list(requests_of_tasks()))
def test_tasks(live, request_):
    one, other = live.both(request_)
    # Attempts of one task come in no order, live.
    for body in (one, other):
        rows_of(body).sort(key=lambda row: (row["task_id"], row["attempt_number"]))
    check(one, other, OF_DRIVERS if request_ == DRIVERS_TOO else [])


def test_a_restarted_actors_second_start_is_shown(recorded):
    ours = Live(recorded, [])
    request = "/api/v0/tasks?detail=1&limit=10000"
    rows = [row for row in rows_of(json.loads(ours.ours[request][1])) if f"{row['task_id']}:{row['attempt_number']}" == SECOND_START]
    assert [(row["name"], row["type"], row["state"]) for row in rows] == [
        ("counter:A.__init__", "ACTOR_CREATION_TASK", "FINISHED")]


@pytest.mark.parametrize("request_", [
    "/api/v0/tasks/summarize", "/api/v0/actors/summarize",
    "/api/v0/nodes?detail=1", "/api/v0/placement_groups?detail=1&limit=10000", "/nodes?view=hostNameList",
    "/events?job_id=01000000", "/timezone", "/api/v0/cluster_metadata", "/api/v0/runtime_env_redaction",
    "/api/authentication_mode", "/api/serve/applications/", "/logical/actors/deadbeef", "/nodes/deadbeef",
    "/api/data/datasets/01000000"])
def test_equal(live, request_):
    check(*live.both(request_))


def test_lineage(live):
    # A task's time is its first attempt's; live it is that of whichever comes last of a list without order.
    check(*live.both("/api/v0/tasks/summarize?summary_by=lineage"),
          [(r".*\.summary\[2\]\.timestamp", lambda one, ours: 0 <= one - ours < 10)])


def test_events(live):
    check(*live.both("/events"))


def test_timeline(live):
    one, other = live.both("/api/v0/tasks/timeline")
    for event in [*one, *other]:
        for key in ("ts", "dur"):
            if key in event:
                event[key] = round(event[key])
    check(one, other, [])


def rows_by(live, request, key):
    one, other = live.both(request)
    return by_id(rows_of(one), key), by_id(rows_of(other), key)


def test_actors(live):
    # The exception itself, in Python's serialization, is left out: nothing shows it.
    check(*rows_by(live, "/api/v0/actors?detail=1&limit=10000", "actor_id"),
          [(r".*\.serialized_exception", lambda one, other: other == "absent")])


def test_workers(live):
    one, other = rows_by(live, "/api/v0/workers?detail=1&limit=10000", "worker_id")
    # Ray's own drivers export no events.
    for job in ("01000000", "03000000", "05000000", "06000000"):
        del one[job.ljust(56, "f")]
    # Drivers send no worker event: their times are the job's, and why they ended is not told.
    driver = r"\.0\d000000f{48}"
    check(one, other, [
        (driver + r"\.(start|end)_time_ms", lambda live_ms, ours: 0 <= ours - live_ms < 5),
        (driver + r"\.exit_(type|detail)", lambda _, ours: ours is None),
    ])


# What no event tells of a submitted job; the collector may fetch it. Ours says more of a driver's node.
OF_JOBS = [
    (r".*(driver_agent_http_address|driver_exit_code|message|error_type)", lambda _, ours: ours is None),
    (r".*(start|end)_time", lambda one, ours: abs(one - ours) < 200),
    (r".*driver_node_id", lambda one, ours: one is None),
]


@pytest.mark.parametrize("request_,allowed", [
    ("/api/v0/jobs?detail=1", OF_JOBS), ("/api/v0/jobs", OF_JOBS[:1]), ("/api/jobs/", OF_JOBS),
    ("/api/jobs/raysubmit_ok", OF_JOBS[:2])])
def test_jobs(live, request_, allowed):
    check(*live.both(request_), allowed)


@pytest.mark.parametrize("request_", ["/logical/actors"] + [f"/logical/actors/{actor}" for actor in (
    "1e0366add19e7764fbd94ad802000000", "226a544df9b1ff55277ff50903000000", "7273d476c7de563da300df5505000000",
    "7b88651e4785949c5c446ae802000000", "97bc59a4623ebc67a109b46602000000", "fad58717f1d165d0d390453a03000000")])
def test_actor_pages(live, request_):
    one, other = live.both(request_)
    actors = "actors\\.\\w+" if request_ == "/logical/actors" else "detail"
    body = one["data"]["actors"].values() if request_ == "/logical/actors" else [one["data"]["detail"]]
    alive = any(actor["state"] == "ALIVE" for actor in body)
    check(one, other, of_actors(rf"\.data\.{actors}", alive), times=TIMES)


@pytest.mark.parametrize("request_,node", [
    ("/nodes?view=summary", r"\.data\.summary\[0\]"),
    ("/nodes/b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607", r"\.data\.detail")])
def test_node_pages(live, request_, node):
    one, other = live.both(request_)
    for body in (one, other):
        # Compared above, and what processes there were is not known.
        body["data"].get("detail", {}).pop("actors", None)
        body["data"].get("detail", {}).pop("workers", None)
    check(one, other, of_nodes(node))


def test_workers_of_a_node(live):
    one, other = live.both("/nodes/b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607")
    alive = {worker["pid"]: worker["coreWorkerStats"][0]["workerId"] for worker in one["data"]["detail"]["workers"]
             if worker["coreWorkerStats"] and worker["coreWorkerStats"][0]["workerType"] == "WORKER"}
    assert alive == {worker["pid"]: worker["coreWorkerStats"][0]["workerId"]
                     for worker in other["data"]["detail"]["workers"]}


def test_cluster_status(live):
    one, other = (body["data"]["clusterStatus"].splitlines() for body in live.both("/api/cluster_status?format=1"))
    # Ours is of the session's end, and knows idle nodes; what waits outside of Ray is in no event.
    assert other[0].startswith("======== Autoscaler status: 2026-11-23 03:2")
    assert [line for line in other[1:] if line not in ("Idle:", " (no idle nodes)")] == [
        " (not recorded)" if line in (" (no pending nodes)", " (none)") else line for line in one[1:]]


def test_runtime_envs(live):
    one, other = live.both("/api/v0/runtime_envs?detail=1")
    # Of one environment live had two uses at that time; ours are all that there ever were, and how long each took is unknown.
    (known,) = masked(rows_of(one))
    ours = {json.dumps(row["runtime_env"]): row for row in rows_of(other)}
    row = ours[json.dumps(known["runtime_env"])]
    assert row == {"runtime_env": known["runtime_env"], "node_id": known["node_id"], "success": True,
                   "creation_time_ms": None, "ref_cnt": None, "error": None}


def test_constants(live):
    for request, differ in {
        "/api/version": {"ray_commit"}, "/api/ray/version": {"ray_commit"},
        "/api/profiling_enabled": {"pyspyNativeSupported"}, "/usage_stats_enabled": {"usageStatsPromptEnabled"},
        "/cluster_id": {"clusterId"}, "/api/component_activities": {"timestamp", "last_activity_at"},
        "/api/v0/objects?detail=1": {"warnings[0]", "partial_failure_warning"},
        "/api/v0/objects/summarize": {"warnings[0]", "partial_failure_warning", "callsite_enabled"},
        "/api/cluster_status": {"autoscalingStatus", "clusterStatus"},
    }.items():
        check(*live.both(request), [(rf".*\.{re.escape(name)}", anything) for name in differ])


def test_what_the_collector_fetched_fills_what_no_event_tells(recorded, tmp_path):
    """Ours fetches more than KubeRay's: with that, jobs, hosts' figures and the cluster's status are live's own."""
    shutil.copytree(recorded / "ray-2.60-session-b", tmp_path / "ray-2.60-session-b")
    (fetched,) = (tmp_path / "ray-2.60-session-b" / "bucket").glob("**/fetched_endpoints")
    plain = Live(recorded, [])
    for request in ("/api/jobs/", "/nodes?view=summary", "/api/cluster_status?format=1"):
        (fetched / f"restful__{request.strip('/').replace('/', '__')}").write_bytes(plain.live[request][1])
    filled = Live(tmp_path, [])
    node_of_driver = OF_JOBS[-1]
    check(*filled.both("/api/jobs/"), [node_of_driver])
    check(*filled.both("/api/v0/jobs?detail=1"), [node_of_driver])
    check(*filled.both("/api/cluster_status?format=1"))
    check(*filled.both("/nodes?view=summary"), of_nodes(r"\.data\.summary\[0\]", figures=None))


@pytest.mark.parametrize("request_,status", [
    ("/api/v0/tasks?filter_keys=bogus&filter_predicates=%3D&filter_values=x", 400),
    ("/api/v0/tasks?filter_keys=state&filter_predicates=%3E&filter_values=x", 400),
    ("/api/v0/tasks?limit=10001", 400), ("/api/v0/tasks?limit=-1", 400), ("/api/v0/tasks?limit=abc", 400),
    # Live fails inside, 500: the mistake is the client's.
    ("/api/v0/tasks?filter_keys=state", 400), ("/api/v0/tasks/summarize?summary_by=bogus", 400),
    ("/nodes?view=bogus", 400),
    # KubeRay's name of a column.
    ("/api/v0/tasks?filter_keys=task_name&filter_predicates=%3D&filter_values=f", 200),
    # Live fails inside once both kinds of events are there.
    ("/api/v0/cluster_events", 200),
    ("/api/v0/platform_events", 404), ("/api/v0/bogus", 404),
    # A 404 would let Ray's proxy show another cluster's job.
    ("/api/jobs/99000000", 410),
    ("/api/train/v2/runs/v1", 501), ("/api/gcs_healthz", 501)])
def test_status(live, request_, status):
    assert live.ours[request_][0] == status
    if status == 400:
        body = json.loads(live.ours[request_][1])
        assert body["result"] is False and body["msg"]


def test_content_types(live, recorded):
    index = (recorded / "ray-2.60-session-b" / "dashboard" / "INDEX").read_text().splitlines()
    types = {request: outcome.split(" ", 2)[2] for _, request, outcome in (line.split("|") for line in index)
             if outcome.startswith("200")}
    of_both = [request for request in types if live.ours[request][0] == 200 and not OF_LOGS.match(request)]
    assert len(of_both) > 50
    assert {request: live.types[request] for request in of_both} == {request: types[request] for request in of_both}


def test_every_recorded_request_is_compared(live):
    source = Path(__file__).read_text()
    assert [request for request in live.live if request not in source and not OF_LOGS.match(request)
            and request not in requests_of_tasks() and not request.startswith("/logical/actors/")] == []
