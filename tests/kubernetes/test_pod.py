"""Real pods of config/raycluster.yaml and config/historyserver.yaml: a real Ray and the collector from its image, then the
History Server from its own, at the limits that the manifests set, and a real store. Only what an operator, a kubelet and
DNS would do is done by kube_pod.py and the modules of both pods."""

import json
import os
import re
import urllib.request
from pathlib import Path

import pytest
from harness.judge import Judge
from harness.servers import tool
from history_server_pod import HistoryServerPod
from image import historyserver_image, image, network, ray_image  # noqa: F401  # fixtures
from live.azurite_server import ACCOUNT, KEY
from live.ports import accepts_connections
from live.stored import StoredInBucket, StoredInContainer
from live.waiting import wait_until
from ray_pod import RayPod

pytestmark = [pytest.mark.timeout(1500), pytest.mark.image]

BUCKET = "ray-historyserver"
# Ray kills a job's workers when it ends, and with them events that they have not sent yet.
JOB = """
import os, time
import ray

@ray.remote
def work(number):
    print(f"working on {number}")
    return number

ray.init(address="auto", logging_level="warning", log_to_driver=False)
print("done", sum(ray.get([work.remote(number) for number in range(20)])))
while not os.path.exists("/tmp/ray/end-the-job"):
    time.sleep(0.1)
os.remove("/tmp/ray/end-the-job")
"""


class MinioPod:
    """MinIO where the manifest looks for it: minio-service.minio-dev:9000."""

    manifest = "raycluster"
    history_manifest = "historyserver"
    host = "minio-service.minio-dev"
    port = 9000

    def __init__(self, pod, folder):
        self.address = pod.address
        pod.start(
            *(tool("minio", "RAYHISTORY_MINIO"), "server", "--address", f":{self.port}", folder / "data"),
            # What config/minio.yaml sets.
            environment={**os.environ, "MINIO_ROOT_USER": "minioadmin", "MINIO_ROOT_PASSWORD": "minioadmin"},
            log_path=folder / "minio.log",
        )
        wait_until(lambda: accepts_connections(self.port, self.address), f"MinIO; see {folder}/minio.log", 60)

    def stored(self):
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url=f"http://{self.address}:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="minioadmin",
            aws_secret_access_key="minioadmin",
            config=Config(s3={"addressing_style": "path"}),
        )
        return StoredInBucket(client, BUCKET)


class AzuritePod:
    """Azurite where the manifest looks for it: azurite-service.azurite-dev:10000, as config/azurite.yaml starts it."""

    manifest = "raycluster-azureblob"
    host = "azurite-service.azurite-dev"
    port = 10000

    def __init__(self, pod, folder):
        self.address = pod.address
        pod.start(
            *(tool("azurite", "RAYHISTORY_AZURITE"), "--blobHost", "0.0.0.0", "--location", folder / "data"),
            *("--skipApiVersionCheck", "--loose", "--disableProductStyleUrl"),
            environment=dict(os.environ),
            log_path=folder / "azurite.log",
        )
        wait_until(lambda: accepts_connections(self.port, self.address), f"Azurite; see {folder}/azurite.log", 60)

    def stored(self):
        from azure.storage.blob import BlobServiceClient

        service = BlobServiceClient.from_connection_string(
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint=http://{self.address}:{self.port}/{ACCOUNT};",
            api_version="2025-11-05",
        )
        return StoredInContainer(service, BUCKET)


def status(pod, path, port=8085):
    try:
        with urllib.request.urlopen(f"http://{pod.address}:{port}{path}", timeout=2) as answer:
            return answer.status
    except OSError:
        return None


def tasks_finished(judge, session, node):
    """Of all jobs: the dashboard's own driver and ours get their numbers as they come."""
    jobs = {path.split("/")[0] for path in judge.below(session, node, "job_events")}
    return {
        event["taskLifecycleEvent"]["taskId"]
        for job in jobs
        for event in judge.job_events(session, node, job)
        if event["eventType"] == "TASK_LIFECYCLE_EVENT"
        for transition in event["taskLifecycleEvent"].get("stateTransitions", [])
        if transition["state"] == "FINISHED"
    }


def ray_is_up(pod):
    return pod.session and status(pod, "/api/version", port=8265) == 200


@pytest.fixture
def stores():
    """By the class of each, those that pods were made for."""
    return {}


@pytest.fixture
def make_history_server(historyserver_image, network, stores, tmp_path):  # noqa: F811
    """make_history_server(MinioPod): the pod of the manifest that belongs to this store, started."""
    made = []

    def make(store_pod):
        store = stores[store_pod]
        own_network = network.add_pod(tmp_path / "history-pod")
        pod = HistoryServerPod(own_network, store.history_manifest, {store.host: store.address}, tmp_path)
        made.append(pod)
        pod.start()
        wait_until(lambda: status(pod, "/readyz", port=8080) == 200, "the History Server's readiness probe", 30)
        return pod

    yield make
    for pod in made:
        pod.remove()


@pytest.fixture
def make_pod(image, ray_image, network, stores, tmp_path):  # noqa: F811
    """make_pod(MinioPod): the pod of the manifest that belongs to this store, started."""
    made = []

    def make(store_pod):
        store = stores[store_pod] = store_pod(network.add_pod(tmp_path / "store"), tmp_path)
        ray_environment = Path(tool("ray", "RAYHISTORY_RAY")).parents[1]
        own_network = network.add_pod(tmp_path / "pod")
        pod = RayPod(own_network, store.manifest, {store.host: store.address}, ray_environment, tmp_path)
        made.append(pod)
        pod.start()
        wait_until(lambda: status(pod, "/readyz") == 200, "the collector's startup probe", 60)
        place, metadata = f"raycluster/default/{pod.cluster}", f"raycluster/default_{pod.cluster}"
        return pod, Judge(store.stored(), place=place, metadata=metadata)

    yield make
    for pod in made:
        pod.remove()


