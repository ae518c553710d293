"""The chart's values: what the schema refuses, what cannot work together, and the page that lists them."""

import json
import re

import chart
import jsonschema
import manifests
import pytest
import yaml
from chart import CHART, one_of, refusal, rendered, with_values

def objects(schema, path=()):
    """Pairs of the path of each object of the schema, and the object."""
    if "$ref" in schema:
        schema = chart.SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if schema.get("type") == "object":
        yield path, schema
        for key, part in schema.get("properties", {}).items():
            yield from objects(part, (*path, key))
    if schema.get("type") == "array":
        yield from objects(schema["items"], (*path, "[]"))


# Their fields are Kubernetes' own, and Kubernetes checks them; `global` is what charts around this one share.
KUBERNETES_OWN = {
    ("affinity", "nodeAffinity"),
    ("affinity", "podAffinity"),
    ("affinity", "podAntiAffinity"),
    ("extraEnv", "[]"),
    ("extraVolumeMounts", "[]"),
    ("extraVolumes", "[]"),
    ("global",),
    ("podSecurityContext",),
    ("resources", "claims", "[]"),
    ("securityContext",),
    ("tolerations", "[]"),
    *(
        ("networkPolicy", who, "[]", what)
        for who in ("clients", "prometheus")
        for what in ("ipBlock", "namespaceSelector", "podSelector")
    ),
}


def test_every_object_of_the_schema_refuses_unknown_keys():
    jsonschema.Draft7Validator.check_schema(chart.SCHEMA)
    open_objects = {path for path, schema in objects(chart.SCHEMA) if "additionalProperties" not in schema}
    assert open_objects == KUBERNETES_OWN
    for path, schema in objects(chart.SCHEMA):
        if path not in KUBERNETES_OWN:
            # A map of labels has keys of any name, and values of one type.
            assert schema["additionalProperties"] is False or not schema.get("properties"), path


# Helm's own two, and parts of what Kubernetes defines.
WITHOUT_A_DEFAULT = {
    (): {"global", "enabled"},
    ("resources",): {"claims"},
    ("affinity",): {"nodeAffinity", "podAffinity", "podAntiAffinity"},
}


def leaves(value, path=()):
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    else:
        yield path, value


def test_the_schema_has_each_value_and_no_other():
    known = {path: schema for path, schema in objects(chart.SCHEMA)}
    for path, _ in leaves(chart.values()):
        for length in range(1, len(path)):
            schema = known[path[:length]]
            if path[:length] in KUBERNETES_OWN or not schema.get("properties"):
                break
            assert path[length] in schema["properties"], path
    for path, schema in known.items():
        place = chart.values()
        if path in KUBERNETES_OWN or "[]" in path:
            continue
        for key in path:
            place = place[key]
        assert set(schema.get("properties", {})) - set(place) == WITHOUT_A_DEFAULT.get(path, set())


def closed_objects():
    found = {path for path, schema in objects(chart.SCHEMA) if schema.get("additionalProperties") is False}
    return sorted(path for path in found if "[]" not in path)


def test_each_unknown_key_is_named():
    settings = [word for path in closed_objects() for word in ("--set", ".".join([*path, "unknownKey"]) + "=true")]
    error = refusal(*settings)
    for path in closed_objects():
        assert f"at '{''.join('/' + key for key in path)}': additional properties 'unknownKey' not allowed" in error


# Kubernetes has defaults of its own for these.
MAY_BE_NOTHING = {("resources",), ("securityContext",), ("affinity",)}


def sections_and_leaves(value, path=()):
    for key, part in value.items():
        yield (*path, key), part
        if isinstance(part, dict) and (*path, key) not in MAY_BE_NOTHING and (*path, key) != ("dashboards", "labels"):
            yield from sections_and_leaves(part, (*path, key))


def without(paths):
    return [word for path in paths for word in ("--set", f"{'.'.join(path)}=null")]


def test_a_value_without_content_is_as_the_empty_one():
    """YAML reads `tag:` as null, and Helm then takes the default away."""
    empty = [path for path, default in sections_and_leaves(chart.values()) if default in ("", [], {})]
    assert len(empty) > 30
    assert rendered(*without(empty)) == rendered()


