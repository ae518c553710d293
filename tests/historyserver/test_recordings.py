"""Compares the History Server's answers for recorded sessions with the live dashboard's, request by request.

scripts/record_session.py makes a recording out of a workload in tests/data/workloads. Every answer of its dashboard is
compared, field by field. What may differ is listed here, with the reason; anything else is a mistake.

Needs RAYHISTORY_BIN_DIR, the folder with the program answer_for_test.
"""

import json
import os
import random
import re
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from comparison import LAST_SEEN, OF_CHOSEN_NAMES, TIMES, anything, by_id, check, of_nodes
from ray_versions import FIRST_THAT_COUNTS_BY_NAME, differences_of, version_of
from recorded_dashboard import recorded_answers

DATA = Path(os.environ.get("RAYHISTORY_RECORDINGS", Path(__file__).resolve().parents[1] / "data" / "recordings"))
RECORDINGS = sorted(path.parent.name for path in DATA.glob("*/session.tar.gz"))
TASKS = "/api/v0/tasks?detail=1&limit=10000&exclude_driver=false"
# By which a row is known: lists come in no order, live.
KEYS = (("task_id", "attempt_number"), ("actor_id",), ("worker_id",), ("node_id",), ("job_id", "submission_id"))
ENDED = time.time() - 3600
SEED = 4  # with it the end of an actor that left by itself is lost, whose worker's profile is not
# Live reads its clock a second time, and so later where the machine is busy.
CLOCK_MS = 100


