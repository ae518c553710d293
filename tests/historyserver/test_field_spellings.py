"""A real Ray session whose events have the field names of the .proto files, as the next Ray's will."""

import os
import re

import pytest
from harness.collector import Collector
from live.ray_head import RayHead
from live.waiting import wait_until

TASK_EVENT = re.compile(rb'"task_?lifecycle_?event"', re.IGNORECASE)
ACTOR_EVENT = re.compile(rb'"actor_?lifecycle_?event"', re.IGNORECASE)
FAILED_ATTEMPTS = 3  # two of a_task, one of the actor's last method

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
        # One path for both: errors name it.
        job = folder.parent / "job.py"
        job.write_text(JOB)
        head.run_job(job)
        session = head.session.name

        def has_all_events():
            """Workers send the events of their tasks a second later, and a session that ends sooner has not all of them."""
            lines = [line for path in collector.event_data.rglob("*.jsonl") for line in path.read_bytes().splitlines()]
            failed = sum(b'"FAILED"' in line for line in lines if TASK_EVENT.search(line))
            # Workers that were idle are DEAD too, so only an actor's event counts.
            return failed >= FAILED_ATTEMPTS and any(b'"DEAD"' in line for line in lines if ACTOR_EVENT.search(line))

        wait_until(has_all_events, "the events of all tasks that ended", 30)
        collector.terminate()
        head.terminate()
        assert collector.wait(40) == 0, collector.log()
        head.wait()
    finally:
        collector.kill()
        head.kill()
    return folder / "store", session


@pytest.mark.timeout(300)
def test_a_session_whose_events_are_spelled_as_in_the_proto_files_is_shown(serve, tmp_path):
    """The same state in every spelling is load_state_test.cpp's; this is Ray's own way of spelling."""
    store, session = recorded_session(
        tmp_path / "snake", RAY_DASHBOARD_AGGREGATOR_AGENT_PRESERVE_PROTO_FIELD_NAME="1"
    )
    stored = b"".join(path.read_bytes() for path in store.rglob("*_events/**/*.jsonl"))
    assert b'"event_id"' in stored and b'"eventId"' not in stored
    assert not list(store.rglob("rejected_events/*"))
    server = serve(store)
    base = f"/c/default/raycluster/test/{session}"
    wait_until(lambda: server.ask(f"{base}/api/v0/jobs").status == 200, "the session to be loaded")

    def rows(table):
        return server.ask(f"{base}/api/v0/{table}?detail=1&limit=10000").json()["data"]["result"]["result"]

    tasks = [task for task in rows("tasks") if task["name"] == "a_task"]
    assert [task["state"] for task in tasks] == ["FAILED", "FAILED"]
    assert all(task["error_type"] == "TASK_EXECUTION_EXCEPTION" for task in tasks)
    assert [(actor["name"], actor["state"]) for actor in rows("actors")] == [("the_counter", "DEAD")]
    assert "object_store_memory" in rows("nodes")[0]["resources_total"]
    (driver,) = [job for job in rows("jobs") if "job.py" in (job["entrypoint"] or "")]
    assert driver["metadata"] == {"my_key": "1"}
