"""Events that Ray 2.60 has in its .proto files and does not send yet, and events that it does not have: posted to the
collector as Ray's own protobuf writes them, and read from the History Server."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from harness.collector import Collector
from harness.node import SESSION, StandInNode
from live.waiting import wait_until

GROUP = "573641eac119abb40d501790674a02000000"

# Run by the Python of a real Ray, whose protobuf is the judge of how events are spelled.
SENDER = """
import json, sys
from google.protobuf.json_format import MessageToJson
from ray.core.generated.events_base_event_pb2 import RayEvent

preserve, session, group = sys.argv[1] == "snake", sys.argv[2], bytes.fromhex(sys.argv[3])
events = []

def event(kind, second):
    made = RayEvent(event_id=f"{kind} {second}".encode(), event_type=getattr(RayEvent, kind), session_name=session,
                    severity=RayEvent.INFO, source_type=RayEvent.GCS)
    made.timestamp.FromSeconds(1795404330 + second)
    events.append(made)
    return made

made = event("PLACEMENT_GROUP_DEFINITION_EVENT", 1).placement_group_definition_event
made.placement_group_id, made.name, made.is_detached, made.creator_job_id = group, "pgx", True, b"\\2\\0\\0\\0"
made.creation_request_received_ns = 1795404331000000001
bundle = made.bundles.add(bundle_index=0)
bundle.unit_resources["my_res"], bundle.label_selector["my_label"] = 0.5, "a"
for second, state, scheduling in ((1, "PENDING", "QUEUED"), (2, "CREATED", "FINISHED")):
    made = event("PLACEMENT_GROUP_LIFECYCLE_EVENT", second).placement_group_lifecycle_event
    made.placement_group_id = group
    change = made.state_transitions.add(scheduling_attempt=second - 1)
    change.state, change.scheduling_state = made.State.Value(state), made.SchedulingState.Value(scheduling)
    change.timestamp.FromSeconds(1795404330 + second)
made = event("SUBMISSION_JOB_DEFINITION_EVENT", 3).submission_job_definition_event
made.submission_id, made.entrypoint = "raysubmit_x", "python it.py"
made.config.metadata["my_key"] = "1"
for second, state in ((3, "PENDING"), (4, "RUNNING"), (5, "FAILED")):
    made = event("SUBMISSION_JOB_LIFECYCLE_EVENT", second).submission_job_lifecycle_event
    made.submission_id = "raysubmit_x"
    change = made.state_transitions.add(message=f"it is {state}")
    change.state = made.State.Value(state)
    change.timestamp.FromSeconds(1795404330 + second)
    if state == "FAILED":
        change.error_type, change.driver_exit_code = "JOB_ENTRYPOINT_COMMAND_ERROR", 7
print(json.dumps([json.loads(MessageToJson(one, always_print_fields_with_no_presence=True,
                                           preserving_proto_field_name=preserve)) for one in events]))
"""


def events_of_ray(spelling):
    python = Path(os.environ["RAYHISTORY_RAY"]).with_name("python")
    done = subprocess.run(
        [python, "-c", SENDER, spelling, SESSION, GROUP], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def event(kind, second, payload_name=None, payload=None):
    """One of a type that Ray 2.60's protobuf does not have."""
    return {
        "eventId": f"{kind}-{second}",
        "eventType": kind,
        "timestamp": f"2026-11-23T03:25:{30 + second:02}Z",
        "sessionName": SESSION,
        "severity": "INFO",
        "sourceType": "AUTOSCALER",
        "message": "",
        **({payload_name: payload} if payload_name else {}),
    }


OF_THE_AUTOSCALER = [
    event("AUTOSCALER_SCALING_DECISION_EVENT", 6, "autoscaler_scaling_decision_event",
          {"launch_actions": [{"instance_type": "small", "count": 2}], "cluster_resources_after": {"CPU": 4.0}}),
    event("AUTOSCALER_NODE_PROVISIONING_EVENT", 7, "autoscalerNodeProvisioningEvent",
          {"requestedInstances": [{"rayNodeTypeName": "small", "count": 2}]}),
]  # fmt: skip
OF_UNKNOWN_TYPES = [event("ACCELERATOR_EVENT", 8, "acceleratorEvent", {"jobId": "AgAAAA=="}), event("ACCELERATOR_EVENT", 9)]


@pytest.mark.parametrize("spelling", ["camel", "snake"])
def test_events_of_the_next_ray_are_stored_and_shown(serve, tmp_path, spelling):
    store = tmp_path / "store"
    store.mkdir()
    events = [*events_of_ray(spelling), *OF_THE_AUTOSCALER, *OF_UNKNOWN_TYPES]
    node = StandInNode().start()
    collector = Collector(node, tmp_path, {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(store)}).start()
    try:
        answer = collector.post(json.dumps(events).encode())
        assert (answer.status, json.loads(answer.body)) == (200, {"stored": len(events), "rejected": 0, "duplicate": 0})
        collector.stop()
    finally:
        collector.kill()
        node.remove()
    stored = [json.loads(line) for path in store.rglob("*_events/**/*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(map(json.dumps, stored)) == sorted(map(json.dumps, events))

    server = serve(store)
    base = f"/c/default/raycluster/test/{SESSION}"
    wait_until(lambda: server.ask(f"{base}/api/v0/jobs").status == 200, "the session to be loaded")

    (group,) = server.ask(f"{base}/api/v0/placement_groups?detail=1").json()["data"]["result"]["result"]
    assert (group["placement_group_id"], group["name"], group["state"]) == (GROUP, "pgx", "CREATED")
    assert (group["creator_job_id"], group["is_detached"]) == ("02000000", True)
    assert group["bundles"] == [{"bundle_id": {"placement_group_id": GROUP, "bundle_index": 0}, "node_id": None,
                                 "unit_resources": {"my_res": 0.5}, "label_selector": {"my_label": "a"}}]  # fmt: skip
    assert group["stats"]["scheduling_state"] == "FINISHED"

    job = server.ask(f"{base}/api/jobs/raysubmit_x").json()
    assert (job["status"], job["message"], job["driver_exit_code"]) == ("FAILED", "it is FAILED", 7)
    assert (job["entrypoint"], job["metadata"], job["start_time"]) == ("python it.py", {"my_key": "1"}, 1795404333000)

    reports = server.ask(f"{base}/events").json()["data"]["events"]["global"]
    assert [report["message"] for report in reports] == ["Adding 2 node(s) of type small.\nResized to 4 CPUs."]
    status = server.ask(f"{base}/api/cluster_status?format=1").json()["data"]["clusterStatus"]
    assert "Pending:\n small, 2 launching\n" in status

    unknown = server.ask(f"{base}/api/history/session").json()["unknown_events"]
    assert unknown == {"total": 2, "of_type": {"ACCELERATOR_EVENT": 2}}
    assert 'types="2 ACCELERATOR_EVENT"' in server.log_path.read_text()
