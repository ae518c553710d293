"""Records a session of a real Ray into a folder, and everything that its dashboard says of it: what the History Server is compared with.

    python scripts/record_session.py tests/data/recordings/core

Runs the folder's workload.py beside a collector, asks every endpoint of every page and the state API once the workload is done, and
ends Ray by SIGKILL at once, so that what is stored is what the dashboard knew. The archive holds:

    bucket/               what the collector stored
    dashboard/INDEX       NNN|request|status size content type
    dashboard/NNN.body    what was answered
"""

import argparse
import base64
import http.client
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))

from live.leftovers import mark
from live.ports import accepts_connections, free_port
from live.ray_head import RayHead
from live.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
# Ray Tune starts a process for each trial, and each imports pandas, on a machine that may be busy.
WORKLOAD_SECONDS = 600
ALIVE_SECONDS = 120
# Workers and the GCS report what happened once a second, and agents send it on a moment later.
SETTLED_SECONDS = 4
LISTS = (
    "/api/v0/tasks?detail=1&limit=10000&exclude_driver=false",
    "/api/v0/tasks?detail=1&limit=10000",
    "/api/v0/tasks",
    "/api/v0/actors?detail=1&limit=10000",
    "/api/v0/actors",
    "/api/v0/workers?detail=1&limit=10000",
    "/api/v0/nodes?detail=1",
    "/api/v0/jobs?detail=1",
    "/api/v0/placement_groups?detail=1&limit=10000",
    "/api/v0/runtime_envs?detail=1",
    "/api/v0/tasks/summarize",
    "/api/v0/tasks/summarize?summary_by=lineage",
    "/api/v0/tasks/timeline",
    "/api/v0/actors/summarize",
    "/api/jobs/",
    "/logical/actors",
    "/nodes?view=summary",
    "/nodes?view=hostNameList",
    "/events",
    "/api/cluster_status?format=1",
    "/api/v0/cluster_metadata",
    "/timezone",
)


class Dashboard:
    def __init__(self, port):
        self.port = port
        self.answers = []  # (request, status, content type, body)

    def ask(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", request)
            answer = connection.getresponse()
            self.answers.append((request, answer.status, answer.headers.get("Content-Type", ""), answer.read()))
        finally:
            connection.close()
        return self.answers[-1][3]

    def parsed(self, request):
        """What was answered last to it."""
        status, body = next((status, body) for asked, status, _, body in reversed(self.answers) if asked == request)
        try:
            return json.loads(body)
        except json.JSONDecodeError:
            raise RuntimeError(f"the dashboard answered {status} to {request}: {body[:300]!r}") from None

    def ask_all(self, tasks_with_logs=200):
        """The lists first and close together, for the cluster goes on; then each thing's own page."""
        # These begin actors of their own, which are a part of the lists then.
        self.ask("/api/jobs/")
        for job in self.parsed("/api/jobs/"):
            if job["job_id"]:
                self.ask(f"/api/data/datasets/{job['job_id']}")
        self.ask("/api/serve/applications/")
        self.ask("/api/train/v2/runs/v1")
        time.sleep(SETTLED_SECONDS)
        # Without a run of Ray Train the last answer is an error.
        self.answers = [answer for answer in self.answers if answer[0] != "/api/jobs/" and answer[1] == 200]
        for request in LISTS:
            self.ask(request)
        rows = {name: self.parsed(LISTS[i])["data"]["result"]["result"] for name, i in (("tasks", 0), ("actors", 3))}
        for actor in rows["actors"]:
            self.ask(f"/logical/actors/{actor['actor_id']}")
            self.ask(f"/api/v0/logs/file?actor_id={actor['actor_id']}&lines=-1")
        for job in self.parsed("/api/jobs/"):
            self.ask(f"/api/jobs/{quote(job['submission_id'] or job['job_id'])}")
        for node in self.parsed("/nodes?view=summary")["data"]["summary"]:
            self.ask(f"/nodes/{node['raylet']['nodeId']}")
            # Live has no logs of a node that is gone.
            if node["raylet"].get("state") == "ALIVE":
                self.ask(f"/api/v0/logs?node_id={node['raylet']['nodeId']}")
        for key in ("func_or_class_name", "name", "type", "state", "job_id", "actor_id", "node_id"):
            for value in sorted({str(task[key]) for task in rows["tasks"] if task[key]}):
                self.ask(f"/api/v0/tasks?filter_keys={key}&filter_predicates=%3D&filter_values={quote(value)}")
        for task in rows["tasks"][:tasks_with_logs]:
            attempt = f"task_id={task['task_id']}&attempt_number={task['attempt_number']}"
            for suffix in ("out", "err"):
                self.ask(f"/api/v0/logs/file?{attempt}&suffix={suffix}&lines=-1")


def address_of(head):
    """The address that Ray gives the node, although the command line names loopback."""
    command = [head.python, "-c", "import ray.util; print(ray.util.get_node_ip_address())"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def alive_nodes(head):
    dashboard = Dashboard(head.dashboard_port)
    try:
        dashboard.ask("/nodes?view=summary")
    except (OSError, http.client.HTTPException):
        # Ray 2.54 closes its first connections while its dashboard starts.
        return 0
    _, status, _, body = dashboard.answers[0]
    if status != 200:
        return 0
    return sum(node["raylet"].get("state") == "ALIVE" for node in json.loads(body)["data"]["summary"])


def check_that_the_gcs_sends_events(head):
    """A Ray before 2.54 whose agent starts slowly sends no event of an actor, a node or a driver, and the recording would lack them."""
    for log in ("gcs_server.out", "gcs_server.err"):
        if "Events and metrics will not be exported" in (head.session / "logs" / log).read_text(errors="replace"):
            raise RuntimeError(f"{log} says that the GCS sends no events, because the dashboard's agent took longer than 30 s; record again")


def start_collector(head, folder, port, role="Head", root=None):
    """Beside the head, or beside a node that has `root` for its files."""
    log_path = folder / f"collector-{port}.log"
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        **mark(folder),
        "RAY_ROLE": role,
        "RAY_CLUSTER_NAME": "recorded",
        "RAY_TMP_ROOT": str(root or head.root),
        "RAY_COLLECTOR_EVENT_DATA_DIR": str(folder / f"event-data-{port}"),
        "EVENTS_PORT": str(port),
        "METRICS_PORT": "0",
        # The collector asks no dashboard: its answers are recorded, and compared with what events alone tell.
        "RAY_DASHBOARD_ADDRESS": "http://127.0.0.1:1",
        # Older Rays leave no file that names the node, so the collector asks for it.
        "FQ_RAY_IP": f"127.0.0.1:{head.dashboard_port}",
        "POD_IP": address_of(head),
        "PUSH_INTERVAL": "1s",
        "STORAGE_BACKEND": "local",
        "LOCAL_STORAGE_DIR": str(folder / "bucket"),
    }
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [ROOT / "build" / "bin" / "collector"], env=environment, stdout=log, stderr=log, cwd=folder
        )
    wait_until(lambda: accepts_connections(port), f"the collector to listen; see {log_path}", 20)
    return process


