"""Every kind of object there is, under the keys of every kind of owner, with a root folder and without.

What is expected is written from KubeRay's layout alone; judge.py parses the keys, and shares no code with the collector.
"""

import itertools
import json

import pytest
from harness.dashboard import JOBS, ONCE, POLLED, datasets
from harness.events import body_of, job_id, node_event, task_event
from harness.node import NEXT_SESSION, SESSION, new_node_id
from live.waiting import wait_until
from test_dashboard import key_of, sent

NAMESPACE = "team-a"
CLUSTER = "raycluster-x7k2p"
EARLIER_SESSION = "session_2026-11-22_01-00-00_000001_1"

# What the operator sets: the variables, then the levels of cluster-history and of cluster-metadata.
OWNERS = {
    "none": ({}, f"raycluster/{NAMESPACE}/{CLUSTER}", f"raycluster/{NAMESPACE}_{CLUSTER}"),
    # A cluster of its own carries these labels too.
    "RayCluster": (
        {"OWNER_KIND": "RayCluster", "OWNER_NAME": CLUSTER},
        f"raycluster/{NAMESPACE}/{CLUSTER}",
        f"raycluster/{NAMESPACE}_{CLUSTER}",
    ),
    "RayJob": (
        {"OWNER_KIND": "RayJob", "OWNER_NAME": "nightly"},
        f"rayjob/{NAMESPACE}/nightly/{CLUSTER}",
        f"rayjob/{NAMESPACE}_nightly_{CLUSTER}",
    ),
    "rayservice": (
        {"OWNER_KIND": "rayservice", "OWNER_NAME": "llm.prod"},
        f"rayservice/{NAMESPACE}/llm.prod/{CLUSTER}",
        f"rayservice/{NAMESPACE}_llm.prod_{CLUSTER}",
    ),
}
ROOTS = ("", "history", "a/deeper/root")


@pytest.mark.parametrize(("owner", "root"), list(itertools.product(OWNERS, ROOTS)))
def test_every_object_has_its_key(make_collector, folder_store, node, dashboard, owner, root):
    variables, place, metadata = OWNERS[owner]
    node.start()
    node.write_log("raylet.out", b"now\n")
    rotated = node.write_log("raylet.out.2", b"before\n").stat()
    node.write_log("serve/replica.log", b"hello\n")
    earlier_node = new_node_id()
    earlier_logs = node.root / "prev-logs" / EARLIER_SESSION / earlier_node / "logs"
    earlier_logs.mkdir(parents=True)
    (earlier_logs / "gcs_server.out").write_bytes(b"an earlier session's\n")
    dashboard.set_healthy()
    dashboard.answers[JOBS] = [{"job_id": "01000000", "status": "SUCCEEDED"}]
    dashboard.answers[datasets("01000000")] = {"datasets": [{"dataset": "ds"}]}

    collector = make_collector(
        folder_store,
        RAY_CLUSTER_NAME=CLUSTER,
        RAY_CLUSTER_NAMESPACE=NAMESPACE,
        STORAGE_ROOT_DIR=root,
        RAY_DASHBOARD_ADDRESS=dashboard.address,
        **variables,
    ).start()
    collector.wait_for_log("node found")
    of_node, of_job, of_another_session = node_event(SESSION), task_event(SESSION, job=7), node_event(NEXT_SESSION)
    bad = {"no": "event"}
    answer = collector.post(body_of([of_node, of_job, of_another_session, bad]))
    assert answer.counts == (3, 1, 0)
    judge = folder_store.judge(place=place, metadata=metadata, root=f"{root}/" if root else "")
    endpoints = [*ONCE, *POLLED, datasets("01000000")]
    wait_until(
        lambda: all(f"{judge.history}{SESSION}/fetched_endpoints/{key_of(one)}" in judge.stored.sizes() for one in endpoints),
        "the dashboard's answers",
    )
    collector.stop()

    kinds = {judge.kind_of(key) for key in judge.keys()}
    assert kinds == {"marker", "fetched_endpoint", "log", "node_events", "job_events", "rejected_events"}
    assert judge.markers() == {SESSION}
    assert judge.logs(SESSION, node.node_id) == {
        "raylet.out": b"now\n",
        f"raylet.rotated.{rotated.st_mtime_ns}-{rotated.st_ino}.out": b"before\n",
        "serve/replica.log": b"hello\n",
    }
    assert judge.logs(EARLIER_SESSION, earlier_node) == {"gcs_server.out": b"an earlier session's\n"}
    assert judge.node_events(SESSION, node.node_id) == [of_node]
    assert judge.job_events(SESSION, node.node_id, "07000000") == [of_job]
    assert job_id(7) == of_job["taskLifecycleEvent"]["jobId"]
    assert judge.node_events(NEXT_SESSION, node.node_id) == [of_another_session]
    (rejected,) = judge.rejected_events(SESSION, node.node_id)
    assert rejected.keys() == {"reason", "receivedAt", "event"} and rejected["event"] == bad
    for endpoint in endpoints:
        stored = judge.stored.read(f"{judge.history}{SESSION}/fetched_endpoints/{key_of(endpoint)}")
        assert stored == sent(dashboard.answers[endpoint])
        json.loads(stored)
