"""Two real Ray sessions of one job, one with each spelling of its events' field names, give the same dashboard."""

import os
import re

import pytest
from harness.collector import Collector
from live.ray_head import RayHead
from live.waiting import wait_until

JOB = """
import ray

@ray.remote(max_retries=1, retry_exceptions=True, name="a_task")
def fails():
    raise ValueError("as it should")

@ray.remote(num_cpus=0)
class Counter:
    def add(self):
        print("adding")
        return 1
    def die(self):
        import os
        os._exit(1)

ray.init(address="auto", logging_level="warning", log_to_driver=False,
         runtime_env={"env_vars": {"snake_case_key": "1"}}, namespace="a_space",
         job_config=ray.job_config.JobConfig(metadata={"my_key": "1"}))
counter = Counter.options(name="the_counter").remote()
ray.get(counter.add.remote())
for call in (fails.remote, counter.die.remote):
    try:
        ray.get(call())
    except Exception:
        pass
ray.shutdown()
"""
ASKED = (
    "/api/v0/tasks?detail=1&limit=10000",
    "/api/v0/tasks?detail=1&limit=10000&exclude_driver=false",
    "/api/v0/tasks/summarize",
    "/api/v0/tasks/timeline",
    "/api/v0/actors?detail=1&limit=10000",
    "/api/v0/actors/summarize",
    "/api/v0/nodes?detail=1",
    "/api/v0/workers?detail=1&limit=10000",
    "/api/v0/jobs?detail=1",
    "/logical/actors",
)
# What no two sessions share: IDs and names with them, times, processes, ports.
HEX_ID = re.compile(r"[0-9a-f]{8,}")
NUMBERS = re.compile(r"(\d+_?)?\d*(_ms|_time|pid|port|ts|dur|timestamp|Time|Pid|Port|_start|_end)$", re.IGNORECASE)


def shape(value, key=""):
    """An answer without what no two sessions share: whether it is there counts, and what it is does not."""
    if isinstance(value, dict):
        return {HEX_ID.sub("ID", name): shape(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return sorted((shape(member, key) for member in value), key=repr)
    if isinstance(value, str):
        return re.sub(r"\d+", "N", HEX_ID.sub("ID", value))
    if isinstance(value, (int, float)) and not isinstance(value, bool) and (NUMBERS.search(key) or value > 1e6):
        return value > 0
    return value


def rows(answers, request):
    return answers[request]["data"]["result"]["result"]


class RealNode:
    def __init__(self, head):
        self.root = head.root
        self.stop_raylet = head.terminate


def recorded_session(folder, **variables):
    """The store of a session of the job, and its name."""
    folder.mkdir()

    class Unknown:
        root = folder

    store = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(folder / "store")}
    collector = Collector(Unknown, folder, store)
    head = RayHead(
        os.environ["RAYHISTORY_RAY"], folder / "ray.log", collector.port, **variables
    )
    collector.node = RealNode(head)
    collector.environment["RAY_TMP_ROOT"] = str(head.root)
    collector.start()
    try:
        head.wait_until_ready()
        (folder / "job.py").write_text(JOB)
        head.run_job(folder / "job.py")
        session = head.session.name
        collector.terminate()
        head.terminate()
        assert collector.wait(40) == 0, collector.log()
        head.wait()
    finally:
        collector.kill()
        head.kill()
    return folder / "store", session


@pytest.mark.timeout(400)
def test_a_session_is_the_same_whichever_spelling_ray_posts(serve, tmp_path):
    answers = []
    for spelling, variables in {
        "camel": {},
        "snake": {"RAY_DASHBOARD_AGGREGATOR_AGENT_PRESERVE_PROTO_FIELD_NAME": "1"},
    }.items():
        store, session = recorded_session(tmp_path / spelling, **variables)
        stored = b"".join(path.read_bytes() for path in store.rglob("*_events/**/*.jsonl"))
        assert (b'"event_id"' in stored, b'"eventId"' in stored) == (spelling == "snake", spelling == "camel")
        assert not list(store.rglob("rejected_events/*"))
        server = serve(store)
        base = f"/c/default/raycluster/test/{session}"
        wait_until(lambda: server.ask(f"{base}/api/v0/jobs").status == 200, "the session to be loaded")  # noqa: B023
        answers.append({request: shape(server.ask(base + request).json()) for request in ASKED})
    camel, snake = answers
    tasks = rows(camel, ASKED[0])
    assert [task["state"] for task in tasks if task["name"] == "a_task"] == ["FAILED", "FAILED"]
    # The comparison is about something: a key that is not a field's name, and a payload of many levels.
    assert "object_store_memory" in str(camel)
    assert "actor_died_error_context" in str(camel) or "death_cause" in str(camel)
    for request in ASKED:
        assert snake[request] == camel[request], request
