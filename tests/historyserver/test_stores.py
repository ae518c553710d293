"""One session in every store, and told in every order: the answers are the same bytes."""

import gzip
import json
import random
import re
import uuid
from pathlib import Path

import pytest
from harness.collector import Collector
from harness.node import StandInNode
from live.waiting import wait_until
from test_sessions import BASE, SESSION

NODE = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607"
# Whatever is made of the events, of the log objects and of what the dashboard answered.
QUESTIONS = [
    "/api/v0/tasks?detail=1&limit=10000&exclude_driver=false", "/api/v0/tasks/summarize",
    "/api/v0/tasks/summarize?summary_by=lineage", "/api/v0/tasks/timeline", "/api/v0/actors?detail=1", "/logical/actors",
    "/api/v0/workers?detail=1", "/api/v0/nodes?detail=1", "/api/v0/jobs?detail=1", "/api/jobs/", "/events",
    "/api/v0/runtime_envs?detail=1", "/api/cluster_status?format=1", "/api/v0/placement_groups?detail=1",
    f"/api/v0/logs?node_id={NODE}&glob=**/*.out", f"/api/v0/logs/file?node_id={NODE}&filename=raylet.out&lines=7",
    "/api/v0/logs/file?task_id=0021899358e75e3cffffffffffffffffffffffff02000000&lines=-1",
    "/api/v0/logs/file?actor_id=7b88651e4785949c5c446ae802000000&lines=-1",
]


# The times at which the store got a session's objects say whether it has ended.
OF_AN_ENDED_SESSION = re.compile(rb', "rayhistory_last_seen_ms": \d+')


def answers(server, base=BASE):
    result = {}
    for question in QUESTIONS:
        answer = server.ask(f"{base}{question}")
        assert answer.status == 200, (question, answer.text())
        result[question] = OF_AN_ENDED_SESSION.sub(b"", answer.body)
    return result


@pytest.fixture(scope="module")
def expected(serve_for_module, recorded):
    return answers(serve_for_module(recorded))


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


@pytest.fixture
def filled(request, recorded):
    """The environment of a store that holds the recorded bucket."""
    name = f"recorded-{uuid.uuid4().hex}"
    server = request.getfixturevalue(request.param)
    client = server.client()
    if request.param == "azurite":
        container = client.create_container(name)
        for key, body in files_of(recorded).items():
            container.upload_blob(key, body)
    elif request.param == "fake_gcs":
        bucket = client.create_bucket(name)
        for key, body in files_of(recorded).items():
            bucket.blob(key).upload_from_string(body)
    elif request.param == "oci_gateway":
        import oci
        from harness.oci_gateway import COMPARTMENT, NAMESPACE

        client.create_bucket(
            NAMESPACE, oci.object_storage.models.CreateBucketDetails(name=name, compartment_id=COMPARTMENT)
        )
        for key, body in files_of(recorded).items():
            client.put_object(NAMESPACE, name, key, body)
    else:
        import alibabacloud_oss_v2 as oss

        client.put_bucket(oss.PutBucketRequest(bucket=name))
        for key, body in files_of(recorded).items():
            client.put_object(oss.PutObjectRequest(bucket=name, key=key, body=body))
    return server.collector_environment(name)


@pytest.mark.parametrize("filled", ["azurite", "fake_gcs", "oss_gateway", "oci_gateway"], indirect=True)
def test_every_store_gives_the_same_bytes(serve, filled, expected):
    server = serve(environment=filled)
    assert [row["sessionName"] for row in server.ask("/clusters").json()] == [SESSION]
    assert answers(server) == expected


def test_s3_gives_the_same_bytes(serve, bucket_in_minio, expected):
    assert answers(serve(environment=bucket_in_minio)) == expected


