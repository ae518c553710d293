"""Stand-ins for the pods of a cluster: each with a network and a /tmp/ray of its own, all plugged into one switch.

Made of namespaces, which end with the last process in them. Nothing of the host's own network is changed but for one
link, whose other end is the switch: through it the tests' servers are reached, and it ends with the switch.
"""

import ipaddress
import os
import shutil
import signal
import subprocess
from pathlib import Path

from live.leftovers import mark
from live.waiting import wait_until

# Set aside for tests of networks (RFC 2544), so no route to anything real is hidden.
TEST_NETWORKS = ipaddress.ip_network("198.18.0.0/15")
PREFIX_LENGTH = 28
RAY_FOLDER = "/tmp/ray"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def why_there_can_be_none():
    """What this machine lacks for pods; None where it lacks nothing."""
    for program in ("ip", "unshare", "nsenter", "setpriv"):
        if shutil.which(program) is None:
            return f"there is no program {program}"
    try:
        with PodNetwork():
            return None
    except OSError as error:
        return str(error)


class Namespaces:
    """A network and mounts of their own, kept by a process that ends with the tests, however they end."""

    def __init__(self):
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "sleep", "infinity"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until(self._are_made, "namespaces of their own", 10)
        self.run("ip", "link", "set", "lo", "up")

    def _are_made(self):
        if self.holder.poll() is not None:
            raise OSError(self.holder.stderr.read().decode().strip())
        # unshare has both by the time it has become `sleep`.
        return Path(f"/proc/{self.holder.pid}/comm").read_text() == "sleep\n"

    @property
    def process(self):
        return str(self.holder.pid)

    def entered(self, *command):
        """The command that runs `command` in here, as the same process."""
        return ["nsenter", "--target", self.process, "--net", "--mount", "--", *map(str, command)]

    def run(self, *command):
        run(*self.entered(*command))

    def end(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stderr.close()


class PodNetwork:
    """A switch, and the host plugged into it as `gateway`."""

    def __init__(self):
        subnets = 2 ** (PREFIX_LENGTH - TEST_NETWORKS.prefixlen)
        size = 2 ** (32 - PREFIX_LENGTH)
        # Of the tests that run at the same time, each process has its own.
        first = TEST_NETWORKS.network_address + (os.getpid() % subnets) * size
        self._addresses = ipaddress.ip_network(f"{first}/{PREFIX_LENGTH}").hosts()
        self._switch = Namespaces()
        self._ports = 0
        self._pods = []
        try:
            self._switch.run("ip", "link", "add", "switch", "type", "bridge")
            self._switch.run("ip", "link", "set", "switch", "up")
            self._link = f"rhpods{os.getpid()}"
            self.gateway = self._plug(self._link, "1")
            run("ip", "address", "add", f"{self.gateway}/{PREFIX_LENGTH}", "dev", self._link)
            run("ip", "link", "set", self._link, "up")
        except OSError:
            self._switch.end()
            raise

    def _plug(self, link, process):
        """Makes `link` for the namespaces of `process`; returns the address that is meant for it."""
        port = f"port{self._ports}"
        self._ports += 1
        run(*("ip", "link", "add", link, "netns", process, "type", "veth"), "peer", port, "netns", self._switch.process)
        self._switch.run("ip", "link", "set", port, "master", "switch")
        self._switch.run("ip", "link", "set", port, "up")
        return str(next(self._addresses))

    def add_pod(self, folder):
        namespaces = Namespaces()
        pod = Pod(namespaces, self._plug("eth0", namespaces.process), folder)
        self._pods.append(pod)
        return pod

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pod in self._pods:
            pod.end()
        # The kernel would remove it with the switch's namespace, but some time later: the next one has its name.
        run("ip", "link", "delete", self._link)
        self._switch.end()


class Pod:
    """Its processes have all ports of `address` and of loopback to themselves. /tmp/ray in it is `folder`."""

    def __init__(self, namespaces, address, folder):
        self._namespaces = namespaces
        self._processes = []
        self.address = address
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        # On a host where Ray never ran.
        Path(RAY_FOLDER).mkdir(exist_ok=True)
        namespaces.run("mount", "--bind", str(self.folder), RAY_FOLDER)
        namespaces.run("ip", "address", "add", f"{address}/{PREFIX_LENGTH}", "dev", "eth0")
        namespaces.run("ip", "link", "set", "eth0", "up")

    def start(self, *command, environment, log_path):
        with open(log_path, "ab") as log:
            process = subprocess.Popen(
                self._namespaces.entered(*command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**environment, **mark(self.folder)},
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def entered(self, *command):
        """The command that runs `command` in here, as the same process."""
        return self._namespaces.entered(*command)

    @property
    def session(self):
        """The name of Ray's session here, None before there is one."""
        try:
            return os.path.basename(os.readlink(self.folder / "session_latest"))
        except FileNotFoundError:
            return None

    @property
    def logs(self):
        return self.folder / self.session / "logs"

    def log_files(self):
        return {
            str(path.relative_to(self.logs)): path.read_bytes()
            for path in self.logs.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    @property
    def node_id(self):
        (node_id,) = {path.name.rsplit("_", 1)[1] for path in (self.folder / self.session).glob("*_port_*")}
        return node_id

    def end(self):
        """SIGKILL for what still runs: all that has this network is of this pod."""
        own = os.stat(f"/proc/{self._namespaces.process}/ns/net").st_ino
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.stat(entry / "ns" / "net").st_ino == own:
                    os.kill(int(entry.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        for process in self._processes:
            process.wait()
        self._namespaces.end()
