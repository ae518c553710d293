#!/usr/bin/env python3
"""`make run`: a real Ray head node, the collector beside it as its sidecar, a small job, and what was stored of it.

Everything is below build/run (Ray's own folder, which wants a short path, is linked there) and is wiped first. At
the end the History Server serves what was stored, with the dashboard's files out of the installed Ray. It, and with
STORE=minio the store, stay up to be looked at, until the next run, `make clean`, or `scripts/run.sh stop`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from live.leftovers import end_marked_processes, mark
from live.minio_server import PASSWORD, USER, MinioServer
from live.ports import accepts_connections, free_port
from live.ray_head import RayHead
from live.stored import StoredInBucket, StoredInFolder
from live.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "run"
JOB = ROOT / "examples" / "job.py"
BUCKET = "ray-historyserver"
# What a folder of the tree shows of its files; the rest is counted.
FILES_SHOWN = 6


def say(text):
    print(f"run: {text}", flush=True)


def wipe():
    """Nothing of an earlier run, also of one that was killed, is in the way of this one."""
    link = WORK / "ray"
    if link.is_symlink():
        ray_folder = Path(os.readlink(link))
        end_marked_processes(ray_folder)
        shutil.rmtree(ray_folder, ignore_errors=True)
    end_marked_processes(WORK)
    end_marked_processes(WORK / "minio")
    shutil.rmtree(WORK, ignore_errors=True)


def start_collector(ray, events_port, store_environment):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        **mark(WORK),
        "RAY_ROLE": "Head",
        "RAY_CLUSTER_NAME": "example",
        "RAY_CLUSTER_NAMESPACE": "default",
        "RAY_TMP_ROOT": str(ray.root),
        "RAY_DASHBOARD_ADDRESS": f"http://127.0.0.1:{ray.dashboard_port}",
        "FQ_RAY_IP": f"127.0.0.1:{ray.dashboard_port}",
        "POD_IP": "127.0.0.1",
        "RAY_COLLECTOR_EVENT_DATA_DIR": str(WORK / "event-data"),
        "EVENTS_PORT": str(events_port),
        "METRICS_PORT": "0",
        # The default is a minute; here one wants to see logs arrive while the job runs.
        "PUSH_INTERVAL": "2s",
        **store_environment,
    }
    with open(WORK / "collector.log", "wb") as log:
        process = subprocess.Popen(
            [ROOT / "build/bin/collector"],
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )

    def listens():
        if process.poll() is not None:
            sys.exit(f"run: the collector ended with {process.returncode}:\n{(WORK / 'collector.log').read_text()}")
        return accepts_connections(events_port)

    wait_until(listens, f"the collector to listen; see {WORK}/collector.log", 10)
    return process


def start_history_server(ray, store_environment):
    """Stays when this program has ended. Gives the address of the newest session's dashboard."""
    port = free_port()
    build = next(Path(ray).parent.parent.glob("lib/python3*/site-packages/ray/dashboard/client/build"))
    with open(WORK / "historyserver.log", "wb") as log:
        process = subprocess.Popen(
            [ROOT / "build/bin/historyserver"],
            stdout=log,
            stderr=log,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
                **mark(WORK),
                "LISTEN_ADDRESS": "127.0.0.1",
                "LISTEN_PORT": str(port),
                "METRICS_PORT": "0",
                "DASHBOARD_DIR": str(build),
                **store_environment,
            },
            start_new_session=True,
        )

    def listens():
        if process.poll() is not None:
            sys.exit(f"run: the History Server ended with {process.returncode}; see {WORK}/historyserver.log")
        return accepts_connections(port)

    wait_until(listens, f"the History Server to listen; see {WORK}/historyserver.log", 10)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/clusters", timeout=10) as answer:
        session = json.load(answer)[0]
    place = f"c/{session['namespace']}/raycluster/{session['name']}/{session['sessionName']}"
    return f"http://127.0.0.1:{port}", place


def stop_both(ray, collector):
    """SIGTERM to both at once, as Kubernetes does when it deletes the pod; 30 s until it would send SIGKILL."""
    begun = time.monotonic()
    ray.terminate()
    collector.send_signal(signal.SIGTERM)
    ray.wait(30)
    try:
        collector.wait(30 - min(29, time.monotonic() - begun))
    except subprocess.TimeoutExpired:
        sys.exit(f"run: the collector did not end within 30 s; see {WORK}/collector.log")
    say(f"the collector ended with {collector.returncode} after {time.monotonic() - begun:.1f} s")
    if collector.returncode != 0:
        sys.exit(f"run: not everything was stored; see {WORK}/collector.log")