class Worker:
    """A further node of the head's cluster, with an address and files of its own, and a collector of its own."""

    def __init__(self, head, number, folder):
        self.root = Path(tempfile.mkdtemp(prefix="rh-ray-", dir="/tmp"))
        self.log_path = folder / f"ray-{number}.log"
        port = free_port()
        self.collector = start_collector(head, folder, port, role="Worker", root=self.root)
        environment = {
            **{name: value for name, value in head.environment.items() if name != "RAY_ADDRESS"},
            "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR": f"http://localhost:{port}/v1/events",
        }
        command = [
            *(str(head.python.with_name("ray")), "start", "--block", "--disable-usage-stats", "--num-cpus=1"),
            *(f"--address={head.environment['RAY_ADDRESS']}", f"--node-ip-address=127.0.0.{number + 1}"),
            *(f"--temp-dir={self.root}", f"--object-store-memory={100 * 1024 * 1024}"),
            f'--resources={{"node_{number}": 1}}',
            f"--dashboard-agent-listen-port={free_port()}",
            *("--min-worker-port=0", "--max-worker-port=0"),
        ]
        with open(self.log_path, "wb") as log:
            # It carries the head's mark, and ends with it.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)

    def remove(self):
        if self.collector.poll() is None:
            self.collector.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


def run_workload(head, workload):
    """Until it says that it is done, or ends."""
    # Not through a shell: the driver's entrypoint is a part of what is shown.
    driver = subprocess.Popen(
        [str(head.python), "-u", str(workload)], env=head.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=workload.parent,
    )  # fmt: skip
    said = []
    is_done = threading.Event()

    def read():
        for line in driver.stdout:
            said.append(line)
            if "workload is done" in line:
                is_done.set()
        is_done.set()

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + WORKLOAD_SECONDS
    while not is_done.wait(1):
        if head.process.poll() is not None:
            raise RuntimeError(f"Ray ended with {head.process.returncode} while the workload ran: {head.log_path.read_text()[-2000:]}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the workload did not end in {WORKLOAD_SECONDS} s; it said {''.join(said)!r}")
    if not any("workload is done" in line for line in said):
        raise RuntimeError(f"the workload ended with {driver.wait(60)} before it was done: {driver.stderr.read()}")
    return driver


# Where memory runs out, Ray names the machine's largest processes, whosever they are: "17\t0.32\t/usr/bin/program…", as a text
# or, with its tabs and line breaks escaped, in JSON.
LARGEST_PROCESS = re.compile(rb"((?:\n|\\+n)\d+(?:\t|\\+t)[\d.]+(?:\t|\\+t))((?:\\+\"|[^\\\n\"])+)")
BEFORE_LARGEST_PROCESSES = re.compile(rb"memory users: PID(?:\t|\\+t)MEM\(GB\)(?:\t|\\+t)COMMAND")


