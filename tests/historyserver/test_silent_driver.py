"""Session A, whose drivers exported no events, as our collector stored it: against what live said of it."""

import json

import pytest
from comparison import by_id, check
from history_server import SESSION_A

BASE = f"/c/default/raycluster/a/{SESSION_A}"
TASKS = "/api/v0/tasks?detail=1&limit=10000"


@pytest.fixture(scope="module")
def both(serve_for_module, recorded_a, recording_a):
    server = serve_for_module(recorded_a)

    def ask(path):
        recorded = recording_a / "dashboard" / path.removeprefix("/").replace("/", "__")
        answer = server.ask(f"{BASE}{path}")
        assert answer.status == 200, answer.text()
        return json.loads(recorded.read_text()), answer.json()

    return ask


def rows(body, key):
    return by_id(body["data"]["result"]["result"], key)


def tasks_of(body):
    return {(row["task_id"], row["attempt_number"]): row for row in body["data"]["result"]["result"]}


def is_over(row):
    return row["state"] in ("FINISHED", "FAILED")


def test_tasks_without_a_definition_are_told_by_their_workers(both):
    live, ours = map(tasks_of, both(TASKS))
    common = live.keys() & ours.keys()
    # One task of live's sent no event; what is more than live's, began after its answer.
    assert (len(live), len(live.keys() - ours.keys())) == (2265, 1)

    def right(same):
        return sum(same(live[key], ours[key]) for key in common)

    def of(column):
        return lambda one, other: one[column] == other[column]

    assert right(of("type")) == 2264
    assert right(of("name")) >= 2263
    assert right(of("job_id")) == 2264
    assert right(lambda one, other: (one["state"] == "FAILED") == (other["state"] == "FAILED")) == 2264
    assert right(lambda one, other: is_over(one) == is_over(other)) >= 2263
    assert right(of("worker_id")) >= 2258
    assert right(lambda one, other: abs((one["end_time_ms"] or 0) - (other["end_time_ms"] or 0)) <= 5) >= 2252


def test_no_task_of_a_job_that_is_over_still_runs(both):
    _, jobs = both("/api/jobs/")
    over = {job["job_id"] for job in jobs if job["status"] != "RUNNING"}
    assert "04000000" in over
    _, ours = both(TASKS)
    assert {row["state"] for row in ours["data"]["result"]["result"] if row["job_id"] in over} <= {"FINISHED", "FAILED"}


def test_nodes_and_actors(both):
    live, ours = both("/api/v0/nodes?limit=10000&detail=1")
    check(rows(live, "node_id"), rows(ours, "node_id"))
    live, ours = both("/api/v0/actors?detail=1&limit=10000")
    check(rows(live, "actor_id"), rows(ours, "actor_id"))


def test_workers(both):
    live, ours = (rows(body, "worker_id") for body in both("/api/v0/workers?detail=1&limit=10000"))
    drivers = {worker for worker in live if worker.endswith("f" * 48)}
    # Why a driver ended no event tells, and Ray's own send none.
    check({key: row for key, row in live.items() if key not in drivers},
          {key: row for key, row in ours.items() if key not in drivers})


def test_logs_are_listed_as_live(both):
    live, ours = both(f"/api/v0/logs?node_id=65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3")
    listed = ours["data"]["result"]
    for category, names in live["data"]["result"].items():
        # Empty folders are in no store.
        assert {name for name in names if not name.endswith("/")} <= set(listed[category]), category
