"""A real Ray cluster of two nodes, each in a pod of its own with its collector, and one bucket for both.

The pods are namespaces (harness/pods.py): Ray and the collector run in them with their defaults, as KubeRay runs them.
"""

import base64
import json
import re
import textwrap

import pytest
from harness.collector import PROGRAM, clean_environment
from harness.dashboard import NODES
from harness.metrics import scrape
from harness.pods import PodNetwork, why_there_can_be_none
from harness.servers import tool
from harness.stores import Store
from live.minio_server import MinioServer
from live.ports import accepts_connections
from live.stored import StoredInBucket
from live.waiting import wait_until
from test_dashboard import fetched, key_of

# What KubeRay's manifests give the Ray container.
RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_COLOR_PREFIX": "0",
    "RAY_enable_ray_event": "true",
    "RAY_enable_core_worker_ray_event_to_aggregator": "true",
    "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR": "http://localhost:8084/v1/events",
    "RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES": "ALL",
    # At SIGTERM a node with others beside it would wait for 30 s for somebody to take over.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
}
# A collector may complain of this beside a Ray that is well: that it is still to come, and that its dashboard has ended
# before the last answer, for which a module of it has to join the cluster.
MAY_BE_SLOW = {
    "read session_latest file error",
    "read nodeid file error",
    "dashboard unreachable: asking again until it answers",
    "dashboard endpoint not stored",
}
METRICS_PORT = 8085
DASHBOARD_PORT = 8265

WORKLOAD = textwrap.dedent("""
    import os, time
    import ray

    @ray.remote(num_cpus=0, max_retries=0)
    def where():
        print("I ran on", ray.get_runtime_context().get_node_id())
        return ray.get_runtime_context().get_node_id(), ray.get_runtime_context().get_task_id()

    ray.init(address="auto", logging_level="warning", log_to_driver=False)
    for place in ("on_head", "on_worker"):
        for _ in range(5):
            print("ran", *ray.get(where.options(resources={place: 0.1}).remote()))
    print("all ran", flush=True)
    # Ray kills a job's workers when it ends, and with them events that they have not sent yet.
    while not os.path.exists("/tmp/ray/end-the-job"):
        time.sleep(0.1)
""")


class RayPod:
    """A pod with Ray and a collector in it."""

    def __init__(self, network, role, folder):
        self.role = role
        self.folder = folder
        self.pod = network.add_pod(folder / "tmp-ray")
        self.ray = None
        self.collector = None

    def start_ray(self, *arguments):
        resource = json.dumps({f"on_{self.role.lower()}": 1})
        self.ray = self.pod.start(
            *(tool("ray", "RAYHISTORY_RAY"), "start", "--block", "--disable-usage-stats", "--num-cpus=1", *arguments),
            *(f"--node-ip-address={self.pod.address}", f"--resources={resource}"),
            f"--object-store-memory={100 * 1024 * 1024}",
            environment={**clean_environment(), **RAY_ENVIRONMENT},
            log_path=self.folder / "ray.log",
        )

    def start_collector(self, store, head):
        environment = {
            **clean_environment(),
            "RAY_ROLE": self.role,
            "RAY_CLUSTER_NAME": "test",
            "POD_IP": self.pod.address,
            "FQ_RAY_IP": head.pod.address,
            "PUSH_INTERVAL": "1s",
            "RAY_COLLECTOR_POLL_INTERVAL": "1s",
            **store.environment,
        }
        self.collector = self.pod.start(PROGRAM, environment=environment, log_path=self.folder / "collector.log")
        wait_until(lambda: accepts_connections(METRICS_PORT, self.pod.address), "the collector; " + self.said(), 20)

    def said(self):
        return f"its log is {self.folder}/collector.log"

    def complaints(self):
        log = (self.folder / "collector.log").read_text()
        return set(re.findall(r'level=(?:warning|error) msg="([^"]*)"', log))

    def scrape(self):
        return scrape(METRICS_PORT, self.pod.address)

    def terminate(self):
        """As Kubernetes does: both containers at once."""
        self.collector.terminate()
        self.ray.terminate()

    def ended(self):
        assert self.collector.wait(40) == 0, (self.folder / "collector.log").read_text()
        self.ray.wait(40)


@pytest.fixture
def network():
    lacking = why_there_can_be_none()
    if lacking:
        pytest.skip(f"no network of pods on this machine: {lacking}")
    with PodNetwork() as made:
        yield made


@pytest.fixture
def store(network, tmp_path):
    server = MinioServer(tool("minio", "RAYHISTORY_MINIO"), tmp_path / "minio", host=network.gateway)
    yield Store(server.collector_environment("two-nodes"), StoredInBucket(server.client(), "two-nodes"))
    server.stop()


