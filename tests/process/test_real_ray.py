"""A real Ray 2.60 head, a real MinIO or another store's emulator, and the collector between them: a session's life from start to SIGTERM."""

import base64

import pytest
from harness.collector import Collector
from harness.servers import tool
from harness.stores import OTHER_S3_SERVERS
from live.ray_head import RayHead
from live.waiting import wait_until

JOB = """
import ray

@ray.remote(max_retries=0)
def work(number):
    print(f"working on {number}")
    if number % 10 == 9:
        raise ValueError(f"{number} is bad")
    return ray.get_runtime_context().get_task_id()

@ray.remote
class Counter:
    def __init__(self):
        self.total = 0
    def add(self):
        self.total += 1
        return ray.get_runtime_context().get_task_id()

ray.init(address="auto", logging_level="warning", log_to_driver=False)
counter = Counter.remote()
for number in range(100):
    try:
        print("finished", ray.get(work.remote(number)))
    except ray.exceptions.RayTaskError:
        pass
for _ in range(10):
    print("finished", ray.get(counter.add.remote()))
ray.shutdown()
"""


@pytest.fixture
def ray_head(tmp_path):
    heads = []

    def start(events_port):
        heads.append(RayHead(tool("ray", "RAYHISTORY_RAY"), tmp_path / "ray.log", events_port))
        return heads[0]

    yield start
    for head in heads:
        head.kill()


class RayNode:
    """What Collector wants of a node, of a real one."""

    def __init__(self, head):
        self.root = head.root
        self.stop_raylet = head.terminate


def logs_on_disk(head):
    logs = head.session / "logs"
    return {
        str(path.relative_to(logs)): path.read_bytes()
        for path in logs.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def in_hex(base64_id):
    return base64.b64decode(base64_id).hex()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("store", ["minio", "azurite", "gcs", *OTHER_S3_SERVERS], indirect=True)
def test_a_real_session_is_mirrored_while_it_lives_and_whole_when_it_has_ended(ray_head, store, tmp_path):
    # The collector first, as a native sidecar would be: so its port is known to Ray.
    class Unknown:
        root = tmp_path

    collector = Collector(Unknown, tmp_path, store.environment)
    head = ray_head(collector.port)
    collector.node = RayNode(head)
    collector.environment["RAY_TMP_ROOT"] = str(head.root)
    collector.start()
    try:
        head.wait_until_ready()
        job = tmp_path / "job.py"
        job.write_text(JOB)
        finished = [line.split()[1] for line in head.run_job(job).splitlines() if line.startswith("finished")]
        assert len(finished) == 100

        judge = store.judge()
        session = head.session.name
        (node,) = {path.name.rsplit("_", 1)[1] for path in head.session.glob("*_port_*")}

        # Everything is in the store already, but for what is being written this very second.
        wait_until(lambda: judge.markers() == {session}, "the marker")
        wait_until(
            lambda: finished_tasks(judge, session, node).issuperset(finished), "every finished task's events", 60
        )
        wait_until(
            lambda: judge.log_sizes(session, node).keys() >= logs_on_disk(head).keys(), "every log file", 60
        )
        on_disk = sum(len(content) for content in logs_on_disk(head).values())
        in_store = sum(judge.log_sizes(session, node).values())
        assert in_store > 0.8 * on_disk, "most of it is there before SIGTERM"

        # As when Kubernetes deletes the pod: both at once.
        collector.terminate()
        head.terminate()
        assert collector.wait(30) == 0, collector.log()
        head.wait()
        logs = logs_on_disk(head)
    finally:
        collector.kill()

    assert judge.logs(session, node) == logs
    assert any(b"working on 42" in content for content in logs.values())
    assert judge.markers() == {session}
    judge.keys()  # none ends in '/'
    assert finished_tasks(judge, session, node).issuperset(finished)

    events = all_events(judge, session, node)
    identities = [event["eventId"] for event in events]
    assert len(identities) == len(set(identities)), "each event once"
    assert judge.rejected_events(session, node) == []
    types = {event["eventType"] for event in events}
    assert {"NODE_DEFINITION_EVENT", "TASK_LIFECYCLE_EVENT", "ACTOR_DEFINITION_EVENT"} <= types
    assert [path for path in collector.event_data.rglob("*.jsonl*")] == []


def all_events(judge, session, node):
    prefix = f"{judge.history}{session}/{node}/job_events/"
    jobs = {key.removeprefix(prefix).split("/")[0] for key in judge.stored.sizes(prefix)}
    events = judge.node_events(session, node)
    for job in jobs:
        events += judge.job_events(session, node, job)
    return events


def finished_tasks(judge, session, node):
    """The tasks of which an event says that they have finished, in hex."""
    return {
        in_hex(event["taskLifecycleEvent"]["taskId"])
        for event in all_events(judge, session, node)
        if "taskLifecycleEvent" in event
        and any(change.get("state") == "FINISHED" for change in event["taskLifecycleEvent"]["stateTransitions"])
    }
