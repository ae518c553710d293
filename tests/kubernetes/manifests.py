"""The manifests under config/, read as Kubernetes reads them."""

import copy
import gzip
from functools import cache
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
CRDS = ROOT / "tests" / "data" / "kuberay-1.7"
PROMETHEUS_OPERATORS_CRDS = ROOT / "tests" / "data" / "prometheus-operator-0.80"
# The oldest version in which native sidecars are on by default; what is valid there is valid in later ones.
KUBERNETES = "1.29"
# Where each of KubeRay's resources keeps the spec of a cluster.
CLUSTER_SPEC = {"RayCluster": [], "RayJob": ["rayClusterSpec"], "RayService": ["rayClusterConfig"]}


def names():
    return sorted(path.stem for path in CONFIG.glob("*.yaml"))


def documents(name, folder=CONFIG):
    return list(yaml.safe_load_all((folder / f"{name}.yaml").read_text()))


def closed(schema):
    """The API server drops fields that a CRD does not know, in silence. Here they are errors."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    open_by_intent = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    if isinstance(schema.get("properties"), dict) and "type" in schema and not open_by_intent:
        schema.setdefault("additionalProperties", False)
    return schema


@cache
def crd_validator(kind, file=None):
    content = gzip.decompress((file or CRDS / f"ray.io_{kind.lower()}s.yaml.gz").read_bytes())
    definition = yaml.load(content, Loader=yaml.CSafeLoader)  # a hundred thousand lines: the other takes half a minute
    (version,) = (v for v in definition["spec"]["versions"] if v["name"] == "v1")
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return jsonschema.Draft7Validator(schema)


def validate(document):
    """Raises with what is wrong, and where."""
    if document["apiVersion"].startswith("ray.io/"):
        assert document["apiVersion"] == "ray.io/v1"
        crd_validator(document["kind"]).validate(document)
        for template in pod_templates(document):
            validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": template["spec"]})
    elif document["kind"] == "PodMonitor":
        file = PROMETHEUS_OPERATORS_CRDS / "monitoring.coreos.com_podmonitors.yaml.gz"
        crd_validator(document["kind"], file).validate(document)
    else:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def ray_resource(name):
    """The one resource of KubeRay's in a manifest, or None."""
    found = [document for document in documents(name) if document["kind"] in CLUSTER_SPEC]
    assert len(found) <= 1
    return found[0] if found else None


def cluster_spec(resource):
    """None for a RayJob that runs on a cluster that is there already."""
    spec = resource["spec"]
    for key in CLUSTER_SPEC[resource["kind"]]:
        spec = spec.get(key)
    return spec


def pod_templates(resource):
    """Head first."""
    spec = cluster_spec(resource)
    if spec is None:
        return []
    return [copy.deepcopy(group["template"]) for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]]


def collectors(template):
    spec = template["spec"]
    return [c for c in [*spec["containers"], *spec.get("initContainers", [])] if c["name"] == "collector"]


def with_collector():
    """The manifests in which the collector is a container of the pod template."""
    return [name for name in names() if (r := ray_resource(name)) and any(map(collectors, pod_templates(r)))]


def with_history_server():
    """The manifests of a History Server."""
    return [name for name in names() if any(d["kind"] == "Deployment" and is_history_server(d) for d in documents(name))]


def is_history_server(deployment):
    return deployment["metadata"]["labels"]["app"] == "historyserver"


def history_server(name):
    """Its pod template."""
    (deployment,) = (d for d in documents(name) if d["kind"] == "Deployment")
    return copy.deepcopy(deployment["spec"]["template"])


def environment_sources(name, container):
    """Of each variable where it comes from: a literal, or the kubelet's work, as in {"fieldPath": …}."""
    stored = {}
    for document in documents(name):
        if document["kind"] in ("ConfigMap", "Secret"):
            key = document["kind"], document["metadata"]["name"]
            stored[key] = {**document.get("data", {}), **document.get("stringData", {})}
    variables = {}
    for source in container.get("envFrom", []):
        ((field, reference),) = source.items()
        kind = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[field]
        variables.update(stored[kind, reference["name"]])
    for variable in container.get("env", []):
        value = variable.get("value")
        if value is None:
            ((field, reference),) = variable["valueFrom"].items()
            value = stored["Secret", reference["name"]][reference["key"]] if field == "secretKeyRef" else reference
        variables[variable["name"]] = value
    return variables
