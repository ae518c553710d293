"""Prometheus scrapes as docs/operations.md says: a real one finds the collectors of every manifest by it.

Debian's Prometheus knows no Kubernetes. The targets that its service discovery would find, with their labels, are in a file
here (Prometheus: discovery/kubernetes/pod.go); what the page's rules make of them is Prometheus' own work."""

import json
import re

import manifests
import pytest
import yaml
from harness.servers import tool
from live.prometheus_server import PrometheusServer
from live.waiting import wait_until

PAGE = (manifests.ROOT / "docs" / "operations.md").read_text()
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]


def example(matches):
    (found,) = filter(matches, EXAMPLES)
    return found


def pod_monitor(name):
    return example(lambda document: document.get("kind") == "PodMonitor" and document["metadata"]["name"] == name)


def generated(monitor):
    """The scrape configurations that the Prometheus operator makes of a PodMonitor (generatePodMonitorConfig in its
    pkg/prometheus/promcfg.go), as far as they choose targets."""
    selector, made = monitor["spec"]["selector"], []
    for number, endpoint in enumerate(monitor["spec"]["podMetricsEndpoints"]):
        rules = [{"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "(Failed|Succeeded)", "action": "drop"}]
        for label, value in selector.get("matchLabels", {}).items():
            name = re.sub(r"\W", "_", label)
            sources = [f"__meta_kubernetes_pod_label_{name}", f"__meta_kubernetes_pod_labelpresent_{name}"]
            rules.append({"source_labels": sources, "regex": f"({value});true", "action": "keep"})
        for expression in selector.get("matchExpressions", []):
            assert expression["operator"] == "Exists"
            name = re.sub(r"\W", "_", expression["key"])
            present = [f"__meta_kubernetes_pod_labelpresent_{name}"]
            rules.append({"source_labels": present, "regex": "true", "action": "keep"})
        if "port" in endpoint:
            port = ["__meta_kubernetes_pod_container_port_name"]
            rules.append({"source_labels": port, "regex": endpoint["port"], "action": "keep"})
        for target, label in [("namespace", "namespace"), ("container", "pod_container_name"), ("pod", "pod_name")]:
            rules.append({"source_labels": [f"__meta_kubernetes_{label}"], "target_label": target})
        names = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
        rules += [{names.get(key, key): value for key, value in rule.items()} for rule in endpoint.get("relabelings", [])]
        job = f"podMonitor/default/{monitor['metadata']['name']}/{number}"
        made.append({"job_name": job, "kubernetes_sd_configs": [{"role": "pod"}], "relabel_configs": rules})
    return made


def injected(template):
    """As KubeRay 1.7's operator does it (BuildCollectorContainer): neither ports nor probes."""
    options = manifests.ray_resource("raycluster-operator-injection")["spec"]["historyServerOptions"]["collectorOptions"]
    template["spec"]["containers"].append(
        {"name": "ray-history-collector", "image": options["image"], "env": options["env"]}
    )
    # The operator adds Ray's port of its metrics to the first container.
    template["spec"]["containers"][0].setdefault("ports", []).append({"name": "metrics", "containerPort": 8080})
    return template


def pods_of(name, first_address):
    """The pods of a manifest's cluster, head and worker, as the API server has them once they run."""
    resource = manifests.ray_resource(name)
    for number, template in enumerate(manifests.pod_templates(resource)):
        if name == "raycluster-operator-injection":
            template = injected(template)
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-{number}",
                "namespace": "default",
                "uid": f"{name}-{number}",
                "resourceVersion": "1",
                "labels": {"ray.io/cluster": resource["metadata"]["name"]},
            },
            "spec": {"nodeName": "node", **template["spec"]},
            # No program listens there: the tests ask which targets there are, and not what these answer.
            "status": {"phase": "Running", "hostIP": "127.0.0.1", "podIP": f"127.85.0.{first_address + number}"},
        }


@pytest.fixture
def pods():
    """Pods of each way in which a collector comes into one, and others that are none of its business."""
    ways = ["raycluster", "raycluster-native-sidecar", "raycluster-operator-injection"]
    made = [pod for number, name in enumerate(ways) for pod in pods_of(name, 10 * number + 1)]
    (bare, *_) = pods_of("raycluster", 101)
    bare["metadata"].update(name="no-collector", uid="no-collector")
    bare["spec"]["containers"] = bare["spec"]["containers"][:1]
    (finished, *_) = pods_of("raycluster", 111)
    finished["metadata"].update(name="finished", uid="finished")
    finished["status"]["phase"] = "Succeeded"
    (other, *_) = pods_of("raycluster", 121)
    other["metadata"].update(name="not-rays", uid="not-rays", labels={"app": "other"})
    return [*made, bare, finished, other]


