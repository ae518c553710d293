"""The head's pod of a Ray cluster with the collector beside it: a real Ray, the collector from its image."""

import os
import subprocess
from pathlib import Path

import manifests
from kube_pod import CONTAINERS, KubePod, leave_to_the_test, new_name, set_environment
from live.waiting import wait_until

RAY_IMAGE = "localhost/ray-for-tests"
RAY = Path("/opt/ray")
PYTHON = "/usr/bin/python3"


def pod_of(manifest, address, ray_environment_folder):
    """The head's pod, as KubeRay's operator would make it of the manifest and the kubelet run it."""
    resource = manifests.ray_resource(manifest)
    cluster = resource["metadata"]["name"]
    spec = manifests.pod_templates(resource)[0]["spec"]
    ray, collector = spec["containers"]
    name = new_name()

    # The operator: labels, and Ray's command line from rayStartParams. A head without CPUs needs workers to run a job;
    # here it has two.
    parameters = {**manifests.cluster_spec(resource)["headGroupSpec"]["rayStartParams"], "num-cpus": "2"}
    labels = {"ray.io/cluster": cluster, "ray.io/node-type": "head"}
    ray["command"] = [PYTHON, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    ray["args"] = [f"--{parameter}={value}" for parameter, value in parameters.items()]

    # The kubelet. The one setting of a test: by default a minute passes before a byte is stored.
    downward = {"metadata.labels['ray.io/cluster']": cluster, "metadata.namespace": "default", "status.podIP": address}
    set_environment(manifest, collector, downward, PUSH_INTERVAL="2s")

    # The image, and what is in rayproject/ray and not in ours.
    ray["image"] = RAY_IMAGE
    ray["env"].append({"name": "RAY_USAGE_STATS_ENABLED", "value": "0"})
    (packages,) = ray_environment_folder.glob("lib/python3*/site-packages")
    ray["env"].append({"name": "PYTHONPATH", "value": str(RAY / packages.relative_to(ray_environment_folder))})
    ray["volumeMounts"].append({"name": "ray-itself", "mountPath": str(RAY), "readOnly": True})
    spec["volumes"].append({"name": "ray-itself", "hostPath": {"path": str(ray_environment_folder)}})

    # Podman would share an emptyDir among all pods that call it by the same name.
    (volume,) = (volume for volume in spec["volumes"] if volume["name"] == "ray")
    volume["name"] = f"{name}-ray"
    for container in (ray, collector):
        (mount,) = (mount for mount in container["volumeMounts"] if mount["name"] == "ray")
        mount["name"] = volume["name"]

    for container in (ray, collector):
        leave_to_the_test(container)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


class RayPod(KubePod):
    """`pod` is a Pod of harness/pods.py: its network is this one's."""

    def __init__(self, pod, manifest, hosts, ray_environment_folder, folder):
        made = pod_of(manifest, pod.address, ray_environment_folder)
        self.cluster = made["metadata"]["labels"]["ray.io/cluster"]
        super().__init__(pod, made, {f"{self.cluster}-head-svc.default.svc.cluster.local": pod.address, **hosts}, folder)

    @property
    def ray_folder(self):
        """The shared volume, on the host."""
        (mount,) = (m for m in self.inspect("collector")["Mounts"] if m["Destination"] == "/tmp/ray")
        return Path(mount["Source"])

    @property
    def session(self):
        """The running session's name; None before there is one."""
        try:
            return os.path.basename(os.readlink(self.ray_folder / "session_latest"))
        except FileNotFoundError:
            return None

    def node_id(self, session):
        ids = {path.name.rsplit("_", 1)[1] for path in (self.ray_folder / session).glob("*_port_*")}
        assert len(ids) == 1
        return ids.pop()

    def logs(self, session):
        folder = self.ray_folder / session / "logs"
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    def start_job(self, text):
        command = self._pod.entered(CONTAINERS, "podman", "exec", self.container("ray-head"), PYTHON, "-c", text)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def restart_ray(self):
        """The Ray container is killed, and started again as the kubelet does."""
        before = self.session
        self.podman("kill", "--signal", "KILL", self.container("ray-head"))
        wait_until(lambda: self.inspect("ray-head")["State"]["Status"] == "exited", "Ray's container to end", 20)
        self.podman("start", self.container("ray-head"))
        wait_until(lambda: self.session != before, "a new session", 60)

    def remove(self):
        super().remove()
        self.podman("volume", "rm", "--force", f"{self.name}-ray", check=False)
