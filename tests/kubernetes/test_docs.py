"""What the pages for operators quote is there: texts of the log, alerts, manifests, files."""

import re

import pytest
import yaml
from manifests import CONFIG, ROOT, names

DOCS = ROOT / "docs"
PAGES = ["kind", "troubleshooting", "migration", "operations"]
# Quoted in troubleshooting.md, and said by others.
# libcurl's and the stores' errors, as they stand in ours.
OF_OTHERS = {
    "Could not resolve host",
    "SSL certificate problem",
    "InvalidArgument: Invalid signing region",
    "Events and metrics will not be exported",
}


def page(name):
    return (DOCS / f"{name}.md").read_text()


def texts_of_the_program():
    source = "\n".join(
        path.read_text() for path in sorted((ROOT / "src").rglob("*.cpp")) if not path.name.endswith("_test.cpp")
    )
    # A literal in several pieces is one text.
    return re.sub(r'"\s*\n\s*"', "", source)


def quoted(text):
    """Words in backticks that are a sentence of the log, and no command, setting or figure."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = text.split("`")[1::2]
    return [words for words in spans if " " in words and "=" not in words and not re.match(r"kubectl|make|ray list|--", words)]


def test_the_texts_that_troubleshooting_quotes_are_printed():
    program = texts_of_the_program()
    words = quoted(page("troubleshooting"))
    assert len(words) > 20
    for text in set(words) - OF_OTHERS:
        for piece in text.split("…"):
            assert piece.strip('"') in program or piece.replace('"', '\\"') in program, text


def test_what_the_issue_of_a_first_day_wants_is_covered():
    text = page("troubleshooting").lower()
    for topic in (
        "read session_latest file error",
        "read nodeid file error",
        "too many open files",
        "denied",
        "wrong region",
        "no such bucket",
        "clock skew",
        "killed by memory",
        "drain was cut short",
        "nothing arrives",
    ):
        assert topic in text, topic


def test_every_alert_is_explained():
    rules = yaml.safe_load((ROOT / "charts" / "ray-history-server" / "monitoring" / "alerts.yaml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    rows = set(re.findall(r"^\| `(Ray\w+)` \|", page("operations"), re.MULTILINE))
    assert rows == alerts


def test_every_metric_of_operations_exists():
    known = set(re.findall(r"`((?:ray_collector|ray_historyserver|process)_\w+)`", page("metrics")))
    for name in PAGES:
        for metric in re.findall(r"`((?:ray_collector|ray_historyserver|process)_\w+)`", page(name)):
            assert metric in known, metric


def test_the_walkthrough_shows_every_manifest():
    shown = set(re.findall(r"\.\./config/([\w-]+)\.yaml", page("kind")))
    assert shown >= {name for name in names() if name.startswith(("ray", "historyserver"))}
    for name in re.findall(r"config/([\w-]+)\.yaml", page("kind")):
        assert name in names()


def test_what_the_walkthrough_waits_for_and_looks_into_is_in_a_manifest():
    there = {
        f"{document['kind'].lower()}/{document['metadata']['name']}"
        for name in names()
        for document in yaml.safe_load_all((CONFIG / f"{name}.yaml").read_text())
    }
    # A RayJob's submitter, which the operator makes under the RayJob's name.
    there |= {f"job/{identity.split('/')[1]}" for identity in there if identity.startswith("rayjob/")}
    commands = re.findall(r"^ *(kubectl .*(?:\\\n.*)*)", page("kind"), re.MULTILINE)
    found = {word for command in commands for word in re.findall(r"\b(?:ray)?(?:cluster|job|deployment|service)/[\w-]+", command)}
    assert len(found) > 8
    assert found <= there
    selected = set(re.findall(r"ray\.io/cluster=([\w-]+)", page("kind")))
    assert {f"raycluster/{name}" for name in selected} <= there


def test_an_injected_collector_is_named_as_the_operator_names_it():
    """CollectorContainerName in KubeRay 1.7; the manifests here call theirs `collector`."""
    injected = page("kind").split("\n## 8.")[1].split("\n## ")[0]
    assert set(re.findall(r"--container (\S+)", injected)) == {"ray-history-collector"}
    for name in ("troubleshooting", "migration", "operations"):
        assert "ray-history-collector" in page(name)
    # A proposal that KubeRay has not taken up.
    assert not any("--collector-image" in path.read_text() for path in DOCS.glob("*.md"))


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", [*PAGES, "../README", "../charts/ray-history-server/README"])
def test_links_lead_somewhere(name):
    path = (DOCS / f"{name}.md").resolve()
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text()):
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text()), target


def test_every_target_of_make_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in PAGES:
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page(name), re.MULTILINE):
            assert target in targets, target
