"""Compares the History Server with the dashboards of many Ray versions, and writes the table of docs/compatibility.md.

    python scripts/compatibility.py RAYS RECORDINGS

RAYS is a folder with a virtual environment for each version, RAYS/2.57.0/bin/ray. For each of them a session of
tests/data/compatibility/workload.py is recorded into RECORDINGS/<version>, unless one is there, and compared by
tests/historyserver/test_recordings.py. tests/historyserver/ray_versions.py declares what an older Ray answers in another
way, with the reason of each. The table names these differences, and marks those that the list does not declare. The
script runs one Ray at a time, and takes some minutes for each. Run it with the Python of `scripts/tools.sh tests`, after
`scripts/build.sh release collector answer_for_test`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKLOAD = ROOT / "tests" / "data" / "compatibility" / "workload.py"
PAGE = ROOT / "docs" / "compatibility.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
# Ray before 2.54 takes "ALL" for the name of a type that it does not have, and sends nothing.
FIRST_WITH_ALL = [2, 54]
EVENT_TYPES = ",".join(
    f"{name}_EVENT"
    for name in (
        *("TASK_DEFINITION", "TASK_EXECUTION", "TASK_LIFECYCLE", "ACTOR_TASK_DEFINITION", "ACTOR_TASK_EXECUTION", "TASK_PROFILE"),
        *("DRIVER_JOB_DEFINITION", "DRIVER_JOB_EXECUTION", "DRIVER_JOB_LIFECYCLE", "NODE_DEFINITION", "NODE_LIFECYCLE"),
        *("ACTOR_DEFINITION", "ACTOR_LIFECYCLE"),
    )
)
ID = re.compile(r"(actor:)?[0-9a-f]{8}")
RECORDING_SECONDS = 900
COMPARING_SECONDS = 300
# The names that the table gives the tests, in its order.
ANSWERS = {
    "test_tasks_whatever_is_filtered": "tasks",
    "test_tasks_by_function": "summary",
    "test_tasks_by_lineage": "lineage",
    "test_timeline": "timeline",
    "test_actors": "actors",
    "test_actor_pages": "actor pages",
    "test_workers": "workers",
    "test_nodes": "nodes",
    "test_jobs": "jobs",
    "test_logs_of_tasks_and_actors": "logs",
    "test_names_of_logs": "names of logs",
}


def version_key(folder):
    return [int(number) for number in folder.name.split(".")]


def record(ray, folder):
    """What went wrong, or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(WORKLOAD, folder)
    command = [sys.executable, ROOT / "scripts" / "record_session.py", "--ray", ray, folder]
    if version_key(folder) < FIRST_WITH_ALL:
        command += ["--set", f"RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES={EVENT_TYPES}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RECORDING_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"recording it took longer than {RECORDING_SECONDS} s"
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1][:300]


def compare(recordings, version):
    """Returns, by test, the paths that differ as ray_versions.py declares it, and the test's failure or None."""
    report = recordings / version / "report.xml"
    environment = {**os.environ, "RAYHISTORY_RECORDINGS": str(recordings), "RAYHISTORY_BIN_DIR": str(ROOT / "build/release/bin")}
    subprocess.run(
        [sys.executable, "-m", "pytest", "tests/historyserver/test_recordings.py", "-q", "-p", "no:cacheprovider",
         f"--junitxml={report}", "-k", f"[{version}]"],
        cwd=ROOT, env=environment, capture_output=True, timeout=COMPARING_SECONDS, check=False,
    )  # fmt: skip
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        wrong = [child.get("message", "") + (child.text or "") for child in case if child.tag in ("failure", "error")]
        declared = [item.get("value") for item in case.iter("property") if item.get("name") == "differs"]
        outcomes[case.get("name").partition("[")[0]] = declared, wrong[0] if wrong else None
    return outcomes


def paths_in(message):
    """Returns the paths that a failure of comparison.check names."""
    return re.findall(r"^(?:E\s+)?(?:AssertionError: )?(\.[^\s:]\S*): live ", message, re.MULTILINE)


def fields_of(paths):
    """The names of the fields, the most frequent first."""
    names = [re.sub(r"(\[\d+\])+$", "", path).rpartition(".")[2] for path in paths]
    # A row that one side lacks is named by its ID, and its lack changes the numbers of rows.
    names = ["whole rows" if ID.match(name) else name for name in names if name not in ("total", "num_filtered", "num_after_truncation")]
    return sorted(set(names), key=lambda name: (-names.count(name), name))


def line_of(version, outcomes):
    agreeing, differing = [], []
    for test, name in ANSWERS.items():
        declared, message = outcomes.get(test, ([], "it was not compared"))
        if message is None and not declared:
            agreeing.append(name)
            continue
        # A difference of a whole answer has the path "", and one of a log has the log's request.
        fields = [f"`{field}`" for field in fields_of(path for path in declared if re.match(r"\.\w", path))[:6]]
        fields += [f"`{field}` (not declared)" for field in fields_of(paths_in(message or ""))[:6]]
        differing.append(f"{name} ({', '.join(fields)})" if fields else name)
    return f"| {version} | {', '.join(agreeing) or '–'} | {'; '.join(differing) or '–'} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rays", type=Path)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--only", nargs="*", help="these versions, and no table is written")
    arguments = parser.parse_args()
    lines = ["| Ray | answers that agree, field by field | answers that differ |", "|---|---|---|"]
    for folder in sorted((path.parents[1] for path in arguments.rays.glob("*/bin/ray")), key=version_key):
        version = folder.name
        if arguments.only and version not in arguments.only:
            continue
        recording = arguments.recordings / version
        failure = None if (recording / "session.tar.gz").exists() else record(folder / "bin" / "ray", recording)
        outcomes = {} if failure else compare(arguments.recordings, version)
        lines.append(f"| {version} | – | no session could be recorded: {failure} |" if failure else line_of(version, outcomes))
        print(lines[-1], flush=True)
    if not arguments.only:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
