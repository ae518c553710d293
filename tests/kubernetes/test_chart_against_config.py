"""The chart renders the manifests of config/, but for the differences that are listed here with their reasons."""

import copy
import re

import chart
import manifests
import pytest
import yaml
from chart import one_of

# The chart's files of values that say the same as a manifest.
PAIRS = {
    "s3-secret": "historyserver",
    "azureblob-secret": "historyserver-azureblob",
    "gcs-identity": "historyserver-gcs",
    "aliyunoss-identity": "historyserver-aliyunoss",
    "oci-identity": "historyserver-oci",
    "live": "historyserver-live",
    "token-auth": "historyserver-token-auth",
}
NAMES = ("--namespace", "default", "--set", "fullnameOverride=historyserver")


def of_kind(documents, *kinds):
    return [document for document in documents if document["kind"] in kinds]


def pod_metadata(documents):
    return one_of(documents, "Deployment")["spec"]["template"]["metadata"]


# Each takes one difference away: the chart's documents, and those of config/.


def labels(ours, theirs):
    """Helm's labels tell releases apart; config/ has one label, KubeRay's."""
    for document in ours:
        document["metadata"].pop("labels", None)
    own = chart.with_values("s3-secret", *NAMES)
    of_the_server = one_of(own, "Deployment")["spec"]["selector"]["matchLabels"]
    for name in of_the_server:
        del pod_metadata(ours)["labels"][name]
    for documents in (ours, theirs):
        one_of(documents, "Deployment")["spec"].pop("selector")
        one_of(documents, "Service")["spec"].pop("selector")
    for document in theirs:
        document["metadata"].pop("labels", None)
    del pod_metadata(theirs)["labels"]["app"]


def name_of_the_deployment(ours, theirs):
    """config/ has KubeRay's name, so that applying it takes the place of KubeRay's History Server."""
    one_of(theirs, "Deployment")["metadata"]["name"] = "historyserver"


def checksum_of_the_store(ours, theirs):
    """An upgrade that changes the store has to replace the pods, which read it at their start."""
    annotations = pod_metadata(ours).pop("annotations")
    assert list(annotations) == ["checksum/store"]


def names_of_roles(ours, theirs):
    """Two releases must not share a ClusterRole; config/ has KubeRay's names."""
    for documents in (ours, theirs):
        for document in of_kind(documents, "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"):
            document["metadata"].pop("name")
            if "roleRef" in document:
                document["roleRef"].pop("name")


def namespace_of_roles(ours, theirs):
    """The chart makes a Role for each of several namespaces; config/ is applied once for each."""
    for document in of_kind(ours, "Role", "RoleBinding"):
        assert document["metadata"].pop("namespace") == "default"


def secret(ours, theirs):
    """The chart makes no Secret, because values end up in Helm's record of the release."""
    theirs[:] = [document for document in theirs if document["kind"] != "Secret"]


def collector(ours, theirs):
    """The collector's part is text to copy; config/ has whole clusters. They are compared below."""
    ours.remove(one_of(ours, "ConfigMap", "-collector"))


def test_pod(ours, theirs):
    """`helm test` runs it; config/ has nothing that would."""
    ours.remove(one_of(ours, "Pod"))


test_pod.__test__ = False

DIFFERENCES = [
    labels,
    name_of_the_deployment,
    checksum_of_the_store,
    names_of_roles,
    namespace_of_roles,
    secret,
    collector,
    test_pod,
]


def without(differences, file, manifest):
    ours, theirs = chart.with_values(file, *NAMES), copy.deepcopy(manifests.documents(manifest))
    for difference in differences:
        difference(ours, theirs)

    def in_order(documents):
        return sorted(documents, key=lambda d: (d["kind"], d["metadata"].get("name", "")))

    return in_order(ours), in_order(theirs)


@pytest.mark.parametrize("file,manifest", PAIRS.items())
def test_the_chart_renders_the_manifest(file, manifest):
    ours, theirs = without(DIFFERENCES, file, manifest)
    assert ours == theirs


def test_every_manifest_of_a_history_server_is_compared():
    assert sorted(PAIRS.values()) == manifests.with_history_server()


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d.__name__)
def test_each_listed_difference_is_one(difference):
    """A difference that is none any more has to leave the list."""
    others = [other for other in DIFFERENCES if other is not difference]
    ours, theirs = without(others, "token-auth", PAIRS["token-auth"])
    assert ours != theirs