class Neutral:
    """Takes this machine's folders out of what is recorded. What stands for them is as long, because tasks' logs are
    ranges of bytes."""

    def __init__(self, ray):
        prefixes = subprocess.run(
            [Path(ray).with_name("python"), "-c", "import sys; print(sys.prefix); print(sys.base_prefix)"],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        self.places = {os.fsencode(place): self._same_length(place, name) for place, name in zip(prefixes, ("ray", "python"))}
        self.home = os.fsencode(Path.home()) + b"/"

    @staticmethod
    def _same_length(place, name):
        neutral = f"/opt/{name}"
        return os.fsencode(neutral + "_" * (len(place) - len(neutral)))[: len(place)]

    def __call__(self, content):
        content = self._plain(content)
        # Exceptions are pickled, and sent in base64.
        return re.sub(rb"[A-Za-z0-9+/]{100,}={0,2}", self._encoded, content)

    def _plain(self, content):
        if BEFORE_LARGEST_PROCESSES.search(content):
            content = LARGEST_PROCESS.sub(lambda process: process[1] + b"x" * len(process[2]), content)
        for place, neutral in self.places.items():
            content = content.replace(place, neutral)
        if self.home in content:
            at = content.index(self.home)
            raise RuntimeError(f"a folder of this machine would be recorded: {content[max(at - 200, 0) : at + 200]!r}")
        return content

    def _encoded(self, match):
        try:
            decoded = base64.b64decode(match[0], validate=True)
        except ValueError:
            return match[0]
        return base64.b64encode(self._plain(decoded))


# The tests compare the names of the logs of Ray's own processes, and read no more than the first lines of the raylet's.
# A recording keeps so much of each, because they are most of it.
OWN_LOG = re.compile(r".*/logs/((raylet|gcs_server|monitor|log_monitor|dashboard\w*|runtime_env_agent|python-core-\w+-\w+)\.(out|err|log)"
                     r"|debug_state\w*\.txt)")  # fmt: skip
OWN_LOG_BYTES = 8192


def kept(name, content):
    return content[:OWN_LOG_BYTES] if OWN_LOG.fullmatch(name) else content


def write_archive(path, dashboard, bucket, neutral):
    def add(archive, name, content):
        content = neutral(content)
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    folder = "session"
    with tarfile.open(path, "w:gz") as archive:
        index = ""
        for number, (request, status, content_type, body) in enumerate(dashboard.answers):
            index += f"{number:03}|{request}|{status} {len(body)} {content_type}\n"
            add(archive, f"{folder}/dashboard/{number:03}.body", body)
        add(archive, f"{folder}/dashboard/INDEX", index.encode())
        for file in sorted(bucket.rglob("*")):
            if file.is_file():
                name = f"{folder}/bucket/{file.relative_to(bucket)}"
                add(archive, name, kept(name, file.read_bytes()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="has workload.py; gets session.tar.gz")
    parser.add_argument("--ray", default=os.environ.get("RAYHISTORY_RAY"), help="the ray command; default: RAYHISTORY_RAY")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a variable of Ray's environment")
    parser.add_argument("--workers", type=int, default=0, help="how many nodes beside the head; each has one of the resource node_<number>")
    arguments = parser.parse_args()
    workload, archive = arguments.folder / "workload.py", arguments.folder / "session.tar.gz"
    with tempfile.TemporaryDirectory(prefix="rh-record-") as name:
        folder = Path(name)
        (folder / "bucket").mkdir()
        port = free_port()
        options = ['--resources={"my_res_x": 4}', "--labels=my_label_x=a-b_c"]
        variables = dict(variable.split("=", 1) for variable in arguments.set)
        head = RayHead(arguments.ray, folder / "ray.log", port, num_cpus=4, options=options, **variables)
        collectors = []
        workers = []
        driver = None
        try:
            collectors.append(start_collector(head, folder, port))
            head.wait_until_ready()
            # Ray 2.54 lets no driver in before, and says that it is ready.
            wait_until(lambda: alive_nodes(head) > 0, "a node that is alive", ALIVE_SECONDS)
            for number in range(1, arguments.workers + 1):
                workers.append(Worker(head, number, folder))
                collectors.append(workers[-1].collector)
            wait_until(lambda: alive_nodes(head) == 1 + len(workers), "all nodes to be alive", ALIVE_SECONDS)
            driver = run_workload(head, Path(shutil.copy(workload, head.root)))
            time.sleep(SETTLED_SECONDS)
            check_that_the_gcs_sends_events(head)
            dashboard = Dashboard(head.dashboard_port)
            dashboard.ask_all()
            if driver.poll() is None:
                driver.kill()
            head.end_at_once()
            for collector in collectors:
                collector.terminate()
            if any([collector.wait(60) != 0 for collector in collectors]):
                raise RuntimeError("".join(log.read_text() for log in folder.glob("collector-*.log")))
        finally:
            for process in (driver, *collectors):
                if process is not None and process.poll() is None:
                    process.kill()
            head.kill()
            for worker in workers:
                worker.remove()
        write_archive(archive, dashboard, folder / "bucket", Neutral(arguments.ray))
    print(f"{archive}: {len(dashboard.answers)} answers, {archive.stat().st_size} bytes")


if __name__ == "__main__":
    main()
