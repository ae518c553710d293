"""A session of which the store has a marker and what the dashboard answered, and nothing else."""

import json
import os
import shutil
import urllib.request

import pytest
from comparison import TIMES, anything, check, of_actors, of_nodes
from harness.collector import run_collector
from live.ray_head import RayHead
from live.waiting import wait_until
from test_answers_against_live import Live, recorded, requests_of_tasks, rows_of  # noqa: F401  # fixture

TASKS = "/api/v0/tasks?detail=1&limit=10000"
FETCHED = (TASKS, "/logical/actors", "/nodes?view=summary", "/api/jobs/")
OF_DRIVERS = "exclude_driver=false"


@pytest.fixture(scope="module")
def live(recorded, tmp_path_factory):  # noqa: F811  # pytest's fixtures
    """Holds live's answers, and ours for a snapshot."""
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
    check(one, other, [*of_nodes(r"\.data\.summary\[0\]", figures=None), (r"\.data\.nodeLogicalResources\..*", anything)])
    one, other = live.both("/api/v0/nodes?detail=1")
    check(one, other, [(r".*\.partial_failure_warning", anything)])


def test_jobs(live):
    check(*live.both("/api/jobs/"))


def test_it_says_that_it_is_a_snapshot(live):
    warning = json.loads(live.ours[TASKS][1])["data"]["result"]["partial_failure_warning"]
    assert "when a snapshot was taken" in warning


JOB = """
import ray

@ray.remote
def square(number):
    if number == 3:
        raise ValueError("not three")
    return number * number

@ray.remote
class Counter:
    def add(self):
        return 1

ray.init(address="auto", logging_level="warning", log_to_driver=False)
counter = Counter.options(name="the_counter", lifetime="detached", namespace="space").remote()
ray.get(counter.add.remote())
for number in range(5):
    try:
        ray.get(square.remote(number))
    except ValueError:
        pass
"""


@pytest.mark.timeout(300)
def test_a_running_ray_without_a_collector_is_shown_after_its_end(serve, tmp_path):
    store = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(tmp_path / "store")}
    (tmp_path / "store").mkdir()
    head = RayHead(os.environ["RAYHISTORY_RAY"], tmp_path / "ray.log", events_port=1)
    try:
        head.wait_until_ready()
        (tmp_path / "job.py").write_text(JOB)
        head.run_job(tmp_path / "job.py")
        dashboard = f"http://127.0.0.1:{head.dashboard_port}"

        def ended_tasks():
            """Ray's workers report their tasks once a second."""
            with urllib.request.urlopen(f"{dashboard}{TASKS}") as answer:
                tasks = rows_of(json.loads(answer.read()))
            return [task for task in tasks if task["name"] == "square" and task["state"] in ("FINISHED", "FAILED")]

        wait_until(lambda: len(ended_tasks()) == 5, "five tasks that have ended", 30)
        run = run_collector("--snapshot", RAY_CLUSTER_NAME="c", RAY_DASHBOARD_ADDRESS=dashboard, **store)
        assert run.returncode == 0, run.stdout + run.stderr
        session = head.session.name
        live = {task["task_id"]: task for task in ended_tasks()}
    finally:
        head.kill()
    assert f"snapshot of {session}\n" in run.stdout
    server = serve(tmp_path / "store")
    base = f"/c/default/raycluster/c/{session}"
    ours = {row["task_id"]: row for row in rows_of(server.ask(f"{base}{TASKS}").json())}
    for task_id, task in live.items():
        # Secrets are masked, of which there is none here.
        assert ours[task_id] == task
    (actor,) = rows_of(server.ask(f"{base}/api/v0/actors?detail=1").json())
    assert (actor["name"], actor["state"], actor["class_name"]) == ("the_counter", "ALIVE", "Counter")
    (node,) = rows_of(server.ask(f"{base}/api/v0/nodes").json())
    assert node["is_head_node"] is True
    (job,) = [job for job in server.ask(f"{base}/api/jobs/").json() if "job.py" in job["entrypoint"]]
    assert job["status"] == "SUCCEEDED"
