"""The dashboard's answers as a whole collector keeps them: a stand-in's, and the recorded ones of Ray 2.60."""

import json
import tarfile
import time
from pathlib import Path

import pytest
from harness.dashboard import (
    JOBS,
    METADATA,
    ONCE,
    PLACEMENT_GROUPS,
    POLLED,
    SERVE,
    STATUS,
    TIMEZONE,
    TRAIN,
    StandInDashboard,
    datasets,
)
from harness.events import body_of, node_event
from harness.node import NEXT_SESSION, SESSION
from live.waiting import wait_until

RECORDING = Path(__file__).resolve().parents[1] / "data" / "ray-2.60-session.tar.gz"


def key_of(endpoint):
    """KubeRay's rule, written here anew: the outer slashes go, the inner ones become two underscores."""
    return "restful__" + endpoint.strip("/").replace("/", "__")


def fetched(store, session=SESSION):
    """What is stored for a session: its endpoints' keys and bodies."""
    judge = store.judge()
    prefix = f"{judge.history}{session}/fetched_endpoints/"
    return {key.removeprefix(prefix): judge.stored.read(key) for key in judge.stored.sizes(prefix)}


def is_stored(store, endpoint, session=SESSION):
    return key_of(endpoint) in fetched(store, session)


def sent(answer):
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


@pytest.fixture
def start(make_collector, dashboard, node):
    """A collector beside a dashboard that is well."""
    dashboard.set_healthy()

    def start_collector(store, **settings):
        node.start()
        settings = {"RAY_COLLECTOR_POLL_INTERVAL": "1s", "RAY_DASHBOARD_ADDRESS": dashboard.address, **settings}
        return make_collector(store, **settings).start()

    return start_collector


def test_every_answer_is_stored_as_it_came(start, store, dashboard):
    dashboard.answers["/api/train/v2/runs/v1?x=1,2"] = b"\x00 not even JSON \xff"
    dashboard.answers[JOBS] = [{"job_id": "01000000", "status": "SUCCEEDED"}, {"job_id": None, "status": "PENDING"}]
    dashboard.answers[datasets("01000000")] = {"datasets": [{"dataset": "ds"}]}
    dashboard.answers["/api/extra/"] = {"extra": True}
    collector = start(store, RAY_COLLECTOR_ADDITIONAL_ENDPOINTS=" /api/extra/ ,api/missing,/timezone/x")
    wait_until(lambda: is_stored(store, datasets("01000000")), "the datasets")
    collector.stop()
    endpoints = [*ONCE, *POLLED, datasets("01000000"), "/api/extra/"]
    assert fetched(store) == {key_of(endpoint): sent(dashboard.answers[endpoint]) for endpoint in endpoints}
    store.judge().keys()


def test_a_workers_collector_asks_for_nothing(start, folder_store, dashboard):
    start(folder_store, RAY_ROLE="Worker").stop()
    assert dashboard.asked == []
    assert fetched(folder_store) == {}


def test_a_new_session_gets_its_own_answers(start, folder_store, dashboard, node):
    collector = start(folder_store)
    wait_until(lambda: len(fetched(folder_store)) == len(ONCE + POLLED), "the first session's answers")
    first = fetched(folder_store)
    # Ray's order: the link, the new dashboard, the new raylet.
    node.stop_raylet()
    node.start(NEXT_SESSION, raylet=False)
    for endpoint in ONCE + POLLED:
        dashboard.answers[endpoint] = {"the new session's": endpoint}
    dashboard.answers[JOBS] = []
    node.start_raylet()
    wait_until(lambda: len(fetched(folder_store, NEXT_SESSION)) == len(ONCE + POLLED), "the second session's answers")
    collector.stop()
    assert fetched(folder_store) == first
    for endpoint in ONCE + POLLED:
        assert fetched(folder_store, NEXT_SESSION)[key_of(endpoint)] == sent(dashboard.answers[endpoint])


def test_the_last_answers_are_those_at_sigterm(start, store, dashboard):
    collector = start(store, RAY_COLLECTOR_POLL_INTERVAL="1h")
    wait_until(lambda: is_stored(store, PLACEMENT_GROUPS), "the first poll")
    dashboard.answers[PLACEMENT_GROUPS] = {"the last": "word"}
    dashboard.answers[SERVE] = {"applications": {}}  # its controller is gone already
    collector.stop()
    stored = fetched(store)
    assert stored[key_of(PLACEMENT_GROUPS)] == sent({"the last": "word"})
    assert stored[key_of(SERVE)] == sent({"applications": {"app": {"status": "RUNNING"}}})


def test_a_hanging_dashboard_delays_nothing(start, folder_store, dashboard, node):
    dashboard.hangs.set()
    collector = start(folder_store, SHUTDOWN_TIMEOUT="20s")
    wait_until(lambda: dashboard.asked, "the first request")
    event = node_event(SESSION)
    assert collector.post(body_of([event])).counts == (1, 0, 0)
    node.write_log("raylet.out", b"hello\n")
    judge = folder_store.judge()
    wait_until(lambda: judge.logs(SESSION, node.node_id) == {"raylet.out": b"hello\n"}, "the log")
    begun = time.monotonic()
    collector.stop()
    # The last poll has ten seconds of the twenty.
    assert time.monotonic() - begun < 15
    assert judge.node_events(SESSION, node.node_id) == [event]
    assert fetched(folder_store) == {}