def run_a_job_and_see_it_stored(pod, judge):
    wait_until(lambda: ray_is_up(pod), "Ray's dashboard", 120)
    session = pod.session
    node = pod.node_id(session)
    job = pod.start_job(JOB)
    wait_until(lambda: session in judge.markers(), "the session's marker", 60)
    wait_until(lambda: len(tasks_finished(judge, session, node)) >= 20, "the tasks' events", 120)
    (pod.ray_folder / "end-the-job").touch()
    said, _ = job.communicate(timeout=60)
    assert job.returncode == 0 and "done 190" in said
    return session, node


def stop_and_see_all_stored(pod, judge, session, node):
    pod.stop()
    ended = pod.inspect("collector")["State"]
    assert ended["ExitCode"] == 0, pod.log("collector")
    assert ended["OOMKilled"] is False
    stored = judge.logs(session, node)
    assert stored == pod.logs(session)
    assert any(b"working on 7" in content for content in stored.values())
    assert re.search(r"level=error", pod.log("collector")) is None, pod.log("collector")


def see_that_it_has_no_rights(pod, container, memory):
    """The manifest's limit and security context, as the kernel has them."""
    inspected = pod.inspect(container)
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    assert inspected["HostConfig"]["Memory"] == memory
    process = pod.process_status(container)
    assert process["Uid"].split() == ["1000"] * 4 and process["Gid"].split() == ["1000"] * 4
    assert int(process["CapEff"], 16) == 0 and int(process["CapBnd"], 16) == 0
    assert process["NoNewPrivs"] == "1"


def ask(pod, path, port=8080):
    with urllib.request.urlopen(f"http://{pod.address}:{port}{path}", timeout=30) as answer:
        return answer.read()


def see_in_the_history_server(server, judge, cluster, session, node):
    """Of a session what a person looks for: the dashboard itself, each task, and what it printed."""
    base = f"/c/default/raycluster/{cluster}/{session}"
    assert b"<title>Ray Dashboard</title>" in ask(server, f"{base}/")
    asked = "filter_keys=name&filter_predicates=%3D&filter_values=work"
    tasks = json.loads(ask(server, f"{base}/api/v0/tasks?detail=1&limit=10000&{asked}"))["data"]["result"]["result"]
    assert [task["state"] for task in tasks] == ["FINISHED"] * 20
    stored = judge.logs(session, node)
    (printed,) = {path for path, content in stored.items() if b"working on 7\n" in content and path.endswith(".out")}
    assert ask(server, f"{base}/api/v0/logs/file?node_id={node}&filename={printed}&lines=-1") == stored[printed]


def test_a_pod_is_limited_and_has_no_rights(make_pod):
    pod, _ = make_pod(MinioPod)
    see_that_it_has_no_rights(pod, "collector", 256 * 2**20)
    limits = pod.inspect("collector")["HostConfig"]
    assert limits["CpuQuota"] / limits["CpuPeriod"] == pytest.approx(0.2)
    assert status(pod, "/healthz") == 200
    # What docs/troubleshooting.md tells one to do first.
    pod.podman("exec", pod.container("collector"), "collector", "--check")


def test_a_pod_stores_all_of_a_job_in_azure_blob(make_pod):
    pod, judge = make_pod(AzuritePod)
    session, node = run_a_job_and_see_it_stored(pod, judge)
    stop_and_see_all_stored(pod, judge, session, node)
    assert judge.markers() == {session}


def test_both_sessions_of_a_pod_whose_ray_is_killed_and_restarted_are_stored_and_shown(make_pod, make_history_server):
    pod, judge = make_pod(MinioPod)
    first, first_node = run_a_job_and_see_it_stored(pod, judge)
    first_logs = pod.logs(first)
    pod.restart_ray()
    second, second_node = run_a_job_and_see_it_stored(pod, judge)
    assert second != first and second_node != first_node
    stop_and_see_all_stored(pod, judge, second, second_node)
    assert judge.markers() == {first, second}
    # The killed container's session: its folder is gone from the volume, and what was there is in the store.
    stored = judge.logs(first, first_node)
    assert stored.keys() >= first_logs.keys()
    for path, content in first_logs.items():
        assert stored[path].startswith(content), path
    assert len(tasks_finished(judge, first, first_node)) >= 20

    server = make_history_server(MinioPod)
    see_that_it_has_no_rights(server, "historyserver", 2 * 2**30)
    assert [row["sessionName"] for row in json.loads(ask(server, "/clusters"))] == [second, first]
    for session, node in [(first, first_node), (second, second_node)]:
        see_in_the_history_server(server, judge, pod.cluster, session, node)
    assert b"\nray_historyserver_sessions_in_memory 2\n" in ask(server, "/metrics", port=8085)
    server.stop()
    ended = server.inspect("historyserver")["State"]
    assert (ended["ExitCode"], ended["OOMKilled"]) == (0, False), server.log("historyserver")
    assert re.search(r"level=(error|warning)", server.log("historyserver")) is None, server.log("historyserver")
