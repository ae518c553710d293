"""The History Server's pod, from its image, as its manifest has it."""

import manifests
from kube_pod import KubePod, leave_to_the_test, new_name, set_environment


class HistoryServerPod(KubePod):
    """`pod` is a Pod of harness/pods.py: its network is this one's."""

    def __init__(self, pod, manifest, hosts, folder):
        template = manifests.history_server(manifest)
        (container,) = template["spec"]["containers"]
        set_environment(manifest, container, {})
        leave_to_the_test(container)
        metadata = {"name": new_name(), **template["metadata"]}
        # Podman knows no accounts: no token is mounted, as where no cluster is to be asked.
        template["spec"].pop("serviceAccountName")
        super().__init__(
            pod, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}, hosts, folder
        )