def test_a_huge_answer_neither_fills_the_memory_nor_stops_the_others(start, folder_store, dashboard):
    dashboard.answers[JOBS] = b"[" + b" " * (40 * 1024 * 1024) + b"]"
    dashboard.answers[SERVE] = b"[" + b"[]," * (10 * 1024 * 1024) + b"[]]"
    collector = start(folder_store)
    wait_until(lambda: len(fetched(folder_store)) >= len(ONCE + POLLED) - 1, "the other answers", 60)
    assert collector.status_bytes("VmHWM") < 200 * 1024 * 1024
    stored = fetched(folder_store)
    assert key_of(JOBS) not in stored
    assert len(stored[key_of(SERVE)]) == len(dashboard.answers[SERVE])
    collector.stop()


def test_a_token_is_sent_and_never_logged(start, folder_store, dashboard):
    dashboard.token = "s3cret-token"
    collector = start(folder_store, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="s3cret-token")
    wait_until(lambda: is_stored(folder_store, TIMEZONE), "an answer")
    collector.stop()
    assert set(dashboard.tokens) == {"Bearer s3cret-token"}
    assert "s3cret" not in collector.log()


def test_a_wrong_token_is_told_once_and_the_right_one_picked_up(start, folder_store, dashboard):
    dashboard.token = "right"
    collector = start(folder_store, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="wrong")
    wait_until(lambda: dashboard.asked.count(JOBS) >= 4, "some polls")
    assert fetched(folder_store) == {}
    assert dashboard.asked.count(METADATA) == 1, "what is stored once is not asked for again"
    said = [line for line in collector.log().splitlines() if "dashboard refuses the collector" in line]
    assert len(said) == 1, collector.log()
    assert "level=error" in said[0] and "RAY_AUTH_TOKEN" in said[0]
    dashboard.token = "wrong"
    wait_until(lambda: len(fetched(folder_store)) == len(ONCE + POLLED), "all answers")
    collector.stop()


def test_an_outage_of_the_dashboard_is_two_lines(start, folder_store, dashboard):
    collector = start(folder_store)
    wait_until(lambda: is_stored(folder_store, TIMEZONE), "an answer")
    dashboard.stop()
    collector.wait_for_log("dashboard unreachable", 40)
    back = StandInDashboard(dashboard.port)
    back.set_healthy()
    back.answers[PLACEMENT_GROUPS] = {"after": "the outage"}
    wait_until(
        lambda: fetched(folder_store)[key_of(PLACEMENT_GROUPS)] == sent({"after": "the outage"}), "the new answer"
    )
    collector.stop()
    back.stop()
    told = [line["msg"] for line in collector.log_lines() if line["msg"].startswith("dashboard") and "reach" in line["msg"]]
    assert told == ["dashboard unreachable: asking again until it answers", "dashboard reachable again"]


def test_a_ray_that_runs_jobs_and_posts_no_events_is_told_with_its_version(start, folder_store, dashboard):
    dashboard.answers[METADATA] = {"result": True, "msg": "", "data": {"rayVersion": "2.53.0"}}
    dashboard.answers[JOBS] = [{"job_id": "01000000", "start_time": int(time.time() * 1000) + 60_000}]
    collector = start(folder_store)
    collector.wait_for_log("has posted no event", 100)
    collector.stop()
    line = next(line for line in collector.log_lines() if "has posted no event" in line["msg"])
    assert line["ray_version"] == "2.53.0" and "EXPOSABLE_EVENT_TYPES=ALL" in line["advice"]


def test_the_recorded_answers_of_ray_are_stored_unchanged(start, store, dashboard):
    with tarfile.open(RECORDING) as archive:
        members = [member for member in archive.getmembers() if "/dashboard/" in member.name and member.isfile()]
        recorded = {Path(member.name).name: archive.extractfile(member).read() for member in members}
    # The files are named as keys are, but for the slash at their end.
    dashboard.answers = {"/" + name.replace("__", "/"): body for name, body in recorded.items()}
    dashboard.answers[STATUS] = recorded["api__cluster_status"]
    # It ran nothing of Ray Train.
    built_in = {*ONCE, *POLLED, datasets("04000000")} - {TRAIN}
    additional = [path for path in dashboard.answers if path not in built_in]
    assert len(dashboard.answers.keys() & built_in) == len(built_in) and len(additional) > 15
    # One of the two jobs never used Ray Data.
    expected = {key_of(path): body for path, body in dashboard.answers.items()}
    dashboard.answers[datasets("02000000")] = {"datasets": []}
    collector = start(store, RAY_COLLECTOR_ADDITIONAL_ENDPOINTS=",".join(additional))
    wait_until(lambda: fetched(store).keys() == expected.keys(), "every answer", 60)
    collector.stop()
    assert fetched(store) == expected
    assert dashboard.asked.count(datasets("04000000")) == 1
