"""Every manifest under config/ is valid, complete in itself, and tells the programs nothing that they do not know."""

import re
import subprocess

import manifests
import pytest
from harness.collector import PROGRAM
from history_server import PROGRAM as HISTORY_SERVER
from manifests import (
    collectors,
    environment_sources,
    history_server,
    names,
    pod_templates,
    ray_resource,
    validate,
    with_collector,
    with_history_server,
)

HARDENED = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def help_of(program):
    return subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def help_text():
    return help_of(PROGRAM)


@pytest.fixture(scope="module")
def history_server_help():
    return help_of(HISTORY_SERVER)


def seconds(duration):
    assert re.fullmatch(r"\d+s", duration)
    return int(duration[:-1])


def test_all_that_is_promised_is_there():
    assert set(names()) >= {
        "azurite",
        "historyserver",
        "historyserver-aliyunoss",
        "historyserver-azureblob",
        "historyserver-gcs",
        "historyserver-live",
        "historyserver-oci",
        "historyserver-token-auth",
        "minio",
        "raycluster",
        "raycluster-aliyunoss",
        "raycluster-azureblob",
        "raycluster-gcs",
        "raycluster-native-sidecar",
        "raycluster-node-id-hook",
        "raycluster-oci",
        "raycluster-operator-injection",
        "raycluster-token-auth",
        "rayjob",
        "rayjob-azureblob",
        "rayjob-existing-cluster",
        "rayjob-existing-cluster-azureblob",
        "rayservice",
    }


def test_they_are_what_kustomize_makes(tmp_path):
    subprocess.run([manifests.ROOT / "scripts" / "manifests.sh", tmp_path], check=True)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 20
    for name in made:
        wanted, found = (tmp_path / name).read_text(), (manifests.CONFIG / name).read_text()
        assert found == wanted, f"config/{name} is not what config/kustomize makes: run `make manifests`"


@pytest.mark.parametrize("name", names())
def test_it_is_valid(name):
    documents = manifests.documents(name)
    for document in documents:
        validate(document)
    identities = [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents]
    assert len(set(identities)) == len(identities)


def test_validation_finds_what_is_wrong():
    """Without this a validator that validates nothing would go unseen."""
    cluster = ray_resource("raycluster")
    pod = cluster["spec"]["headGroupSpec"]["template"]["spec"]
    pod["containers"][1]["readOnlyRootFileSystem"] = True
    with pytest.raises(Exception, match="readOnlyRootFileSystem"):
        validate(cluster)
    job = ray_resource("rayjob")
    del job["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"]
    job["spec"]["shutdownAfterJobFinishes"] = "yes"
    with pytest.raises(Exception, match="yes"):
        validate(job)
    (service,) = (d for d in manifests.documents("minio") if d["kind"] == "Service")
    service["spec"]["ports"][0]["port"] = "nine"
    with pytest.raises(Exception, match="nine"):
        validate(service)


@pytest.mark.parametrize("name", with_collector())
def test_what_it_refers_to_is_in_it(name):
    there = {(d["kind"], d["metadata"]["name"]) for d in manifests.documents(name)}
    for template in pod_templates(ray_resource(name)):
        spec = template["spec"]
        if "serviceAccountName" in spec:
            assert ("ServiceAccount", spec["serviceAccountName"]) in there
        volumes = {volume["name"] for volume in spec["volumes"]} | {"ray-token"}  # KubeRay's own, of token-auth
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            environment_sources(name, container)
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


@pytest.mark.parametrize("name", with_collector())
def test_the_collector_knows_every_flag_and_variable(name, help_text):
    for template in pod_templates(ray_resource(name)):
        (collector,) = collectors(template)
        for argument in collector["args"]:
            assert re.search(rf"^  {re.escape(argument.split('=')[0])}=", help_text, re.MULTILINE), argument
        for variable in environment_sources(name, collector):
            assert re.search(rf"(variable |^  ){variable}\b", help_text, re.MULTILINE), variable


def test_the_collector_knows_every_variable_of_an_injected_one(help_text):
    options = ray_resource("raycluster-operator-injection")["spec"]["historyServerOptions"]["collectorOptions"]
    # BuildCollectorContainer in KubeRay 1.7's ray-operator/controllers/ray/common/pod.go; setting these is refused.
    by_the_operator = (
        "POD_IP FQ_RAY_IP RAY_CLUSTER_NAME RAY_CLUSTER_NAMESPACE RAY_ROLE OWNER_KIND OWNER_NAME EVENTS_PORT"
    )
    given = [variable["name"] for variable in options["env"]]
    assert not set(given) & set(by_the_operator.split())
    assert "STORAGE_BACKEND" in given
    for variable in [*given, *by_the_operator.split(), "RAY_DASHBOARD_ADDRESS"]:
        assert re.search(rf"(variable |^  ){variable}\b", help_text, re.MULTILINE), variable