def test_the_default_chart_differs_in_the_store_alone():
    """It is for AWS; the manifest is for the MinIO of config/minio.yaml, with its keys."""
    ours, theirs = chart.rendered(*NAMES), copy.deepcopy(manifests.documents("historyserver"))
    for difference in DIFFERENCES:
        difference(ours, theirs)
    wanted = one_of(theirs, "ConfigMap")["data"]
    found = one_of(ours, "ConfigMap").pop("data")
    assert found == {name: wanted[name] for name in ("STORAGE_BACKEND", "S3_BUCKET")}
    del one_of(theirs, "ConfigMap")["data"]
    (container,) = one_of(theirs, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"].pop() == {"secretRef": {"name": "historyserver-store"}}
    for document in ours:
        assert document in theirs
    assert len(ours) == len(theirs)


# The collector

CLUSTERS = {
    "s3-secret": "raycluster",
    "azureblob-secret": "raycluster-azureblob",
    "gcs-identity": "raycluster-gcs",
    "aliyunoss-identity": "raycluster-aliyunoss",
    "oci-identity": "raycluster-oci",
}
# The cluster decides these, and not the collector.
OF_RAYS_CONTAINER = ("image", "imagePullPolicy", "ports", "resources")


def snippets(file, *arguments):
    data = one_of(chart.with_values(file, *NAMES, *arguments), "ConfigMap", "-collector")["data"]
    assert list(data) == ["head.yaml", "worker.yaml"]
    return [yaml.safe_load(text) for text in data.values()]


def taken_apart(template, variables):
    """The template with the containers' variables as a map, wherever they came from."""
    template = copy.deepcopy(template)
    ray, collector_ = template["spec"]["containers"]
    for key in OF_RAYS_CONTAINER:
        ray.pop(key, None)
    collector_["env"] = variables
    collector_.pop("envFrom", None)
    return template


def plain(container):
    return {variable["name"]: variable.get("value") or variable["valueFrom"] for variable in container["env"]}


@pytest.mark.parametrize("file,manifest", CLUSTERS.items())
def test_the_collectors_text_is_the_pod_template_of_the_manifest(file, manifest):
    templates = manifests.pod_templates(manifests.ray_resource(manifest))
    secrets = {key for d in manifests.documents(manifest) if d["kind"] == "Secret" for key in d["stringData"]}
    # Each manifest's clusters have an account of their own.
    account = templates[0]["spec"].get("serviceAccountName", "")
    found_there = snippets(file, "--set", f"collector.serviceAccountName={account}")
    for snippet, template in zip(found_there, templates, strict=True):
        wanted = manifests.environment_sources(manifest, template["spec"]["containers"][1])
        # As environment_sources has it: a literal, or the kubelet's work.
        found = {
            name: value["fieldRef"] if isinstance(value, dict) else value
            for name, value in plain(snippet["spec"]["containers"][1]).items()
        }
        sources = snippet["spec"]["containers"][1].get("envFrom", [])
        assert bool(sources) == bool(secrets)
        assert found == {name: value for name, value in wanted.items() if name not in secrets}
        assert taken_apart(snippet, found) == taken_apart(template, found)


# The values of `bare` switch the text off.
@pytest.mark.parametrize("file", [file for file in chart.value_files() if file != "bare"])
def test_a_cluster_with_the_collectors_text_is_valid(file):
    cluster = manifests.ray_resource("raycluster")
    groups = [cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]]
    for group, snippet in zip(groups, snippets(file), strict=True):
        ray = group["template"]["spec"]["containers"][0]
        group["template"] = snippet
        snippet["spec"]["containers"][0]["image"] = ray["image"]
    manifests.validate(cluster)


def test_a_collector_may_write_to_the_volume_that_the_history_server_reads():
    mounts = snippets("local")[0]["spec"]["containers"][1]["volumeMounts"]
    (of_the_collector,) = (mount for mount in mounts if mount["name"] == "store")
    (container,) = one_of(chart.with_values("local", *NAMES), "Deployment")["spec"]["template"]["spec"]["containers"]
    (of_the_server,) = container["volumeMounts"]
    assert of_the_server == {**of_the_collector, "readOnly": True}
    assert "readOnly" not in of_the_collector


def test_the_account_of_the_ray_pods_can_be_another():
    for snippet in snippets("s3-irsa", "--set", "collector.serviceAccountName=ray"):
        assert snippet["spec"]["serviceAccountName"] == "ray"


def test_the_page_says_what_the_chart_calls_the_text():
    page = (chart.CHART / "README.md").read_text()
    (name,) = re.findall(r"get configmap (\S+)", page)
    assert one_of(chart.rendered(), "ConfigMap", "-collector")["metadata"]["name"] == name
