"""Events in the form in which Ray 2.60 posts them, and the rules that say where each one belongs."""

import base64
import itertools
import json
import os

_numbers = itertools.count(1)

# Payload objects whose jobId decides (contract with KubeRay's eventcollector.go).
JOB_PAYLOADS = {
    "driverJobDefinitionEvent",
    "driverJobLifecycleEvent",
    "taskDefinitionEvent",
    "taskLifecycleEvent",
    "taskProfileEvents",
    "actorTaskDefinitionEvent",
    "actorDefinitionEvent",
}
NODE_TYPES = {"NODE_DEFINITION_EVENT", "NODE_LIFECYCLE_EVENT"}


def job_id(number):
    """As Ray's events carry it: four bytes, little endian, in base64. Job 1 is AQAAAA==."""
    return base64.b64encode(number.to_bytes(4, "little")).decode()


def job_id_in_keys(number):
    return number.to_bytes(4, "little").hex()


def task_event(session, job=1, **changes):
    """A task's lifecycle event, each call another one."""
    number = next(_numbers)
    event = {
        "eventId": base64.b64encode(os.urandom(28)).decode(),
        "sourceType": "CORE_WORKER",
        "eventType": "TASK_LIFECYCLE_EVENT",
        "timestamp": f"2026-11-23T02:28:25.{number % 10**9:09d}Z",
        "severity": "INFO",
        "sessionName": session,
        "nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==",
        "taskLifecycleEvent": {"jobId": job_id(job), "taskAttempt": 0, "number": number},
        "message": "",
    }
    event.update(changes)
    return event


def node_event(session, **changes):
    event = task_event(session, **changes)
    del event["taskLifecycleEvent"]
    event["eventType"] = "NODE_LIFECYCLE_EVENT"
    event["nodeLifecycleEvent"] = {"nodeId": event["nodeId"]}
    event.update(changes)
    return event


def body_of(events):
    """Ray's aggregator uses Python's json.dumps, blanks and all."""
    return json.dumps(events).encode()


def job_of(event):
    """The job under which an event is stored, in hex; None for a node event. Written from the contract alone."""
    if event["eventType"] in NODE_TYPES:
        return None
    for name, payload in event.items():
        if name in JOB_PAYLOADS and payload.get("jobId"):
            return base64.b64decode(payload["jobId"]).hex()
    return None