def human(size):
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def print_tree(sizes):
    tree = {}
    for key, size in sizes.items():
        *folders, name = key.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder + "/", {})
        place[name] = size

    def show(place, indent):
        files = {name: size for name, size in place.items() if not isinstance(size, dict)}
        files = dict(sorted(files.items(), key=lambda item: -item[1]))
        shown = dict(list(files.items())[:FILES_SHOWN])
        for name, size in shown.items():
            print(f"{indent}{name}  {human(size)}")
        if len(files) > len(shown):
            rest = sum(files.values()) - sum(shown.values())
            print(f"{indent}… and {len(files) - len(shown)} more files, {human(rest)}")
        for name, below in place.items():
            if isinstance(below, dict):
                # A chain of folders that hold one folder each is one line.
                while len(below) == 1 and isinstance(next(iter(below.values())), dict):
                    (last, below), *_ = below.items()
                    name += last
                print(f"{indent}{name}")
                show(below, indent + "  ")

    show(tree, "  ")


def lines_of(stored, key):
    return stored.read(key).decode(errors="replace").splitlines()


def show(stored):
    sizes = stored.sizes()
    print(f"\nStored, {len(sizes)} objects, {human(sum(sizes.values()))}:\n")
    print_tree(sizes)

    for key, size in sizes.items():
        if "/logs/worker-" in key and key.endswith(".out") and size > 0:
            print(f"\nA line of a log, {key.rsplit('/', 1)[1]}:\n  {lines_of(stored, key)[-1]}")
            break
    for key in sizes:
        failed = [line for line in lines_of(stored, key) if '"FAILED"' in line] if "/job_events/" in key else []
        if failed:
            event = json.loads(failed[0])
            text = json.dumps(event["taskLifecycleEvent"])
            print(f"\nAn event, {event['eventType']} of {event['timestamp']}, a task that failed:\n  {text[:500]}…")
            break


def main():
    store = sys.argv[1] if len(sys.argv) > 1 else "local"
    wipe()
    if store == "stop":
        return
    WORK.mkdir(parents=True)

    server = None
    if store == "minio":
        say("starting MinIO")
        server = MinioServer(os.environ["RAYHISTORY_MINIO"], WORK / "minio", console=True)
        store_environment = server.collector_environment(BUCKET)
        stored = StoredInBucket(server.client(), BUCKET)
        where = f"the bucket {BUCKET} of a real MinIO at http://{server.endpoint}"
    else:
        store_environment = {"STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": str(WORK / "store")}
        stored = StoredInFolder(WORK / "store")
        where = f"the folder {(WORK / 'store').relative_to(ROOT)}"

    events_port = free_port()
    say("starting Ray 2.60 as the head of a cluster")
    ray = RayHead(os.environ["RAYHISTORY_RAY"], WORK / "ray.log", events_port)
    (WORK / "ray").symlink_to(ray.root)
    collector = None
    try:
        say(f"starting the collector beside it; it stores in {where}")
        collector = start_collector(ray, events_port, store_environment)
        ray.wait_until_ready()
        say(f"running {JOB.relative_to(ROOT)}: 20 tasks and an actor")
        said = ray.run_job(JOB).splitlines()
        say("it said: " + next(line for line in said if line.startswith("job done")))
        wait_until(
            lambda: any("/logs/worker-" in key for key in stored.sizes()),
            "the first logs to be stored while Ray runs; see build/run/collector.log",
        )
        say(f"{len(stored.sizes())} objects are stored already, while Ray still runs")
        say("SIGTERM to both, as when Kubernetes deletes the pod")
        stop_both(ray, collector)
    finally:
        if collector is not None and collector.poll() is None:
            collector.kill()
        ray.kill()

    show(stored)
    address, place = start_history_server(os.environ["RAYHISTORY_RAY"], store_environment)
    print("\nWhat the collector said: build/run/collector.log")
    if server is None:
        print("Next: make run STORE=minio   (the same into a real MinIO)")
    else:
        print(f"The store: http://127.0.0.1:{server.console_port}   user {USER}, password {PASSWORD}")
    print(f"All sessions: {address}/select_cluster")
    print(f"Ray's dashboard of this session, which has ended: {address}/{place}/")
    print("This runs until the next `make run`, or: scripts/run.sh stop")


if __name__ == "__main__":
    main()