def test_an_injected_cluster_sends_every_event_and_may_read_those_of_the_platform():
    """setContainerEnvVars in KubeRay 1.7's ray-operator/controllers/ray/common/pod.go adds the list of event types only
    where the container does not have that variable."""
    name = "raycluster-operator-injection"
    head, *workers = pod_templates(ray_resource(name))
    for template in (head, *workers):
        variables = {variable["name"]: variable["value"] for variable in template["spec"]["containers"][0]["env"]}
        assert variables.pop("RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES") == "ALL"
        assert variables == ({"RAY_DASHBOARD_INGEST_PLATFORM_EVENTS": "1"} if template is head else {})
        assert collectors(template) == [], "the operator would add a second one"
    account = of_kind(name, "ServiceAccount")["metadata"]["name"]
    role, binding = of_kind(name, "Role"), of_kind(name, "RoleBinding")
    assert head["spec"]["serviceAccountName"] == account
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account}]
    # Ray's dashboard/modules/platform_events/providers/k8s_provider.py asks for these.
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["ray.io"], "resources": ["rayclusters"], "verbs": ["get"]},
    ]


@pytest.mark.parametrize("name", with_collector())
def test_a_pod_is_as_it_should_be(name):
    head, *workers = pod_templates(ray_resource(name))
    assert workers
    for template, role in [(head, "Head"), *((worker, "Worker") for worker in workers)]:
        spec = template["spec"]
        (collector,) = collectors(template)
        ray = spec["containers"][0]
        assert ray["name"].startswith("ray-"), "KubeRay takes the first container for Ray's"
        assert collector["args"] == [f"--role={role}"]
        assert collector["image"] == "collector:v0.1.0"
        assert collector["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
        assert collector["securityContext"] == HARDENED
        for container in (ray, collector):
            assert {"name": "ray", "mountPath": "/tmp/ray"} in container["volumeMounts"]
        assert {"name": "ray", "emptyDir": {}} in spec["volumes"]
        variables = environment_sources(name, collector)
        assert 2 <= spec["terminationGracePeriodSeconds"] - seconds(variables["SHUTDOWN_TIMEOUT"]) <= 10
        assert collector["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": 8085}
        assert collector["startupProbe"]["httpGet"] == {"path": "/readyz", "port": 8085}
        assert "readinessProbe" not in collector, "it would take the Ray head out of its Service"
        events = {variable["name"]: variable["value"] for variable in ray["env"]}
        assert events["RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR"] == "http://localhost:8084/v1/events"
        assert events["RAY_enable_ray_event"] == events["RAY_enable_core_worker_ray_event_to_aggregator"] == "true"


@pytest.mark.parametrize("name", ["rayjob", "rayjob-azureblob", "rayservice"])
def test_an_owner_is_named(name):
    resource = ray_resource(name)
    for template in pod_templates(resource):
        (collector,) = collectors(template)
        variables = environment_sources(name, collector)
        assert variables["OWNER_KIND"] == resource["kind"]
        assert variables["OWNER_NAME"] == resource["metadata"]["name"]


@pytest.mark.parametrize("store", ["", "-azureblob"])
def test_a_job_on_an_existing_cluster_selects_the_one_of_the_walkthrough_and_leaves_it(store):
    job, cluster = ray_resource(f"rayjob-existing-cluster{store}"), ray_resource(f"raycluster{store}")
    assert job["spec"]["clusterSelector"] == {"ray.io/cluster": cluster["metadata"]["name"]}
    # With a spec of its own it would not be clear whose cluster is meant, and KubeRay's operator refuses a time to live
    # (ttlSecondsAfterFinished) without a shutdown.
    assert not job["spec"].keys() & {"rayClusterSpec", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished"}
    assert job["spec"]["entrypoint"] == ray_resource("rayjob")["spec"]["entrypoint"]
    assert [document["kind"] for document in manifests.documents(f"rayjob-existing-cluster{store}")] == ["RayJob"]


def test_a_native_sidecar_starts_before_ray():
    for template in pod_templates(ray_resource("raycluster-native-sidecar")):
        (collector,) = template["spec"]["initContainers"]
        assert collector["name"] == "collector" and collector["restartPolicy"] == "Always"
        assert [container["name"][:3] for container in template["spec"]["containers"]] == ["ray"]


def of_kind(name, kind):
    (found,) = (d for d in manifests.documents(name) if d["kind"] == kind)
    return found


@pytest.mark.parametrize("name", with_history_server())
def test_the_history_server_knows_every_flag_and_variable(name, history_server_help):
    (container,) = history_server(name)["spec"]["containers"]
    for argument in container["args"]:
        assert re.search(rf"^  {re.escape(argument.split('=')[0])}\b", history_server_help, re.MULTILINE), argument
    for variable in environment_sources(name, container):
        assert re.search(rf"(variable |^  ){variable}\b", history_server_help, re.MULTILINE), variable


@pytest.mark.parametrize("name", with_history_server())
def test_a_history_server_is_as_it_should_be(name):
    template = history_server(name)
    (container,) = template["spec"]["containers"]
    assert container["image"] == "historyserver:v0.1.0"
    assert container["securityContext"] == HARDENED
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080, "metrics": 8085}
    assert template["spec"]["enableServiceLinks"] is False
    # Room for loads beside what is kept.
    assert container["args"][0] == "--session-cache-max-memory=1Gi"
    assert container["resources"]["limits"] == {"memory": "2Gi"}


@pytest.mark.parametrize("name", with_history_server())
def test_a_history_servers_service_leads_to_it_from_inside_the_cluster_alone(name):
    service, deployment = of_kind(name, "Service"), of_kind(name, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["type"] == "ClusterIP"
    # KubeRay's port.
    assert service["spec"]["ports"] == [{"name": "http", "port": 30080, "targetPort": "http"}]


@pytest.mark.parametrize("name", with_history_server())
def test_a_history_server_may_look_for_clusters_only_where_it_shows_them_live(name):
    account = of_kind(name, "ServiceAccount")["metadata"]["name"]
    template = history_server(name)
    assert template["spec"]["serviceAccountName"] == account
    roles = [document for document in manifests.documents(name) if document["kind"] == "ClusterRole"]
    is_live = "--enable-live-clusters" in template["spec"]["containers"][0]["args"]
    assert is_live == (name in ("historyserver-live", "historyserver-token-auth"))
    assert template["spec"]["automountServiceAccountToken"] is (is_live or name == "historyserver-oci")
    if not is_live:
        assert roles == []
        return
    (role,) = roles
    assert role["rules"] == [
        {"apiGroups": ["ray.io"], "resources": ["rayclusters"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["ray.io"], "resources": ["rayservices"], "verbs": ["get"]},
    ]
    binding = of_kind(name, "ClusterRoleBinding")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "default"}]


def test_oke_workload_identity_finds_the_token_that_it_exchanges():
    """The program reads the account's token and CA where the kubelet mounts them (src/credentials/oci/environment.h)."""
    templates = [history_server("historyserver-oci"), *pod_templates(ray_resource("raycluster-oci"))]
    for template in templates:
        assert template["spec"].get("automountServiceAccountToken", True) is True


@pytest.mark.parametrize("name", with_history_server())
def test_a_history_server_may_read_secrets_only_where_it_shows_their_tokens(name):
    roles = [d for d in manifests.documents(name) if d["kind"] == "Role"]
    (container,) = history_server(name)["spec"]["containers"]
    if "--use-auth-token-mode" not in container["args"]:
        assert roles == []
        return
    (role,) = roles
    assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    binding = of_kind(name, "RoleBinding")
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"]}
    assert binding["subjects"][0]["name"] == of_kind(name, "ServiceAccount")["metadata"]["name"]


@pytest.mark.parametrize(
    "history,cluster",
    [
        ("historyserver", "raycluster"),
        ("historyserver-azureblob", "raycluster-azureblob"),
        ("historyserver-gcs", "raycluster-gcs"),
        ("historyserver-aliyunoss", "raycluster-aliyunoss"),
        ("historyserver-oci", "raycluster-oci"),
    ],
)
def test_a_history_server_reads_what_the_collectors_write(history, cluster):
    def stored(name):
        return {
            key: value
            for document in manifests.documents(name)
            if document["kind"] in ("ConfigMap", "Secret")
            for key, value in {**document.get("data", {}), **document.get("stringData", {})}.items()
        }

    assert stored(history) == stored(cluster)


HOOK_TEST = """
set -e
mkdir "$RAY_TMP_ROOT/bin"
printf '#!/bin/sh\\nsleep 60\\n' >"$RAY_TMP_ROOT/bin/raylet"
chmod +x "$RAY_TMP_ROOT/bin/raylet"
# Another process that only talks of it, and the raylet itself, a moment after the hook has begun.
sh -c 'sleep 60' --node_id=wrong &
(sleep 0.3; exec "$RAY_TMP_ROOT/bin/raylet" --raylet_socket_name=x --node_id=65ca01f7d3 --port=0) &
"$@"
"""


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_hook_writes_the_raylets_node_id(shell, tmp_path):
    for template in pod_templates(ray_resource("raycluster-node-id-hook")):
        program, option, script = template["spec"]["containers"][0]["lifecycle"]["postStart"]["exec"]["command"]
        assert (program, option) == ("/bin/sh", "-c")
    # In a process namespace of its own, as in a pod: there is no raylet but this one.
    own = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*own, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine gives no process namespace of one's own")
    subprocess.run(
        [*own, "sh", "-c", HOOK_TEST, "sh", shell, "-c", script],
        env={"PATH": "/usr/bin:/bin", "RAY_TMP_ROOT": str(tmp_path)},
        check=True,
        timeout=30,
    )
    assert (tmp_path / "raylet_node_id").read_text() == "65ca01f7d3\n"
