"""A real pod, run by podman, made of the pod template of a manifest under config/.

Podman knows containers, volumes, limits and security contexts, but no operator, no downward API, no cluster DNS. What
those would do to a template is done by who makes a KubePod, each step with its name, and nothing else.
"""

import json
import subprocess
import uuid
from pathlib import Path

import manifests
import yaml

CONTAINERS = manifests.ROOT / "scripts" / "containers.sh"


def containers(*command, **options):
    """Runs podman or buildah on the tests' own storage."""
    return subprocess.run([CONTAINERS, *command], check=True, capture_output=True, text=True, **options).stdout


def new_name():
    return f"rayhistory-{uuid.uuid4().hex[:8]}"


def expanded(value, variables):
    """$(NAME), as the kubelet replaces it by variables that stand before."""
    for name, text in variables.items():
        value = value.replace(f"$({name})", text)
    return value


def set_environment(manifest, container, downward, **settings):
    """envFrom, the downward API, $(NAME): the kubelet's work; and what a test sets, which the manifest does not."""
    variables = {}
    for variable, source in manifests.environment_sources(manifest, container).items():
        value = source if isinstance(source, str) else downward[source["fieldPath"]]
        variables[variable] = expanded(value, variables)
    assert not settings.keys() & variables.keys()
    variables.update(settings)
    container.pop("envFrom")
    container["env"] = [{"name": variable, "value": value} for variable, value in variables.items()]


def leave_to_the_test(container):
    """Podman would run curl in the container for probes: the tests ask from outside, as the kubelet does. Ports only tell,
    in the pod's own network, and podman would map them."""
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        container.pop(probe, None)
    container.pop("ports", None)


class KubePod:
    """`pod` is a Pod of harness/pods.py: its network is this one's. `hosts`: names and addresses, for cluster DNS."""

    def __init__(self, pod, made, hosts, folder):
        self.address = pod.address
        self._pod = pod
        # The pod's own network is the namespace in which podman is called.
        made["spec"]["hostNetwork"] = True
        self.made = made
        self.name = made["metadata"]["name"]
        self.grace_seconds = made["spec"].get("terminationGracePeriodSeconds", 30)  # Kubernetes' default
        self.file = Path(folder) / f"{self.name}.yaml"
        self.file.write_text(yaml.safe_dump(made))
        # Podman gives its containers the names of the /etc/hosts that it sees.
        hosts_file = self.file.with_suffix(".hosts")
        names = {"localhost": "127.0.0.1", **hosts}
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

    def stop(self):
        """As when the pod is deleted: SIGTERM to all containers, SIGKILL when the grace period has passed."""
        self.podman("pod", "stop", "--time", self.grace_seconds, self.name, timeout=self.grace_seconds + 60)

    def remove(self):
        """Its logs stay beside the pod's file, where a failed test is looked into."""
        for container in self.made["spec"]["containers"]:
            self.file.with_name(f"{container['name']}.log").write_text(self.log(container["name"]))
        self.podman("pod", "rm", "--force", "--time", "0", self.name, check=False)
