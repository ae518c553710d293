"""A real pod, run by podman, made of the pod template of a manifest under config/.

Podman knows containers, volumes, limits and security contexts, but no operator, no downward API, no cluster DNS. What
those would do to the template is done here, each step with its name, and nothing else.
"""

import json
import os
import subprocess
import uuid
from pathlib import Path

import manifests
import yaml
from live.waiting import wait_until

CONTAINERS = manifests.ROOT / "scripts" / "containers.sh"
RAY_IMAGE = "localhost/ray-for-tests"
RAY = Path("/opt/ray")
PYTHON = "/usr/bin/python3"


def containers(*command, **options):
    """Runs podman or buildah on the tests' own storage."""
    return subprocess.run([CONTAINERS, *command], check=True, capture_output=True, text=True, **options).stdout


def expanded(value, variables):
    """$(NAME), as the kubelet replaces it by variables that stand before."""
    for name, text in variables.items():
        value = value.replace(f"$({name})", text)
    return value


def pod_of(manifest, address, ray_environment_folder):
    """The head's pod, as KubeRay's operator would make it of the manifest and the kubelet run it."""
    resource = manifests.ray_resource(manifest)
    cluster = resource["metadata"]["name"]
    spec = manifests.pod_templates(resource)[0]["spec"]
    ray, collector = spec["containers"]
    name = f"rayhistory-{uuid.uuid4().hex[:8]}"

    # The operator: labels, and Ray's command line from rayStartParams. A head without CPUs needs workers to run a job;
    # here it has two.
    parameters = {**manifests.cluster_spec(resource)["headGroupSpec"]["rayStartParams"], "num-cpus": "2"}
    labels = {"ray.io/cluster": cluster, "ray.io/node-type": "head"}
    ray["command"] = [PYTHON, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    ray["args"] = [f"--{parameter}={value}" for parameter, value in parameters.items()]

    # The kubelet: envFrom, the downward API, $(NAME).
    downward = {"metadata.labels['ray.io/cluster']": cluster, "metadata.namespace": "default", "status.podIP": address}
    variables = {}
    for variable, source in manifests.environment_sources(manifest, collector).items():
        value = source if isinstance(source, str) else downward[source["fieldPath"]]
        variables[variable] = expanded(value, variables)
    # The one setting of a test: by default a minute passes before a byte is stored.
    assert "PUSH_INTERVAL" not in variables
    variables["PUSH_INTERVAL"] = "2s"
    collector.pop("envFrom")
    collector["env"] = [{"name": variable, "value": value} for variable, value in variables.items()]
    # Podman would run curl in the container for them. The tests ask from outside, as the kubelet does.
    for probe in ("startupProbe", "livenessProbe"):
        collector.pop(probe)

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

    # The pod's own network is the namespace in which podman is called.
    spec["hostNetwork"] = True
    for container in (ray, collector):
        container.pop("ports")  # they only tell; podman would map them
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


class RayPod:
    """`pod` is a Pod of harness/pods.py: its network is this one's."""

    def __init__(self, pod, manifest, hosts, ray_environment_folder, folder):
        self.address = pod.address
        self._pod = pod
        self.made = pod_of(manifest, pod.address, ray_environment_folder)
        self.name = self.made["metadata"]["name"]
        self.grace_seconds = self.made["spec"]["terminationGracePeriodSeconds"]
        self.cluster = self.made["metadata"]["labels"]["ray.io/cluster"]
        self.file = Path(folder) / "pod.yaml"
        self.file.write_text(yaml.safe_dump(self.made))
        # Cluster DNS: podman gives its containers the names of the /etc/hosts that it sees.
        names = {"localhost": "127.0.0.1", f"{self.cluster}-head-svc.default.svc.cluster.local": pod.address, **hosts}
        hosts_file = self.file.with_name("hosts")
        hosts_file.write_text("".join(f"{ip} {name}\n" for name, ip in names.items()))
        subprocess.run(pod.entered("mount", "--bind", hosts_file, "/etc/hosts"), check=True)

    def podman(self, *arguments, timeout=120, check=True):
        command = self._pod.entered(CONTAINERS, "podman", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"podman {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout

    def container(self, name):
        return f"{self.name}-{name}"

    def start(self):
        self.podman("play", "kube", self.file)

    def inspect(self, name):
        return json.loads(self.podman("container", "inspect", self.container(name)))[0]

    def process_status(self, name):
        """/proc/PID/status of a container's first process, as the host sees it."""
        lines = Path(f"/proc/{self.inspect(name)['State']['Pid']}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def log(self, name):
        done = self._pod.entered(CONTAINERS, "podman", "logs", self.container(name))
        return subprocess.run(done, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

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

    def stop(self):
        """As when the pod is deleted: SIGTERM to all containers, SIGKILL when the grace period has passed."""
        self.podman("pod", "stop", "--time", self.grace_seconds, self.name, timeout=self.grace_seconds + 60)

    def remove(self):
        """Its logs stay beside the pod's file, where a failed test is looked into."""
        for name in ("ray-head", "collector"):
            self.file.with_name(f"{name}.log").write_text(self.log(name))
        self.podman("pod", "rm", "--force", "--time", "0", self.name, check=False)
        self.podman("volume", "rm", "--force", f"{self.name}-ray", check=False)