def discovered(pod):
    """Lists what the discovery of pods finds in one: a target for each port, and one for a container without any."""
    address = pod["status"]["podIP"]
    shared = {
        "namespace": pod["metadata"]["namespace"],
        "pod_name": pod["metadata"]["name"],
        "pod_ip": address,
        "pod_phase": pod["status"]["phase"],
    }
    for label, value in pod["metadata"]["labels"].items():
        name = re.sub(r"\W", "_", label)
        shared |= {f"pod_label_{name}": value, f"pod_labelpresent_{name}": "true"}
    for field, is_init in (("containers", "false"), ("initContainers", "true")):
        for container in pod["spec"].get(field, []):
            own = {**shared, "pod_container_name": container["name"], "pod_container_init": is_init}
            for port in container.get("ports") or [None]:
                target, labels = address, own
                if port:
                    number = str(port["containerPort"])
                    target = f"[{address}]:{number}" if ":" in address else f"{address}:{number}"
                    labels = {**own, "pod_container_port_name": port["name"], "pod_container_port_number": number}
                meta = {f"__meta_kubernetes_{name}": value for name, value in labels.items()}
                yield {"targets": [target], "labels": meta}


def selected(pod, discovery):
    """Whether the API server lists it. The selectors here ask for the existence of a label."""
    return all(selector["label"] in pod["metadata"]["labels"] for selector in discovery.get("selectors", []))


@pytest.fixture
def scraped(pods, tmp_path):
    """scraped(configurations): what a Prometheus with these scrapes, once it has found something."""
    started = []

    def scrape(configurations):
        for number, configuration in enumerate(configurations):
            (discovery,) = configuration.pop("kubernetes_sd_configs")
            assert discovery["role"] == "pod"
            targets = [target for pod in pods if selected(pod, discovery) for target in discovered(pod)]
            file = tmp_path / f"targets-{number}.json"
            file.write_text(json.dumps(targets))
            configuration["file_sd_configs"] = [{"files": [str(file)]}]
        program = tool("prometheus", "RAYHISTORY_PROMETHEUS")
        started.append(PrometheusServer(program, tmp_path / "prometheus", {}, 60, discovered=configurations))
        wait_until(started[0].targets, f"targets; see {tmp_path}/prometheus/prometheus.log", 30)
        return started[0].targets()

    yield scrape
    for server in started:
        server.stop()


def the_collectors(pods):
    return sorted(
        (f"http://{pod['status']['podIP']}:8085/metrics", pod["metadata"]["name"])
        for pod in pods
        if pod["metadata"]["name"].startswith("raycluster")
    )


@pytest.mark.parametrize("name", ["ray-collector", "historyserver"])
def test_a_monitor_is_valid(name):
    monitor = pod_monitor(name)
    manifests.validate(monitor)
    monitor["spec"]["podMetricsEndpoints"][0]["portName"] = "metrics"
    with pytest.raises(Exception, match="portName"):
        manifests.validate(monitor)


@pytest.mark.parametrize("form", ["PodMonitor", "scrape_configs"])
def test_the_collector_of_every_pod_is_scraped_once_and_nothing_else(form, pods, scraped):
    by_hand = example(lambda document: "scrape_configs" in document)["scrape_configs"]
    targets = scraped(generated(pod_monitor("ray-collector")) if form == "PodMonitor" else by_hand)
    assert sorted((target["scrapeUrl"], target["labels"]["pod"]) for target in targets) == the_collectors(pods)
    for target in targets:
        assert target["labels"]["namespace"] == "default"
        is_injected = target["labels"]["pod"].startswith("raycluster-operator-injection")
        assert target["labels"]["container"] == ("ray-history-collector" if is_injected else "collector")


def test_a_pod_of_an_ipv6_cluster_is_scraped(pods, scraped):
    for pod in pods:
        pod["status"]["podIP"] = "fd00::" + pod["status"]["podIP"].rsplit(".", 1)[1]
    targets = scraped(generated(pod_monitor("ray-collector")))
    found = sorted(target["scrapeUrl"] for target in targets)
    assert found == sorted(f"http://[fd00::{n}]:8085/metrics" for n in (1, 2, 11, 12, 21, 22))


def test_a_monitor_that_names_a_port_misses_injected_collectors(pods, scraped):
    """Why the page names none: without this the other tests could pass for any rules."""
    monitor = pod_monitor("ray-collector")
    monitor["spec"]["podMetricsEndpoints"] = [{"port": "collector"}]
    found = {target["labels"]["pod"] for target in scraped(generated(monitor))}
    assert found == {name for _, name in the_collectors(pods) if not name.startswith("raycluster-operator-injection")}