def test_what_kubernetes_has_defaults_for_may_have_no_content():
    for document in rendered(*without(MAY_BE_NOTHING)):
        manifests.kubernetes_validate.validate(document, chart.KUBERNETES[0], strict=True)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_any_other_value_without_content_is_refused_by_its_name(depth):
    needed = [
        path
        for path, default in sections_and_leaves(chart.values())
        if len(path) == depth and default not in ("", [], {}) and path not in MAY_BE_NOTHING
    ]
    error = refusal(*without(needed))
    for path in needed:
        place = "".join("/" + key for key in path[:-1])
        assert re.search(rf"at '{place}': missing propert(y|ies:?) .*'{path[-1]}'", error), path


@pytest.mark.parametrize(
    "setting,says",
    [
        ("store.backend=S3", "at '/store/backend': value must be one of 's3', 'azureblob', 'gcs', 'aliyunoss', 'oci'"),
        ("credentials.mode=key", "at '/credentials/mode': value must be one of"),
        ("credentials.secretName=Big_Name", "at '/credentials/secretName'"),
        ("replicas=two", "at '/replicas': got string, want integer"),
        ("replicas=-1", "at '/replicas': minimum"),
        ("image.pullPolicy=Sometimes", "at '/image/pullPolicy': value must be one of"),
        ("image.digest=latest", "at '/image/digest'"),
        ("image.repository=", "at '/image/repository'"),
        ("collector.image.tag=a b", "at '/collector/image/tag'"),
        ("store.s3.bucket=", "at '/store/s3/bucket'"),
        ("store.s3.disableSsl=yes", "at '/store/s3/disableSsl': got string, want boolean"),
        ("store.azureblob.accountUrl=account", "at '/store/azureblob/accountUrl'"),
        ("store.local.subPath=/history", "at '/store/local/subPath'"),
        ("sessionCacheMaxMemory=1GB", "at '/sessionCacheMaxMemory'"),
        ("allowedHosts[0]=https://history.example.com", "at '/allowedHosts/0'"),
        ("extraArgs[0]=log-format=json", "at '/extraArgs/0'"),
        ("extraEnv[0].value=x", "at '/extraEnv/0': missing property 'name'"),
        ("liveClusters.tokenAuth.namespaces[0]=A B", "at '/liveClusters/tokenAuth/namespaces/0'"),
        ("service.port=70000", "at '/service/port': maximum"),
        ("networkPolicy.clients[0].namespace=ray", "at '/networkPolicy/clients/0': additional properties 'namespace'"),
        ("podDisruptionBudget.maxUnavailable=0", "at '/podDisruptionBudget/maxUnavailable'"),
        ("podDisruptionBudget.maxUnavailable=0%", "at '/podDisruptionBudget/maxUnavailable'"),
        ("serviceMonitor.interval=often", "at '/serviceMonitor/interval'"),
        ("serviceAccount.annotations.owner=7", "at '/serviceAccount/annotations/owner'"),
        ("podLabels.team.name=a", "at '/podLabels/team'"),
        ("fullnameOverride=History", "at '/fullnameOverride'"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(setting, says):
    assert says in refusal("--set", setting)


@pytest.mark.parametrize(
    "settings,says",
    [
        (
            "store.backend=gcs,credentials.mode=secret,credentials.secretName=x",
            'credentials.mode is "secret", which the store.backend "gcs" does not have: it is for s3, azureblob, aliyunoss',
        ),
        ("store.backend=azureblob,credentials.mode=secretFile,credentials.secretName=x", 'credentials.mode is "secretFile"'),
        ("store.backend=local,store.local.claimName=x,credentials.mode=identity", 'the store.backend "local" does not have'),
        ("credentials.mode=secret", "credentials.secretName is empty"),
        ("credentials.secretName=x", "set the mode to secret or secretFile"),
        ("credentials.mode=secretFile,credentials.secretName=x", "credentials.secretFile is empty"),
        ("credentials.mode=secret,credentials.secretName=x,credentials.secretFile=y", 'credentials.secretFile is "y"'),
        ("credentials.identity=arn", 'credentials.identity is "arn", and credentials.mode "none" uses none'),
        ("credentials.mode=identity", 'credentials.identity is empty: the store.backend "s3" needs the ARN of the role'),
        (
            "credentials.mode=identity,store.backend=oci,store.oci.region=fra,credentials.identity=x",
            'the store.backend "oci" has none',
        ),
        ("credentials.mode=identity,store.backend=oci", "store.oci.region is empty"),
        (
            "credentials.mode=identity,store.backend=azureblob,credentials.identity=x",
            "store.azureblob.accountUrl is empty",
        ),
        ("store.backend=azureblob", "store.azureblob.accountUrl is empty"),
        ("store.backend=aliyunoss", "store.aliyunoss.region and store.aliyunoss.endpoint are empty"),
        ("store.backend=local", "store.local.claimName is empty"),
        ("liveClusters.tokenAuth.enabled=true", "liveClusters.enabled is false"),
        ("liveClusters.tokenAuth.namespaces[0]=x", "liveClusters.tokenAuth.enabled is false"),
    ],
)
def test_values_that_cannot_work_together_are_refused(settings, says):
    assert says in refusal("--set", settings)


@pytest.mark.parametrize(
    "name,key",
    [
        ("podLabels", "app.kubernetes.io/name"),
        ("podLabels", "azure.workload.identity/use"),
        ("podAnnotations", "checksum/store"),
        ("serviceAccount.annotations", "azure.workload.identity/client-id"),
        ("serviceMonitor.labels", "app.kubernetes.io/instance"),
        ("prometheusRule.labels", "app.kubernetes.io/version"),
        ("dashboards.labels", "helm.sh/chart"),
    ],
)
def test_a_label_or_annotation_that_the_chart_sets_itself_is_refused(name, key):
    """The key would stand twice, which Helm takes and Kustomize refuses (fluxcd/flux2#1556)."""
    parts = ("--set", "serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboards.enabled=true")
    setting = f"{name}.{key.replace('.', chr(92) + '.')}=x"
    error = refusal("--values", chart.value_file("azureblob-identity"), *parts, "--set-string", setting)
    assert f'{name} has "{key}", which the chart sets itself: leave it out' in error


def test_it_can_be_a_part_of_another_chart(tmp_path):
    """Helm hands `global` to every chart that another one depends on, and `enabled` is the usual name of a condition."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / CHART.name).symlink_to(CHART)
    (tmp_path / "Chart.yaml").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v2",
                "name": "around",
                "version": "1.0.0",
                "dependencies": [{"name": CHART.name, "version": ">=0.0.0", "condition": f"{CHART.name}.enabled"}],
            }
        )
    )
    part = {"enabled": True, "store": {"s3": {"bucket": "of-the-whole"}}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump({"global": {"region": "x"}, CHART.name: part}))
    documents = rendered(chart=tmp_path)
    assert one_of(documents, "ConfigMap", "-store")["data"]["S3_BUCKET"] == "of-the-whole"


# Kubernetes' own objects have a row each.
ROWS_OF_THEIR_OWN = {("resources",), ("securityContext",), ("dashboards", "labels")}


def row(path):
    """The key and the default of a value's row in the page."""
    path = next((path[:n] for n in range(1, len(path)) if path[:n] in ROWS_OF_THEIR_OWN), path)
    value = chart.values()
    for key in path:
        value = value[key]
    if isinstance(value, (dict, list)) and value:
        default = "[values.yaml](values.yaml)"
    else:
        default = "empty" if value == "" else f"`{json.dumps(value)}`"
    return ".".join(path), default


def test_the_page_lists_each_value_with_its_default():
    table = (CHART / "README.md").read_text().split("\n## Values\n")[1]
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \| .+\. \|$", table, re.MULTILINE)
    wanted = dict(row(path) for path, _ in leaves(chart.values()))
    assert [name for name, _ in rows] == list(wanted)
    assert dict(rows) == wanted


def test_the_page_names_the_rights_that_the_chart_gives():
    text = (CHART / "README.md").read_text()
    for document in with_values("everything"):
        for rule in document.get("rules", []):
            for resource in rule["resources"]:
                wanted = rf"^\| `{', '.join(rule['verbs'])}` of `{resource}`"
                assert re.search(wanted, text, re.MULTILINE), (resource, rule["verbs"])
