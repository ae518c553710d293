"""`collector --snapshot`: a session out of one look at a dashboard."""

import pytest
from harness.collector import run_collector
from harness.dashboard import JOBS, METADATA, NODES, PLACEMENT_GROUPS, SERVE, STATUS, TIMEZONE, TRAIN
from harness.node import SESSION
from harness.stores import on_every_store
from test_dashboard import fetched, key_of, sent

TASKS = "/api/v0/tasks?detail=1&limit=10000"
ACTORS = "/logical/actors"
ALL = (TASKS, ACTORS, JOBS, SERVE, PLACEMENT_GROUPS, NODES, STATUS, TRAIN, METADATA, TIMEZONE)


def node(session=SESSION, state="ALIVE"):
    return {"raylet": {"nodeId": "ab", "state": state, "sessionDir": f"/tmp/ray/{session}"}}


@pytest.fixture
def running(dashboard):
    dashboard.set_healthy()
    dashboard.answers[NODES] = {"data": {"summary": [node("session_of_a_dead_node", "DEAD"), node()]}}
    dashboard.answers[TASKS] = {"data": {"result": {"total": 1, "result": [{"task_id": "cd"}]}}}
    dashboard.answers[ACTORS] = {"data": {"actors": {}}}
    return dashboard


def snapshot(store, dashboard, **settings):
    needed = {"RAY_CLUSTER_NAME": "test", "RAY_DASHBOARD_ADDRESS": dashboard.address}
    return run_collector("--snapshot", **{**needed, **store.environment, **settings})


@on_every_store
def test_each_answer_and_the_marker_are_stored(store, running):
    running.answers["/api/extra"] = {"extra": 1}
    run = snapshot(store, running, RAY_COLLECTOR_ADDITIONAL_ENDPOINTS="/api/extra")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith(f"snapshot of {SESSION}\n")
    assert "note:" not in run.stdout
    expected = {key_of(endpoint): sent(running.answers[endpoint]) for endpoint in (*ALL, "/api/extra")}
    assert fetched(store) == expected
    markers = [key for key in store.stored.sizes() if key.startswith("cluster-metadata/")]
    assert markers == [f"cluster-metadata/raycluster/default_test/{SESSION}"]
    assert len(store.stored.sizes()) == len(expected) + 1


def test_a_ray_without_a_run_of_train_is_nothing_to_note(folder_store, running):
    del running.answers[TRAIN]
    run = snapshot(folder_store, running)
    assert run.returncode == 0 and "note:" not in run.stdout
    assert key_of(TRAIN) not in fetched(folder_store)


def test_a_second_one_takes_the_place_of_the_first(folder_store, running):
    assert snapshot(folder_store, running).returncode == 0
    running.answers[TASKS] = {"data": {"result": {"total": 20_000, "result": [{"task_id": "ef"}]}}}
    run = snapshot(folder_store, running)
    assert run.returncode == 0
    assert "note: the dashboard knows 20000 tasks and shows 1, so the others are not in the snapshot" in run.stdout
    assert fetched(folder_store)[key_of(TASKS)] == sent(running.answers[TASKS])


@pytest.mark.parametrize("missing", [TASKS, ACTORS, JOBS, NODES])
def test_without_what_it_is_for_there_is_none(folder_store, running, missing):
    del running.answers[missing]
    run = snapshot(folder_store, running)
    assert run.returncode == 1
    assert f"collector: no snapshot: {missing}: status 404" in run.stderr
    assert not [key for key in folder_store.stored.sizes() if key.startswith("cluster-metadata/")]


def test_what_else_is_missing_is_noted(folder_store, running):
    del running.answers[SERVE]
    run = snapshot(folder_store, running)
    assert run.returncode == 0
    assert f"note: {SERVE} is not in the snapshot: status 404" in run.stdout


@pytest.mark.parametrize(
    "nodes",
    [b"not JSON", {"data": {"summary": []}}, {"data": {"summary": [node(state="DEAD")]}},
     {"data": {"summary": [node("../../up"), node("")]}}],
)
def test_a_dashboard_that_names_no_session_is_an_error(folder_store, running, nodes):
    running.answers[NODES] = nodes
    run = snapshot(folder_store, running)
    assert run.returncode == 1
    assert "no node that is alive says which session it runs" in run.stderr
    assert folder_store.stored.sizes() == {}


def test_a_token_that_is_missing_or_wrong_is_named(folder_store, running):
    running.token = "the-right-one"
    for settings in ({}, {"RAY_AUTH_TOKEN": "a-wrong-one"}):
        run = snapshot(folder_store, running, **settings)
        assert run.returncode == 1
        assert "RAY_AUTH_TOKEN" in run.stderr and "a-wrong-one" not in run.stdout + run.stderr
    assert snapshot(folder_store, running, RAY_AUTH_TOKEN="the-right-one").returncode == 0


def test_no_dashboard_and_no_store_are_told_apart(folder_store, running, tmp_path):
    away = snapshot(folder_store, running, RAY_DASHBOARD_ADDRESS="http://127.0.0.1:1")
    assert away.returncode == 1 and "RAY_DASHBOARD_ADDRESS" in away.stderr
    (tmp_path / "a-file").write_text("")
    refused = snapshot(folder_store, running, LOCAL_STORAGE_DIR=str(tmp_path / "a-file"))
    assert refused.returncode != 0 and "a-file" in refused.stderr
