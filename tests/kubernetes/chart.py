"""The Helm chart of charts/, rendered by a real Helm."""

import json
import subprocess
from functools import cache

import yaml
from harness.servers import tool
from manifests import ROOT

CHART = ROOT / "charts" / "ray-history-server"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
# The oldest version that Chart.yaml allows, and the newest that the tests have schemas of.
KUBERNETES = ("1.25", "1.37")
RELEASE = "history"


def helm(*arguments):
    program = tool("helm", "RAYHISTORY_HELM")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


@cache
def template(*arguments, chart=CHART, release=RELEASE, kubernetes=KUBERNETES[0]):
    """helm template. A Helm that is built from its module takes a cluster of 1.20 for granted, so one is named."""
    return helm("template", release, chart, "--kube-version", kubernetes, *arguments)


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in a map, as Kustomize and Flux do; Helm and PyYAML take the last."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"a key stands twice: {sorted(keys)}"
        return super().construct_mapping(node, deep)


def rendered(*arguments, **options):
    done = template(*arguments, **options)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.load_all(done.stdout, Loader=StrictLoader) if document]


def refusal(*arguments):
    done = template(*arguments)
    assert done.returncode != 0, "Helm took these values"
    return done.stderr


def values():
    return yaml.safe_load((CHART / "values.yaml").read_text())


def value_files():
    """The ways of installing it that the tests go through: a name for each file of ci/."""
    return sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


def value_file(name):
    return CHART / "ci" / f"{name}-values.yaml"


def with_values(name, *arguments, **options):
    return rendered("--values", value_file(name), *arguments, **options)


def one_of(documents, kind, suffix=""):
    (found,) = (d for d in documents if d["kind"] == kind and d["metadata"]["name"].endswith(suffix))
    return found