class Recording:
    def __init__(self, name, folder, share_of_events=1.0):
        with tarfile.open(DATA / name / "session.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        self.live = recorded_answers(folder / "session" / "dashboard")
        # It has ended: nothing was stored for five minutes.
        for path in (folder / "session" / "bucket").rglob("*"):
            os.utime(path, (ENDED, ENDED))
        self.bucket = folder / "session" / "bucket"
        (self.session,) = self.bucket.glob("cluster-history/*/*/*/session_*")
        if share_of_events < 1:
            self._keep(share_of_events)
        self.version = version_of(json.loads(self.live["/api/v0/cluster_metadata"][1]))
        self.of_version = []  # The test that runs found these differences of this Ray.
        self.ours = self._answers()

    def check(self, answer, live, ours, *arguments, **options):
        """Compares them, and allows what this version of Ray answers in another way."""
        self.of_version += check(live, ours, *arguments, of_version=differences_of(self.version, answer), **options)

    def _keep(self, share):
        """Of the events, some by chance, always the same ones."""
        chance = random.Random(SEED)
        for path in sorted(self.session.glob("*/*_events/**/*.jsonl")):
            path.write_text("".join(line for line in path.open() if chance.random() < share))
            os.utime(path, (ENDED, ENDED))

    def later_starts(self):
        """The later attempts of a restarted actor's creation task have no definition of their own, and live shows none
        of them; ours have the first one's."""
        shown = {(task["task_id"], task["attempt_number"]) for task in self.rows_of_live(TASKS)}
        for actor in self.rows_of_live("/api/v0/actors?detail=1&limit=10000"):
            for attempt in range(1, int(actor["num_restarts"]) + 1):
                task = f"{'f' * 16}{actor['actor_id']}"
                if (task, attempt) not in shown:
                    yield f"{task}:{attempt}"

    def _answers(self):
        asked = "".join(f"{request}\n" for request in self.live)
        program = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "answer_for_test"
        done = subprocess.run(
            [program, self.bucket, f"{self.session.relative_to(self.bucket)}/", self.session.name, *self.later_starts()],
            input=asked.encode(), capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        answers, rest = {}, done.stdout
        for request in self.live:
            head, _, rest = rest.partition(b"\n")
            status, size, _ = head.decode().split(" ", 2)
            answers[request] = int(status), rest[: int(size)].decode(errors="replace")
            rest = rest[int(size) + 1 :]
        assert rest == b""
        return answers

    def rows_of_live(self, request):
        return rows_of(json.loads(self.live[request][1]))

    def both(self, request):
        (live_status, live), (status, ours) = self.live[request], self.ours[request]
        assert (live_status, status) == (200, 200), (request, ours)
        return json.loads(live), json.loads(ours)

    def both_by_key(self, request):
        """Lists of rows become maps."""
        return [with_rows_by_key(body) for body in self.both(request)]

    def requests(self, pattern):
        found = [request for request in self.live if re.fullmatch(pattern, request)]
        assert found, pattern
        return found


def rows_of(body):
    return body["data"]["result"]["result"]


def key_of(row):
    keys = next(keys for keys in KEYS if any(row.get(key) is not None for key in keys))
    return "-".join(str(row.get(key)) for key in keys)


def with_rows_by_key(body):
    rows = rows_of(body)
    body["data"]["result"]["result"] = {key_of(row): row for row in rows}
    assert len(rows_of(body)) == len(rows)
    return body


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request, tmp_path_factory):
    return Recording(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(autouse=True)
def record_what_differs_by_version(request, record_property):
    """scripts/compatibility.py reads it from the report."""
    yield
    recording = request.node.funcargs.get("recording")
    if recording is not None:
        for path in recording.of_version:
            record_property("differs", path)
        recording.of_version = []


def test_tasks_whatever_is_filtered(recording):
    for request in recording.requests(r"/api/v0/tasks(\?.*)?"):
        one, other = recording.both_by_key(request)
        if "filter_keys=name" in request:
            # Live filters by a name without the actor's repr, and shows one with it; ours takes both.
            missing = rows_of(one).keys() - rows_of(other).keys()
            assert not missing, request
            continue
        if "filter_keys=node_id" in request and recording.version < (2, 55):
            # Its dashboard knows the node of fewer tasks.
            assert rows_of(one).keys() <= rows_of(other).keys(), request
            continue
        recording.check("tasks", one, other)


def by_type(summary):
    """Counts the tasks of each type and state, whatever their names are."""
    counts = {}
    for group in summary.values():
        for state, count in group["state_counts"].items():
            counts[f"{group['type']} {state}"] = counts.get(f"{group['type']} {state}", 0) + count
    return counts


def test_tasks_by_function(recording):
    one, other = recording.both("/api/v0/tasks/summarize")
    if recording.version < FIRST_THAT_COUNTS_BY_NAME:
        recording.of_version.append(".summary")
        for body in (one, other):
            cluster = body["data"]["result"]["result"]["node_id_to_summary"]["cluster"]
            cluster["summary"] = by_type(cluster["summary"])
    recording.check("summary", one, other)


def by_group(nodes):
    """Groups whose times and counts are equal come in any order."""
    return {
        f"{node['key']}": {**node, "timestamp": 0, "children": by_group(node["children"])}
        for node in nodes
    }


def test_tasks_by_lineage(recording):
    one, other = recording.both("/api/v0/tasks/summarize?summary_by=lineage")
    for body in (one, other):
        cluster = body["data"]["result"]["result"]["node_id_to_summary"]["cluster"]
        cluster["summary"] = by_group(cluster["summary"])
    recording.check("lineage", one, other)


def test_timeline(recording):
    one, other = recording.both("/api/v0/tasks/timeline")
    # Rows and columns are numbered in the order in which they appear.
    for events in (one, other):
        names = {(event["pid"], event["tid"], event["name"]): event["args"]["name"] for event in events if event["ph"] == "M"}
        for event in events:
            event["pid"] = names[event["pid"], None, "process_name"]
        for event in events:
            for key in ("ts", "dur"):
                if key in event:
                    event[key] = round(event[key])
            event.pop("tid")
        events.sort(key=lambda event: json.dumps(event, sort_keys=True))
    recording.check("timeline", one, other)


def test_actors(recording):
    for request in recording.requests(r"/api/v0/actors(\?.*)?"):
        # The exception itself, in Python's serialization, is left out: nothing shows it.
        recording.check("actors", *recording.both_by_key(request), [(r".*\.serialized_exception", lambda _, ours: ours == "absent")], all_occur=False)
    recording.check("actors", *recording.both("/api/v0/actors/summarize"))


# Only live knows what a living process and its host were doing, and the port of an actor that died in its constructor.
OF_ACTORS = [
    # Live does not look into this cause of death.
    (r".*\.exitDetail", lambda live, ours: live == "-" and "running low on memory" in ours),
    # Live does not know who it is where its dashboard heard of an actor's change before it heard of the actor.
    (r".*\.(actorId|jobId)", lambda live, _: set(live) == {"f"}),
    (r".*\.(mem|processStats)", lambda _, ours: ours in ([], None)),
    # Live has them of the processes that its agents saw last, so also of some that have died with their node, and not of
    # some that have just begun.
    (r".*\.(ipAddress|port|workerId)", lambda live, ours: "absent" in (live, ours)),
    (r".*\.address\.(nodeId|workerId)", lambda _, ours: set(ours) == {"f"}),  # where it was to be started
    (r".*\.address\.port", lambda live, ours: live != 0 and ours == 0),
    (rf".*\.{OF_CHOSEN_NAMES}", lambda live, ours: "absent" in (live, ours)),
    (r".*\.(usedResources|num[A-Z]\w+|usedObjectStoreMemory|taskQueueLength|objectRefs|language|workerType|objectsTotal)",
     lambda _, ours: ours == "absent"),
]  # fmt: skip


def test_actor_pages(recording):
    for request in recording.requests(r"/logical/actors(/\w+)?"):
        recording.check("actor pages", *recording.both(request), OF_ACTORS, times=TIMES, all_occur=False, time_ms=CLOCK_MS)


def test_names_that_people_chose_are_as_the_list_of_actors_has_them(recording):
    one, other = (body["data"]["actors"] for body in recording.both("/logical/actors"))
    for actor_id, actor in one.items():
        for key in ("requiredResources", "labelSelector"):
            assert other[actor_id][key] == actor[key]


def test_workers(recording):
    one, other = (by_id(rows_of(body), "worker_id") for body in recording.both("/api/v0/workers?detail=1&limit=10000"))
    # Ray's own drivers, of the dashboard's modules, export no events.
    jobs = {job["job_id"] for job in json.loads(recording.ours["/api/jobs/"][1])}
    for worker in [worker for worker in one if worker.endswith("f" * 40) and worker[:8] not in jobs]:
        del one[worker]
    driver = r"\.\w{8}f{48}"
    recording.check("workers", one, other, [
        (driver + r"\.(start|end)_time_ms", lambda live, ours: abs(ours - live) < CLOCK_MS),
        (driver + r"\.exit_(type|detail)", lambda _, ours: ours is None),
    ], all_occur=False)  # fmt: skip


def test_nodes(recording):
    for request in recording.requests(r"/api/v0/nodes\?detail=1"):
        # Of a node's end, live reads its clock once for the event and once for the answer.
        recording.check("nodes", *recording.both_by_key(request), times=r".*\.end_time_ms", time_ms=CLOCK_MS)
    recording.check("nodes", *recording.both("/nodes?view=hostNameList"))
    one, other = recording.both("/nodes?view=summary")
    for body in (one, other):
        body["data"]["summary"] = {node["raylet"]["nodeId"]: node for node in body["data"]["summary"]}
    assert one["data"]["summary"].keys() == other["data"]["summary"].keys()
    # How much was in use at that moment.
    recording.check("nodes", one, other, [
        # What live hears of a node's end has none of these, and takes the place of what it knew.
        (r".*\.raylet\.(nodeManager\w+|nodeName|\w+SocketName|sessionDir|tempDir|startTimeMs)", lambda live, _: live in ("", "0")),
        (r".*\.raylet\.endTimeMs", lambda live, ours: abs(int(ours) - int(live)) < CLOCK_MS),
        *of_nodes(r"\.data\.summary\.\w+"),
        (r"\.data\.nodeLogicalResources\..*", anything),
        (r".*\.raylet\.objectStore(Used|Available)Memory", anything),
    ], all_occur=False)  # fmt: skip


# No event tells these of a job; the collector may fetch them. Ours says more of a driver's node.
OF_JOBS = [
    (r".*(driver_agent_http_address|driver_exit_code|message|error_type)", lambda _, ours: ours is None),
    (r".*(start|end)_time", lambda one, ours: abs(one - ours) < 200),
    (r".*driver_node_id", lambda one, ours: one is None),
]


def test_jobs(recording):
    for request in recording.requests(r"/api/v0/jobs\?detail=1"):
        recording.check("jobs", *recording.both_by_key(request), OF_JOBS, all_occur=False)
    for request in recording.requests(r"/api/jobs/.*"):
        recording.check("jobs", *recording.both(request), OF_JOBS, all_occur=False)


# The export API tells how a dataset stands, and not how much went through; metrics are Prometheus's.
OF_DATASETS = [
    (r".*\.(progress|total|total_rows|queued_blocks)", lambda _, ours: ours is None),
    # Ray's statistics and its export read the clock one after the other.
    (r".*\.end_time", lambda live, ours: abs(live - ours) < 0.1),
]


def test_datasets(recording):
    """Without export files, and with no dashboard's answer stored, there are none."""
    has_exports = any(recording.bucket.rglob("event_EXPORT_DATASET_METADATA*.log"))
    for request in [request for request in recording.live if request.startswith("/api/data/datasets/")]:
        one, other = recording.both(request)
        if has_exports:
            check(one, other, OF_DATASETS, all_occur=bool(one["datasets"]))
        else:
            assert other == {"datasets": []}


def test_train_runs(recording):
    for request in [request for request in recording.live if request.startswith("/api/train/")]:
        one, other = recording.both(request)
        assert len(one["train_runs"]) == 2
        check(one, other, [(r".*\.job_details\.driver_node_id", lambda live, _: live is None)])


def test_what_has_no_end_says_when_the_session_was_seen_last(recording):
    """Beside Ray's own fields, which stay as live has them. Rows of the state API have those alone: Ray's client takes no other."""
    listed = [json.loads(recording.ours[request][1])["data"]["result"][LAST_SEEN] for request in (TASKS, "/api/v0/nodes?detail=1")]
    jobs, actors = json.loads(recording.ours["/api/jobs/"][1]), json.loads(recording.ours["/logical/actors"][1])["data"]["actors"]
    assert {job[LAST_SEEN] for job in jobs if LAST_SEEN in job} | {
        actor[LAST_SEEN] for actor in actors.values() if LAST_SEEN in actor} == set(listed)  # fmt: skip
    assert len(set(listed)) == 1
    assert all((LAST_SEEN in job) == (not job["end_time"]) for job in jobs)
    assert all((LAST_SEEN in actor) == (actor["state"] != "DEAD") for actor in actors.values())
    assert not any(LAST_SEEN in row for row in rows_of(json.loads(recording.ours[TASKS][1])))
    ends = [task["end_time_ms"] or 0 for task in rows_of(json.loads(recording.ours[TASKS][1]))]
    assert max(ends) <= listed[0]


def test_logs_of_tasks_and_actors(recording):
    """Where live has a log, ours is the same, but for what still ran when live answered."""
    for request in recording.requests(r"/api/v0/logs/file\?.*"):
        (live_status, live), (status, ours) = recording.live[request], recording.ours[request]
        if live_status == 200:
            text = live.decode(errors="replace")
            assert status == 200, request
            recording.check("logs", {request: text}, {request: text if ours.startswith(text) else ours})
    assert sum(bool(recording.live[request][1]) for request in recording.requests(r"/api/v0/logs/file\?.*")) > 3


def test_names_of_logs(recording):
    for request in recording.requests(r"/api/v0/logs\?.*"):
        one, other = recording.both(request)
        for names, ours in ((one["data"]["result"][category], other["data"]["result"][category]) for category in one["data"]["result"]):
            # A folder without a file in it leaves no trace in a store.
            assert {name for name in names if not name.endswith("/")} <= set(ours), request


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("share", (0.8, 0.3))
def test_nothing_appears_that_was_not_there_when_events_are_lost(name, share, tmp_path):
    """Ray's buffers drop events when they are full. What is shown then is less, and never a thing that live did not have."""
    thinned = Recording(name, tmp_path, share)
    for request, (status, body) in thinned.ours.items():
        assert status in (200, 400, 404, 410, 501), (request, status, body)
    shown = 0
    for request, key in ((TASKS, "task_id"), ("/api/v0/actors?detail=1&limit=10000", "actor_id"),
                         ("/api/v0/nodes?detail=1", "node_id"), ("/api/v0/jobs?detail=1", "job_id")):  # fmt: skip
        ours = {row[key] for row in rows_of(json.loads(thinned.ours[request][1]))}
        assert ours <= {row[key] for row in thinned.rows_of_live(request)}, request
        shown += len(ours)
    assert shown > 0
    # A task that ended well may seem to have died with its worker or node, as live marks one whose end it did not hear of.
    live_states = {(task["task_id"], task["attempt_number"]): task["state"] for task in thinned.rows_of_live(TASKS)}
    for task in rows_of(json.loads(thinned.ours[TASKS][1])):
        if live_states[task["task_id"], task["attempt_number"]] == "FINISHED":
            assert task["error_type"] in (None, "WORKER_DIED", "NODE_DIED"), task


def test_every_request_is_compared(recording):
    """But for those that other tests compare: they are of moments, of the host, or of what only a collector fetches."""
    elsewhere = (r"/api/v0/placement_groups.*|/api/v0/runtime_envs.*|/events.*|/api/cluster_status.*|/api/serve/.*"
                 r"|/api/v0/cluster_metadata|/timezone|/nodes/\w+|/api/v0/logs.*")  # fmt: skip
    here = (r"/api/v0/tasks(\?.*)?|/api/v0/tasks/(summarize.*|timeline)|/api/v0/(actors|workers|nodes|jobs)(\?.*)?"
            r"|/api/v0/actors/summarize|/api/(data|train)/.*|/logical/actors.*|/nodes\?.*|/api/jobs/.*")  # fmt: skip
    assert not [request for request in recording.live if not re.fullmatch(f"{elsewhere}|{here}", request)]
