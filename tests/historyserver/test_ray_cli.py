"""Ray's own command line before the History Server, beside the same commands before the live dashboard's recorded answers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from comparison import LATE_TASK, SECOND_START, check
from history_server import SESSION_A
from recorded_dashboard import RecordedDashboard, recorded_answers
from test_answers_against_live import OF_JOBS
from test_sessions import BASE

RAY = os.environ.get("RAYHISTORY_RAY", "")
COMMANDS = Path(__file__).with_name("ray_commands.py")

ALL = ["--detail", "--limit=10000", "--format=json"]
FAILED_TASK = "0305c20c67b558eeffffffffffffffffffffffff02000000"
NODE = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607"
# Of each a test; all run in one process.
LISTS = {resource: ["list", resource, *ALL] for resource in (
    "tasks", "actors", "workers", "nodes", "jobs", "placement-groups")}
FILTERS = [["list", "tasks", "--format=json", *(part for word in words for part in ("--filter", word))] for words in (
    ["name=f"], ["type=ACTOR_TASK"], ["state=finished"], ["func_or_class_name=f"])]
GETS = [["get", "tasks", FAILED_TASK], ["get", "actors", "7b88651e4785949c5c446ae802000000"], ["get", "nodes", NODE],
        ["get", "workers", "0147a5de042c9b8dc053ed7ec8afdd44feddf3ee4cdd992450e75b5d"]]
SUMMARIES = [["summary", what] for what in ("tasks", "actors", "objects")]
OF_JOB = [["job", "list"], ["job", "status", "raysubmit_ok"], ["job", "logs", "raysubmit_bad"]]
# What live had no answer to, or another.
OURS_ALONE = [["list", "cluster-events", *ALL], ["list", "runtime-envs", *ALL], ["list", "objects", *ALL],
              ["list", "tasks", "--filter", "worker_pid=672", "--format=json"], ["list", "tasks", "--filter", "bogus=1"],
              ["job", "status", "raysubmit_bad"], ["job", "stop", "raysubmit_ok"], ["job", "status", "raysubmit_never"]]
COMPARED = [*LISTS.values(), *FILTERS, *GETS, *SUMMARIES, *OF_JOB]


def run_commands(commands):
    python = Path(RAY).with_name("python")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run([python, COMMANDS], input=json.dumps(commands), capture_output=True, text=True, timeout=150,
                          check=False, env={**environment, "RAY_COLOR_PREFIX": "0", "COLUMNS": "400"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def addressed(command, address):
    return [*command, "--address", address]


class Said:
    def __init__(self, outcome):
        self.status = outcome["status"]
        self.text = outcome["said"]
        self.error = outcome["error"]

    def json(self):
        assert self.status == 0, self.error or self.text
        return json.loads(self.text)

    def yaml(self):
        assert self.status == 0, self.error or self.text
        return list(yaml.safe_load_all(self.text))

    def lines(self):
        """Without what is of the moment or the address."""
        assert self.status == 0, self.error or self.text
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.text)
        plain = re.sub(r"(?m)^\d{4}-\d\d-\d\d [\d:,]{12}\t\w+ \w+\.py:\d+ -- ", "", plain)
        return [line.rstrip() for line in plain.splitlines() if "server address" not in line and "====" not in line]


class Both:
    def __init__(self, ours, live):
        outcomes = run_commands(
            [addressed(command, ours) for command in COMPARED + OURS_ALONE] + [addressed(command, live) for command in COMPARED])
        ours, live = outcomes[:-len(COMPARED)], outcomes[-len(COMPARED):]
        self._ours = {json.dumps(command): Said(said) for command, said in zip(COMPARED + OURS_ALONE, ours)}
        self._live = {json.dumps(command): Said(said) for command, said in zip(COMPARED, live)}

    def ours(self, command):
        return self._ours[json.dumps(command)]

    def both(self, command):
        return self._live[json.dumps(command)], self.ours(command)


@pytest.fixture(scope="module")
def said(serve_for_module, recorded, recording):
    server = serve_for_module(recorded)
    live = RecordedDashboard(recorded_answers(recording / "dashboard"))
    yield Both(f"http://127.0.0.1:{server.port}{BASE}", live.address)
    live.stop()


def without_late(rows):
    """Attempts that live did not show yet, or does not."""
    return sorted((row for row in rows if f"{row['task_id']}:{row['attempt_number']}" not in (SECOND_START, LATE_TASK)),
                  key=lambda row: (row["task_id"], row["attempt_number"]))


# Beside these no difference may be.
ALLOWED = {
    "tasks": [],
    # The exception itself, in Python's serialization: nothing shows it.
    "actors": [(r".*\.serialized_exception", lambda _, ours: ours == "absent")],
    "workers": [
        # Drivers' alone: no worker's event tells of them.
        (r"\[\d+\]\.exit_(type|detail)", lambda _, ours: ours is None),
        (r"\[\d+\]\.(start|end)_time_ms", lambda live, ours: live[:19] == ours[:19]),
    ],
    "nodes": [],
    "jobs": OF_JOBS,
    "placement-groups": [],
}
# Drivers of Ray's own jobs send no events.
RAYS_OWN_DRIVERS = [job.ljust(56, "f") for job in ("01000000", "03000000", "05000000", "06000000")]


@pytest.mark.parametrize("resource", LISTS)
def test_list(said, resource):
    live, ours = (side.json() for side in said.both(LISTS[resource]))
    if resource == "tasks":
        live, ours = without_late(live), without_late(ours)
    if resource == "workers":
        live = [row for row in live if row["worker_id"] not in RAYS_OWN_DRIVERS]
    assert ours
    check(live, ours, ALLOWED[resource])


@pytest.mark.parametrize("command", FILTERS, ids=lambda command: command[-1])
def test_list_with_a_filter(said, command):
    live, ours = (without_late(side.json()) for side in said.both(command))
    assert ours
    check(live, ours)


@pytest.mark.parametrize("command", GETS, ids=lambda command: command[1])
def test_get(said, command):
    live, ours = (side.yaml() for side in said.both(command))
    check(live, ours)
    assert len(ours[0]) == (2 if command[1] == "tasks" else 1)


def test_summary_of_tasks(said):
    live, ours = (side.lines() for side in said.both(["summary", "tasks"]))
    # Of the actor's second start and of the late task, live did not tell yet.
    replaced = {"total_actor_scheduled: 4": "total_actor_scheduled: 5", "total_actor_tasks: 15": "total_actor_tasks: 16",
                "_StatsActor.get_datasets FINISHED: 5 ACTOR_TASK": "_StatsActor.get_datasets FINISHED: 6 ACTOR_TASK",
                "counter:A.__init__ FINISHED: 1 ACTOR_CREATION_TASK": "counter:A.__init__ FINISHED: 2 ACTOR_CREATION_TASK"}
    rows = [re.sub(" +", " ", line.lstrip("0123456789 ")) for line in live]
    assert set(replaced) <= set(rows)
    # In another order: that of the tasks' first attempts.
    assert sorted(replaced.get(row, row) for row in rows) == sorted(
        re.sub(" +", " ", line.lstrip("0123456789 ")) for line in ours)


def test_summary_of_actors_and_objects(said):
    live, ours = (side.lines() for side in said.both(["summary", "actors"]))
    assert ours == live and "total_actors: 6" in ours
    assert "total_objects: 0" in said.ours(["summary", "objects"]).lines()


def test_job_list(said):
    live, ours = said.both(["job", "list"])
    # The rest is compared in test_answers_against_live.
    told = re.compile(r"(?:submission_id|job_id|pid|node_ip_address)='[^']+'|status=<[^>]+>|metadata=\{[^}]*\}")
    assert len(told.findall(ours.text)) > 10
    assert told.findall(ours.text) == told.findall(live.text)


@pytest.mark.parametrize("command", [["job", "status", "raysubmit_ok"], ["job", "logs", "raysubmit_bad"]], ids=" ".join)
def test_job(said, command):
    live, ours = (side.lines() for side in said.both(command))
    assert ours == live and len(ours) > 1


def test_a_failed_job_is_said_to_have_failed(said):
    assert "Job 'raysubmit_bad' failed" in said.ours(["job", "status", "raysubmit_bad"]).lines()


def test_what_a_clusters_end_leaves_unknown_is_no_error(said):
    by_words = {" ".join(command[:2]): said.ours(command) for command in OURS_ALONE}
    assert len(by_words["list cluster-events"].json()) == 7
    (mine, _) = by_words["list runtime-envs"].json()
    assert (mine["runtime_env"], mine["success"]) == ({"env_vars": {"FOO": "<redacted>"}}, True)
    objects = by_words["list objects"]
    assert objects.status == 0 and "No resource in the cluster" in objects.text
    assert "Objects of a session that has ended are not known" in said.ours(["summary", "objects"]).text


def test_filters_of_numbers_and_wrong_ones(said):
    (task,) = said.ours(["list", "tasks", "--filter", "worker_pid=672", "--format=json"]).json()
    assert task["name"] == "named-1"
    wrong = said.ours(["list", "tasks", "--filter", "bogus=1"])
    assert wrong.status == 2 and "Invalid filter key 'bogus'" in wrong.text


def test_nothing_can_be_done_to_a_job(said):
    stopped = said.ours(["job", "stop", "raysubmit_ok"])
    assert stopped.status == 1 and "405" in stopped.error
    never = said.ours(["job", "status", "raysubmit_never"])
    assert never.status == 1 and "Job raysubmit_never does not exist" in never.error


def test_the_command_itself(serve, recorded):
    address = f"http://127.0.0.1:{serve(recorded).port}{BASE}"
    done = subprocess.run([RAY, "list", "tasks", "--filter", "state=FAILED", "--address", address], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Total: 9" in done.stdout and "retryex" in done.stdout


def test_a_session_whose_driver_was_silent(serve, recorded_a, recording_a):
    """Its tasks have no definition: what Ray's client will not take as unknown is filled."""
    address = f"http://127.0.0.1:{serve(recorded_a).port}/c/default/raycluster/a/{SESSION_A}"
    commands = [*LISTS.values(), *SUMMARIES, ["job", "list"]]
    outcomes = [Said(outcome) for outcome in run_commands([addressed(command, address) for command in commands])]
    assert [(outcome.status, outcome.error) for outcome in outcomes] == [(0, "")] * len(commands)
    tasks = outcomes[0].json()
    live = json.loads((recording_a / "dashboard" / "api__v0__tasks?detail=1&limit=10000").read_text())
    # Of one, no event came.
    assert len({row["task_id"] for row in live["data"]["result"]["result"]} - {row["task_id"] for row in tasks}) == 1
