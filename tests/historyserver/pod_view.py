"""What a process in a pod sees of Kubernetes: the mounted service account, and names of services.

A mount namespace of its own has them where Kubernetes puts them, so that the program under test reads the real
paths and nothing of this machine changes.
"""

import os
import subprocess
from pathlib import Path

import pytest

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
MOUNT = """
set -e
mount --bind "$1" /etc/hosts
mount -t tmpfs none /run
mkdir -p {account}
mount --bind "$2" {account}
shift 2
exec "$@"
"""


def new_mounts():
    return ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount"]


class PodView:
    def __init__(self, folder, api, hosts):
        if subprocess.run([*new_mounts(), "true"], capture_output=True, check=False).returncode != 0:
            pytest.skip("no mount namespaces here, which give a process files of its own")
        self.folder = Path(folder) / "pod"
        self.account = self.folder / "account"
        self.account.mkdir(parents=True)
        self.hosts = self.folder / "hosts"
        self.hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {host}\n" for host in hosts))
        (self.account / "ca.crt").write_bytes((api.certificates / "ca.crt").read_bytes())
        self.rotations = 0
        self.rotate("pod-token")
        (self.account / "token").symlink_to("..data/token")
        self.environment = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(api.port),
            # The heads of these tests are on this machine, where no head of a real cluster may be.
            "LIVE_CLUSTER_NETWORKS": "127.0.0.0/8",
        }

    def rotate(self, token):
        """As the kubelet does: a new folder, and a symlink that is replaced at once."""
        self.rotations += 1
        folder = self.account / f"..{self.rotations}"
        folder.mkdir()
        (folder / "token").write_text(token)
        link = self.account / "..new"
        link.symlink_to(folder.name)
        link.rename(self.account / "..data")

    @property
    def wrapper(self):
        return [*new_mounts(), "sh", "-c", MOUNT.format(account=ACCOUNT), "sh", self.hosts, self.account]
