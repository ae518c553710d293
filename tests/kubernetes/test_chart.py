"""The Helm chart renders what Kubernetes takes, for every store and every way to sign in."""

import copy
import json
import re
import shutil
import subprocess
import sys
import tarfile

import chart
import manifests
import pytest
import yaml
from chart import CHART, KUBERNETES, one_of, rendered, with_values
from harness.servers import tool

MONITORING = CHART / "monitoring"
ALERTS = yaml.safe_load((MONITORING / "alerts.yaml").read_text())


def validate(document, kubernetes):
    if document["kind"] == "ServiceMonitor":
        # The operator's definitions of the two monitors share the fields that the chart uses.
        alike = {**document, "kind": "PodMonitor", "spec": dict(document["spec"])}
        alike["spec"]["podMetricsEndpoints"] = alike["spec"].pop("endpoints")
        manifests.validate(alike)
    elif document["kind"] == "PrometheusRule":
        assert document["apiVersion"] == "monitoring.coreos.com/v1"
        assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(document["spec"]) == {"groups"}
        for group in document["spec"]["groups"]:
            assert set(group) == {"name", "rules"}
            for rule in group["rules"]:
                assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    else:
        manifests.kubernetes_validate.validate(document, kubernetes, strict=True)


def test_every_store_and_way_to_sign_in_has_a_file_of_values():
    assert chart.value_files() == [
        "aliyunoss-identity",
        "aliyunoss-secret",
        "azureblob-identity",
        "azureblob-none",
        "azureblob-secret",
        "bare",
        "everything",
        "gcs-identity",
        "gcs-principal",
        "gcs-secret-file",
        "live",
        "local",
        "oci-identity",
        "oci-none",
        "oci-secret-file",
        "s3-irsa",
        "s3-none",
        "s3-secret",
        "s3-secret-file",
        "token-auth",
    ]


def test_helm_finds_nothing_wrong_with_the_chart():
    for name in chart.value_files():
        done = chart.helm("lint", "--strict", "--kube-version", KUBERNETES[0], CHART, "--values", chart.value_file(name))
        assert done.returncode == 0, done.stdout
        assert "[WARNING]" not in done.stdout and "[ERROR]" not in done.stdout


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("name", chart.value_files())
def test_kubernetes_takes_what_is_rendered(name, kubernetes):
    documents = with_values(name, kubernetes=kubernetes)
    for document in documents:
        validate(document, kubernetes)
    identities = [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in documents]
    assert len(set(identities)) == len(identities)


def test_a_key_that_stands_twice_is_found():
    with pytest.raises(AssertionError, match="a key stands twice"):
        yaml.load("labels:\n  app: x\n  app: x\n", Loader=chart.StrictLoader)


def test_validation_finds_what_is_wrong():
    documents = with_values("everything")
    for kind, path, key in [
        ("Deployment", ["spec", "template", "spec"], "serviceacount"),
        ("NetworkPolicy", ["spec"], "ingres"),
        ("ServiceMonitor", ["spec", "endpoints", 0], "intervall"),
        ("PrometheusRule", ["spec", "groups", 0, "rules", 0], "expression"),
    ]:
        document = copy.deepcopy(one_of(documents, kind, chart.RELEASE + "-ray-history-server"))
        place = document
        for step in path:
            place = place[step]
        place[key] = "x"
        with pytest.raises(Exception, match=key):
            validate(document, KUBERNETES[0])