UNKNOWN = b'{"eventId": "bmV3", "eventType": "SOMETHING_NEW_EVENT", "timestamp": "2026-11-23T03:26:00Z", "somethingNew": {}}'


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_repetition_nor_form_of_events_changes_a_byte(serve, bucket, expected, seed):
    """Lines over all files and nodes; three in ten twice; files of lines, gzipped ones, an old collector's array; torn ends."""
    dice = random.Random(seed)
    session = next(bucket.glob(f"cluster-history/rayjob/*/*/*/{SESSION}"))
    files = [path for path in session.rglob("*") if path.is_file() and path.parent.name == "node_events" or
             path.parent.parent.name == "job_events"]
    events = [line for path in files for line in path.read_bytes().splitlines()]
    assert len(files) > 3 and len(events) > 300
    for path in files:
        path.unlink()
    events += dice.sample(events, len(events) * 3 // 10) + [UNKNOWN]
    dice.shuffle(events)
    other_node = "c" * 56
    piles = [events[i::8] for i in range(8)]
    for number, pile in enumerate(piles):
        folder = session / (NODE if number % 3 else other_node) / ("node_events" if number == 5 else f"job_events/0{number}000000")
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"{'ab' * 28}-2026-11-23-0{number}-{dice.randrange(10**9)}"
        lines = b"\n".join(pile) + b"\n" + pile[0][:-9]
        if number % 2:
            name.with_suffix(".jsonl.gz").write_bytes(gzip.compress(lines))
        elif number == 4:
            good = [line for line in pile if line.startswith(b"{")]
            name.write_bytes(b"[" + b",\n".join(good) + b"]")
        else:
            name.with_suffix(".jsonl").write_bytes(lines)
    got = answers(serve(bucket))
    # The other node is one that has objects, and no more.
    assert {question: got[question] for question in QUESTIONS} == expected


def test_what_is_missing_is_said_wherever_it_is_missed(serve, bucket):
    """A packed file that is cut short, and one with a line that is none; then a session of which only the marker is left."""
    session = next(bucket.glob(f"cluster-history/rayjob/*/*/*/{SESSION}"))
    folder = session / NODE / "job_events" / "02000000"
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    name = f"{NODE}-2026-11-23-09-1.jsonl.gz"
    (folder / name).write_bytes(gzip.compress(whole)[:-200])

    def missing(server):
        answer = server.ask(f"{BASE}/api/v0/tasks?limit=1").json()["data"]["result"]
        events = server.ask(f"{BASE}/events").json()["data"]["events"]
        assert [event["message"] for event in events["global"] if event["sourceType"] == "HISTORY_SERVER"] == [
            answer["partial_failure_warning"]]
        return answer["partial_failure_warning"]

    assert f"{NODE}/job_events/02000000/{name} (its gzip data is cut short)" in missing(serve(bucket))
    for path in session.rglob("*"):
        if path.is_file():
            path.unlink()
    assert "has no events of this session" in missing(serve(bucket))


def test_a_running_session_is_shown_as_far_as_it_is_stored(serve, recording, tmp_path):
    """Filled by our collector, which is still at it."""
    node = StandInNode()
    store = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(tmp_path / "store")}
    batches = [path.read_bytes() for path in sorted((recording / "event-batches").glob("*.json"))]
    finished = {row["task_id"] for row in json.loads((recording / "dashboard" / "001.body").read_text())["data"]["result"]["result"]}
    node.start(session=SESSION, node_id=NODE)
    collector = Collector(node, tmp_path, store, RAY_CLUSTER_NAME="mine")
    try:
        collector.start()
        node.write_log("raylet.out", b"begun\n")
        server = serve(tmp_path / "store")
        sender = collector.sender()
        part = len(batches) // 4
        for batch in batches[:part]:
            sender.send(batch)
        base = f"/c/default/raycluster/mine/{SESSION}"

        def shown(path="/api/v0/tasks?detail=1&limit=10000"):
            answer = server.ask(f"{base}{path}")
            return answer.json()["data"]["result"]["result"] if answer.status == 200 else []

        wait_until(lambda: list(tmp_path.glob("store/**/job_events/02000000/*")), "events in the store")
        early = wait_until(shown, "the first tasks, while the session runs", 60)
        assert not finished <= {row["task_id"] for row in early}

        for batch in batches[part:]:
            sender.send(batch)
        node.append_log("raylet.out", b"ended\n")
        collector.stop()
        # What is new in the store is seen without a restart.
        wait_until(lambda: {row["task_id"] for row in shown()} >= finished, "all tasks", 60)
        log = server.ask(f"{base}/api/v0/logs/file?node_id={NODE}&filename=raylet.out&lines=-1")
        assert (log.status, log.body) == (200, b"begun\nended\n")
        assert [row["sessionName"] for row in server.ask("/clusters").json()] == [SESSION]
    finally:
        collector.kill()
        node.remove()