def tasks_that_ran(judge, session, node):
    """By the events that this node's collector took, in hex."""
    prefix = f"{judge.history}{session}/{node}/job_events/"
    jobs = {key.removeprefix(prefix).split("/")[0] for key in judge.stored.sizes(prefix)}
    return {
        base64.b64decode(event["taskLifecycleEvent"]["taskId"]).hex()
        for job in jobs
        for event in judge.job_events(session, node, job)
        if "taskLifecycleEvent" in event
        and any(change.get("state") == "RUNNING" for change in event["taskLifecycleEvent"]["stateTransitions"])
    }


def nodes_of(judge, session):
    """The folders of a session."""
    prefix = f"{judge.history}{session}/"
    return {key.removeprefix(prefix).split("/")[0] for key in judge.stored.sizes(prefix)}


@pytest.mark.timeout(400)
def test_each_node_of_a_cluster_is_stored_by_its_own_collector(network, store, tmp_path):
    head = RayPod(network, "Head", tmp_path / "head")
    worker = RayPod(network, "Worker", tmp_path / "worker")
    head.start_ray("--head", "--dashboard-host=0.0.0.0")
    wait_until(lambda: accepts_connections(6379, head.pod.address), f"Ray's head; see {tmp_path}/head/ray.log", 60)
    worker.start_ray(f"--address={head.pod.address}:6379")
    judge = store.judge()

    # The worker's collector alone: logs of its node, and nothing that is the head's.
    worker.start_collector(store, head)
    wait_until(lambda: worker.pod.session and nodes_of(judge, worker.pod.session), "the worker's first objects", 60)
    session = worker.pod.session
    worker_id = worker.pod.node_id
    wait_until(lambda: "raylet.out" in judge.log_sizes(session, worker_id), "the worker's logs")
    assert judge.markers() == set()
    assert nodes_of(judge, session) == {worker_id}
    assert "ray_collector_endpoint_polls_total" not in worker.scrape().types

    head.start_collector(store, head)
    wait_until(lambda: judge.markers() == {session}, "the marker")
    assert head.pod.session == session
    head_id = head.pod.node_id
    wait_until(lambda: accepts_connections(DASHBOARD_PORT, head.pod.address), "the dashboard", 60)

    (head.folder / "tmp-ray" / "workload.py").write_text(WORKLOAD)
    output = head.folder / "workload.log"
    job = head.pod.start(
        *(tool("ray", "RAYHISTORY_RAY").replace("bin/ray", "bin/python"), "/tmp/ray/workload.py"),
        environment={**clean_environment(), **RAY_ENVIRONMENT},
        log_path=output,
    )
    wait_until(lambda: job.poll() is not None or "all ran" in output.read_text(), f"the job; see {output}", 120)
    ran = [line.split()[1:] for line in output.read_text().splitlines() if line.startswith("ran ")]
    tasks = {node: {task for where, task in ran if where == node} for node in (head_id, worker_id)}
    assert [len(of_one) for of_one in tasks.values()] == [5, 5], output.read_text()
    for node in (head_id, worker_id):
        wait_until(lambda node=node: tasks_that_ran(judge, session, node) >= tasks[node], f"the tasks of {node}", 60)
    (head.pod.folder / "end-the-job").touch()
    assert job.wait(60) == 0, output.read_text()
    wait_until(lambda: alive_in(store, session) == {head_id, worker_id}, "both nodes in what the dashboard says", 60)

    for one in (worker, head):
        one.terminate()
    for one in (worker, head):
        one.ended()

    assert nodes_of(judge, session) == {head_id, worker_id, "fetched_endpoints"}
    assert judge.markers() == {session}
    # Of a cluster that is deleted as a whole the last word is that of its life.
    assert alive_in(store, session) == {head_id, worker_id}
    for one, own_id, other_id in ((head, head_id, worker_id), (worker, worker_id, head_id)):
        logs = judge.logs(session, own_id)
        assert logs == one.pod.log_files()
        assert any(f"I ran on {own_id}".encode() in content for content in logs.values())
        assert not any(f"I ran on {other_id}".encode() in content for content in logs.values())
        assert not tasks_that_ran(judge, session, own_id) & tasks[other_id]
        assert judge.rejected_events(session, own_id) == []
    # What the GCS tells, it tells the agent of its own node.
    assert {event["eventType"] for event in judge.node_events(session, head_id)} >= {"NODE_DEFINITION_EVENT"}
    assert "gcs_server.out" in judge.log_sizes(session, head_id)
    assert "gcs_server.out" not in judge.log_sizes(session, worker_id)
    judge.keys()
    for one in (head, worker):
        assert one.complaints() <= MAY_BE_SLOW, (one.folder / "collector.log").read_text()


def alive_in(store, session):
    """The nodes that are alive by the stored answer."""
    answer = fetched(store, session).get(key_of(NODES), b'{"data": {"summary": []}}')
    nodes = [node["raylet"] for node in json.loads(answer)["data"]["summary"]]
    return {node["nodeId"] for node in nodes if node["state"] == "ALIVE"}