def names_in(document):
    """The names of what a pod needs of its namespace: ConfigMaps, Secrets and claims."""
    pod = document["spec"]["template"]["spec"] if document["kind"] == "Deployment" else document["spec"]
    for container in pod["containers"]:
        for source in container.get("envFrom", []):
            ((kind, reference),) = source.items()
            yield {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"]
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


@pytest.mark.parametrize("name", chart.value_files())
def test_what_the_pods_refer_to_is_made_by_the_chart_or_named_in_the_values(name):
    documents = with_values(name)
    given = yaml.safe_load(chart.value_file(name).read_text())
    made = {(d["kind"], d["metadata"]["name"]) for d in documents}
    assert not any(kind == "Secret" for kind, _ in made)
    named = {
        ("Secret", given.get("credentials", {}).get("secretName")),
        ("PersistentVolumeClaim", given["store"]["local"]["claimName"] if "local" in given.get("store", {}) else None),
    }
    deployment = one_of(documents, "Deployment")
    assert set(names_in(deployment)) <= made | named
    pod = deployment["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    assert {mount["name"] for mount in pod["containers"][0].get("volumeMounts", [])} == volumes
    account = pod["serviceAccountName"]
    assert ("ServiceAccount", account) in made or account == given["serviceAccount"]["name"]


@pytest.mark.parametrize("name", chart.value_files())
def test_services_policies_and_budgets_select_the_servers_pods_and_not_the_tests(name):
    documents = with_values(name, "--set", "networkPolicy.enabled=true,podDisruptionBudget.enabled=true")
    labels = one_of(documents, "Deployment")["spec"]["template"]["metadata"]["labels"]
    (tests_pod,) = (d["metadata"] for d in documents if d["kind"] == "Pod")
    selectors = [d["spec"]["selector"] for d in documents if d["kind"] == "Service"]
    selectors += [d["spec"]["podSelector"]["matchLabels"] for d in documents if d["kind"] == "NetworkPolicy"]
    selectors += [d["spec"]["selector"]["matchLabels"] for d in documents if d["kind"] in ("Deployment", "PodDisruptionBudget")]
    assert len(selectors) >= 5
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= tests_pod["labels"].items()


def test_two_releases_share_no_name():
    def identities(release, namespace):
        documents = with_values("everything", "--namespace", namespace, "--set", "serviceAccount.name=", release=release)
        return {(d["kind"], d["metadata"].get("namespace", namespace), d["metadata"]["name"]) for d in documents}

    def of_the_cluster(release, namespace):
        return {(kind, name) for kind, _, name in identities(release, namespace) if kind.startswith("Cluster")}

    assert not identities("one", "ray") & identities("two", "ray")
    assert of_the_cluster("one", "ray") and not of_the_cluster("one", "ray") & of_the_cluster("one", "more")


def test_a_long_release_name_makes_names_that_kubernetes_takes():
    longest = "r" * 53
    for document in with_values("everything", release=longest):
        # A Service's name and a label's value have at most 63 characters.
        assert len(document["metadata"]["name"]) <= 63 or document["kind"].startswith(("Cluster", "Role"))
        for value in document["metadata"]["labels"].values():
            assert len(value) <= 63


def test_a_pod_is_replaced_when_the_store_changes_and_not_when_it_does_not():
    def annotations(*arguments):
        deployment = one_of(with_values("s3-none", *arguments), "Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]

    assert annotations() == annotations("--set", "service.port=80")
    assert annotations() != annotations("--set", "store.s3.bucket=another")


# The settings that the programs know


def known_settings(page):
    text = (manifests.ROOT / "docs" / page).read_text()
    return set(re.findall(r"`(--[a-z-]+|[A-Z][A-Z0-9_]+)`", text))


@pytest.mark.parametrize("name", chart.value_files())
def test_both_programs_know_every_flag_and_variable(name):
    documents = with_values(name)
    variables = set(one_of(documents, "ConfigMap", "-store")["data"])
    (container,) = one_of(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    flags = {argument.split("=")[0] for argument in container["args"]}
    assert variables | flags <= known_settings("historyserver-settings.md")
    assert variables <= known_settings("settings.md")


# Parts


def test_an_empty_list_of_peers_lets_no_pod_in():
    """Kubernetes reads `from: []` as everyone."""
    policy = "networkPolicy.enabled=true"
    for given, ports in [
        (["networkPolicy.clients=[]"], [8085]),
        (["networkPolicy.prometheus=[]"], [8080]),
        (["networkPolicy.clients=[]", "networkPolicy.prometheus=[]"], []),
    ]:
        settings = [word for setting in given for word in ("--set-json", setting)]
        (found,) = (
            d
            for d in rendered("--set", policy, *settings)
            if d["kind"] == "NetworkPolicy" and "helm.sh/hook" not in d["metadata"].get("annotations", {})
        )
        assert found["spec"]["policyTypes"] == ["Ingress"]
        assert [rule["ports"][0]["port"] for rule in found["spec"]["ingress"]] == ports
        assert all(rule["from"] for rule in found["spec"]["ingress"])


def test_the_network_policy_is_that_of_the_page():
    page = (manifests.ROOT / "docs" / "operations.md").read_text()
    examples = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    wanted = one_of([e for e in examples if isinstance(e, dict) and "kind" in e], "NetworkPolicy")
    found = one_of(with_values("everything"), "NetworkPolicy", "history-server")
    for part in ("policyTypes", "ingress"):
        assert found["spec"][part] == wanted["spec"][part]


def test_the_alerts_are_those_of_the_file(tmp_path):
    rule = one_of(with_values("everything"), "PrometheusRule")
    assert rule["spec"] == ALERTS
    assert rule["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    promtool = tool("promtool", "RAYHISTORY_PROMTOOL")
    subprocess.run([promtool, "check", "rules", tmp_path / "rules.yaml"], check=True, capture_output=True, timeout=60)


def test_the_dashboards_are_those_of_the_files():
    data = one_of(with_values("everything"), "ConfigMap", "-dashboards")["data"]
    files = {path.name: json.loads(path.read_text()) for path in MONITORING.glob("*.json")}
    assert len(files) == 2
    assert {name: json.loads(text) for name, text in data.items()} == files


def test_the_alerts_know_the_job_that_the_monitor_makes():
    """The operator takes a job's name from the Service's label that jobLabel names."""
    documents = with_values("everything", "--set", "fullnameOverride=h")
    monitor = one_of(documents, "ServiceMonitor")["spec"]
    services = [
        d["metadata"]["labels"]
        for d in documents
        if d["kind"] == "Service" and monitor["selector"]["matchLabels"].items() <= d["metadata"]["labels"].items()
    ]
    assert len(services) == 1
    (restarted,) = (r for g in ALERTS["groups"] for r in g["rules"] if r["alert"] == "RayHistoryServerRestarted")
    (pattern,) = re.findall(r'job=~"([^"]+)"', restarted["expr"])
    assert re.fullmatch(pattern, services[0][monitor["jobLabel"]])


def test_the_metrics_have_a_service_of_their_own():
    documents = with_values("everything")
    monitor = one_of(documents, "ServiceMonitor")["spec"]
    service = one_of(documents, "Service", "-metrics")
    assert [port["name"] for port in service["spec"]["ports"]] == [monitor["endpoints"][0]["port"]]
    (container,) = one_of(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert service["spec"]["ports"][0]["targetPort"] in {port["name"] for port in container["ports"]}
    other = one_of(documents, "Service", "history-server")
    assert [port["name"] for port in other["spec"]["ports"]] == ["http"]


def test_helm_test_asks_through_the_service_and_is_let_in():
    documents = with_values("everything", "--set", "test.image=")
    pod = one_of(documents, "Pod")
    (container,) = pod["spec"]["containers"]
    service = one_of(documents, "Service", "history-server")
    assert f"http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}$path" in container["command"][2]
    assert container["image"] == "registry.example.com/ray/historyserver:v0.1.0-debug"
    policy = one_of(documents, "NetworkPolicy", "-test")
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    for hook in (pod, policy):
        assert hook["metadata"]["annotations"]["helm.sh/hook"] == "test"


SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(502 if self.path == sys.argv[1] else 200)
        self.end_headers()
        self.wfile.write(b"x" * 1000)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize("fails,status", [("nothing", 0), ("/readyz", 1), ("/clusters", 1)])
def test_helm_test_fails_where_the_server_or_its_store_does(fails, status, tmp_path):
    documents = rendered("--set", "fullnameOverride=localhost")
    script = one_of(documents, "Pod")["spec"]["containers"][0]["command"][2]
    # wget of busybox, by curl: an error status is a failure, and the answer goes to the standard output.
    wget = tmp_path / "wget"
    wget.write_text('#!/bin/sh\nfor url; do :; done\nexec curl --silent --fail "$url"\n')
    wget.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", SERVER, fails], stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip()
        script = script.replace("localhost:30080", f"localhost:{port}")
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "no_proxy": "localhost"}
        done = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, timeout=60, check=False)
        server.terminate()
    assert bool(done.returncode) == bool(status), done.stderr


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """notes(VALUES): what `helm install` says. `helm template` leaves it out, so it is a template here like the others."""
    copied = tmp_path_factory.mktemp("notes") / CHART.name
    shutil.copytree(CHART, copied)
    templates = copied / "templates"
    text = (templates / "NOTES.txt").read_text()
    (templates / "NOTES.txt").unlink()
    wrapped = '{{ define "notes" }}' + text + '{{ end }}text: |\n  {{- include "notes" . | nindent 2 }}\n'
    (templates / "notes.yaml").write_text(wrapped)

    def render(name, *arguments):
        values = ("--values", chart.value_file(name), "--show-only", "templates/notes.yaml")
        (document,) = rendered(*values, *arguments, chart=copied)
        return document["text"]

    return render


def test_the_notes_name_what_there_is(notes):
    text, documents = notes("s3-none"), with_values("s3-none")
    service = one_of(documents, "Service")
    assert f"port-forward service/{service['metadata']['name']} 30080:{service['spec']['ports'][0]['port']}" in text
    collector = one_of(documents, "ConfigMap", "-collector")
    found = re.findall(r"get configmap (\S+) --output jsonpath='\{\.data\.(\w+)\\\.yaml\}'", text)
    assert found == [(collector["metadata"]["name"], key.removesuffix(".yaml")) for key in collector["data"]]


@pytest.mark.parametrize(
    "name,warnings", [("s3-none", ["networkPolicy"]), ("everything", []), ("bare", ["networkPolicy", "rbac.create"])]
)
def test_the_notes_warn_of_what_is_open_or_missing(notes, name, warnings):
    found = re.findall(r"WARNING: (.*)", notes(name))
    said = {"networkPolicy": "every pod of the cluster can reach", "rbac.create": "rbac.create is false"}
    assert len(found) == len(warnings)
    for warning, line in zip(warnings, found, strict=True):
        assert said[warning] in line


def test_an_administrator_can_make_the_roles():
    kinds = {document["kind"] for document in with_values("bare")}
    assert kinds == {"ConfigMap", "Service", "Deployment", "Pod"}


def test_the_token_of_each_named_namespace_can_be_read_and_no_other():
    documents = with_values("everything", "--namespace", "history")
    roles = [d for d in documents if d["kind"] == "Role"]
    bindings = [d for d in documents if d["kind"] == "RoleBinding"]
    assert [r["metadata"]["namespace"] for r in roles] == ["team-a", "team-b"]
    assert [b["metadata"]["namespace"] for b in bindings] == ["team-a", "team-b"]
    for binding in bindings:
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "history", "namespace": "history"}]


# The package


def test_the_package_holds_what_an_installation_needs(tmp_path):
    done = chart.helm("package", CHART, "--destination", tmp_path)
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.iterdir()
    with tarfile.open(package) as archive:
        names = {name.removeprefix(CHART.name + "/") for name in archive.getnames()}
    assert {"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "monitoring/alerts.yaml"} <= names
    assert not any(name.startswith("ci/") or name.endswith("_test.yaml") for name in names)


def test_its_versions_are_those_of_the_programs():
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    (version,) = re.findall(r"^project\(rayhistory VERSION (\S+)", (manifests.ROOT / "CMakeLists.txt").read_text(), re.M)
    assert about["appVersion"] == f"v{version}"
    assert about["kubeVersion"].startswith(f">={KUBERNETES[0]}.")
    documents = rendered()
    (container,) = one_of(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == manifests.history_server("historyserver")["spec"]["containers"][0]["image"]
