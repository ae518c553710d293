"""A real Ray 2.60 head with token authentication, Ray Data, Serve and a placement group: its dashboard's answers."""

import json
import urllib.request

import pytest
from harness.dashboard import JOBS, METADATA, NODES, PLACEMENT_GROUPS, SERVE, STATUS, TIMEZONE, datasets
from harness.servers import tool
from live.ray_head import RayHead
from live.waiting import wait_until
from test_dashboard import fetched, key_of

TOKEN = "a-token-of-thirty-two-characters"
SUBMISSION_ID = "nightly-report"
ACTORS = "/api/v0/actors?detail=1&limit=10000"

WORKLOAD = """
import ray
from ray import serve
from ray.util.placement_group import placement_group

ray.init(logging_level="warning", log_to_driver=False)

group = placement_group([{"CPU": 0.1}], name="test-group")
ray.get(group.ready())

# A mere count would not run, and leave no statistics.
assert ray.data.range(100, override_num_blocks=4).map(lambda row: row).materialize().count() == 100

@serve.deployment(ray_actor_options={"num_cpus": 0})
class Hello:
    def __call__(self):
        return "hello"

# Without a proxy no port is needed.
serve.start(http_options={"location": "NoServer"})
assert serve.run(Hello.bind(), name="test-app", route_prefix=None).remote().result() == "hello"
print("job", ray.get_runtime_context().get_job_id())
"""


class NodeOf:
    """What Collector wants of a node, of a real one."""

    def __init__(self, head):
        self.root = head.root
        self.stop_raylet = head.terminate


@pytest.fixture
def ray_head(tmp_path):
    head = RayHead(
        tool("ray", "RAYHISTORY_RAY"),
        tmp_path / "ray.log",
        events_port=1,
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=TOKEN,
        # With a replica of Serve on it, a head would stay for 30 s after SIGTERM.
        RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S="0",
    )
    try:
        head.wait_until_ready()
        yield head
    finally:
        head.kill()


def live_answer(head, endpoint):
    request = urllib.request.Request(
        f"http://127.0.0.1:{head.dashboard_port}{endpoint}", headers={"x-ray-authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def alive_nodes(answer):
    nodes = [node["raylet"] for node in json.loads(answer)["data"]["summary"]]
    return [node["nodeId"] for node in nodes if node["state"] == "ALIVE"]


def active_nodes(answer):
    """The lines below "Active:" of a text for people."""
    return json.loads(answer)["data"]["clusterStatus"].split("Active:\n")[1].split("\nPending:")[0].strip()


def states_of_actors(answer):
    return {actor["actor_id"]: actor["state"] for actor in json.loads(answer)["data"]["result"]["result"]}


@pytest.mark.timeout(500)
def test_what_a_real_dashboard_answers_is_stored(ray_head, make_collector, folder_store, tmp_path):
    def collector_with(token):
        collector = make_collector(
            folder_store,
            RAY_DASHBOARD_ADDRESS=f"http://127.0.0.1:{ray_head.dashboard_port}",
            RAY_COLLECTOR_POLL_INTERVAL="2s",
            RAY_COLLECTOR_ADDITIONAL_ENDPOINTS=ACTORS,
            RAY_AUTH_MODE="token",
            RAY_AUTH_TOKEN=token,
        )
        collector.node = NodeOf(ray_head)
        collector.environment["RAY_TMP_ROOT"] = str(ray_head.root)
        return collector

    session = ray_head.session.name

    # Ray refuses a wrong token, and the collector says so.
    wrong = collector_with("not-the-token-that-ray-has-been-given").start()
    wrong.wait_for_log("dashboard refuses the collector", 60)
    wrong.kill()
    assert "status 403" in wrong.log() and "not-the-token" not in wrong.log()
    assert fetched(folder_store, session) == {}
    wrong.log_path.unlink()

    collector = collector_with(TOKEN).start()
    script = tmp_path / "workload.py"
    script.write_text(WORKLOAD)
    said = ray_head.submit_job(script, SUBMISSION_ID)
    job = next(line.split()[1] for line in said.splitlines() if line.startswith("job "))

    def stored(endpoint):
        return fetched(folder_store, session).get(key_of(endpoint))

    def applications(answer):
        """The rest of Serve's answer tells how its controller is, another way each time."""
        return json.loads(answer)["applications"]

    # Of answers that change all the time (times, loads, free memory), what stands still once the job has ended.
    compared = dict.fromkeys((METADATA, TIMEZONE, JOBS, PLACEMENT_GROUPS, datasets(job)), lambda answer: answer)
    compared |= {SERVE: applications, NODES: alive_nodes, STATUS: active_nodes, ACTORS: states_of_actors}

    def as_the_dashboard_says():
        return all(part(stored(endpoint)) == part(live_answer(ray_head, endpoint)) for endpoint, part in compared.items())

    wait_until(lambda: stored(datasets(job)), "the datasets", 60)
    wait_until(as_the_dashboard_says, "what is stored to be what the dashboard says", 60)

    assert json.loads(stored(METADATA))["data"]["rayVersion"] == "2.60.0"
    assert list(applications(stored(SERVE))) == ["test-app"]
    groups = json.loads(stored(PLACEMENT_GROUPS))["data"]["result"]["result"]
    assert "test-group" in [group["name"] for group in groups]
    assert [dataset["job_id"] for dataset in json.loads(stored(datasets(job)))["datasets"]] == [job]
    jobs = {entry["job_id"]: entry["status"] for entry in json.loads(stored(JOBS))}
    assert jobs[job] == "SUCCEEDED"
    (submitted,) = [entry for entry in json.loads(stored(JOBS)) if entry["submission_id"] == SUBMISSION_ID]
    assert submitted["job_id"] == job and submitted["type"] == "SUBMISSION"
    assert len(alive_nodes(stored(NODES))) == 1
    assert active_nodes(stored(STATUS)).startswith("1 ")
    assert "ALIVE" in states_of_actors(stored(ACTORS)).values()

    # As when Kubernetes deletes the pod: both at once. What the dying dashboard says takes nothing away.
    collector.terminate()
    ray_head.terminate()
    assert collector.wait(40) == 0, collector.log()
    assert list(applications(stored(SERVE))) == ["test-app"]
    assert {entry["job_id"] for entry in json.loads(stored(JOBS))} >= jobs.keys()
    assert len(alive_nodes(stored(NODES))) == 1
    assert active_nodes(stored(STATUS)).startswith("1 ")
    assert len(json.loads(stored(datasets(job)))["datasets"]) == 1
    assert TOKEN not in collector.log()
    # What the job's driver printed is a log like any other.
    (node,) = {path.name.rsplit("_", 1)[1] for path in ray_head.session.glob("*_port_*")}
    driver_log = folder_store.judge().logs(session, node)[f"job-driver-{SUBMISSION_ID}.log"]
    assert f"job {job}\n".encode() in driver_log
