"""A session of which the store has a marker and what the dashboard answered, and nothing else."""

import json
import shutil

import pytest
from comparison import OF_RAYLETS, TIMES, anything, check, of_actors
from test_answers_against_live import Live, recorded, requests_of_tasks, rows_of  # noqa: F401  # fixture

TASKS = "/api/v0/tasks?detail=1&limit=10000"
FETCHED = (TASKS, "/logical/actors", "/nodes?view=summary", "/api/jobs/")
OF_DRIVERS = "exclude_driver=false"


@pytest.fixture(scope="module")
def live(recorded, tmp_path_factory):  # noqa: F811  # pytest's fixtures
    """What live said, and what ours says of a snapshot."""
    folder = tmp_path_factory.mktemp("snapshot")
    copy = shutil.copytree(recorded / "ray-2.60-session-b", folder / "ray-2.60-session-b")
    (session,) = (copy / "bucket").glob("cluster-history/rayjob/*/*/*/session_*")
    shutil.rmtree(session)
    (session / "fetched_endpoints").mkdir(parents=True)
    index = (copy / "dashboard" / "INDEX").read_text().splitlines()
    bodies = {request: copy / "dashboard" / f"{number}.body" for number, request, _ in (line.split("|") for line in index)}
    for request in FETCHED:
        shutil.copy(bodies[request], session / "fetched_endpoints" / f"restful__{request.strip('/').replace('/', '__')}")
    return Live(folder, [])


@pytest.mark.parametrize("request_", [request for request in requests_of_tasks() if OF_DRIVERS not in request])
def test_tasks(live, request_):
    one, other = live.both(request_)
    for body in (one, other):
        rows_of(body).sort(key=lambda row: (row["task_id"], row["attempt_number"]))
    check(one, other, [(r".*\.partial_failure_warning", anything)])


def test_tasks_by_function_and_by_lineage(live):
    warning = (r".*\.partial_failure_warning", anything)
    check(*live.both("/api/v0/tasks/summarize"), [warning])
    check(*live.both("/api/v0/tasks/summarize?summary_by=lineage"),
          [warning, (r".*\.summary\[2\]\.timestamp", lambda one, ours: 0 <= one - ours < 10)])


def test_timeline(live):
    one, other = live.both("/api/v0/tasks/timeline")
    for event in [*one, *other]:
        for key in ("ts", "dur"):
            if key in event:
                event[key] = round(event[key])
    check(one, other, [])


def test_actors(live):
    one, other = live.both("/logical/actors")
    alive = any(actor["state"] == "ALIVE" for actor in one["data"]["actors"].values())
    check(one, other, of_actors(r"\.data\.actors\.\w+", alive), times=TIMES)
    states = {row["actor_id"]: row["state"] for row in rows_of(json.loads(live.live["/api/v0/actors?detail=1&limit=10000"][1]))}
    ours = json.loads(live.ours["/api/v0/actors?detail=1&limit=10000"][1])
    assert {row["actor_id"]: row["state"] for row in rows_of(ours)} == states


def test_nodes(live):
    one, other = live.both("/nodes?view=summary")
    # How much was in use is read from the logs, which a snapshot has not.
    check(one, other, [(rf"\.data\.summary\[0\]\.{OF_RAYLETS}\b.*", anything), (r"\.data\.nodeLogicalResources\..*", anything)])
    one, other = live.both("/api/v0/nodes?detail=1")
    check(one, other, [(r".*\.partial_failure_warning", anything)])


def test_jobs(live):
    check(*live.both("/api/jobs/"))


def test_it_says_that_it_is_a_snapshot(live):
    warning = json.loads(live.ours[TASKS][1])["data"]["result"]["partial_failure_warning"]
    assert "when a snapshot was taken" in warning
