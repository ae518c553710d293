"""Workflows, hooks, templates and pages for contributors name only what there is."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from harness.servers import tool
from release_notes import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEMPLATES = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PAGES = ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "MAINTAINERS.md", "SECURITY.md"]


def name_of(path):
    return path.name


def targets():
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def check_commands(text):
    """Each target of make and each script that a text names is there."""
    named = re.findall(r"(?<![\w-])make ([a-z][a-z-]*)", text)
    assert set(named) <= targets()
    for script in re.findall(r"(?<![\w/.])((?:scripts|\.ci)/[\w/]+(?:\.\w+)?)", text):
        assert (ROOT / script).exists(), script


def jobs(workflow):
    return yaml.safe_load(workflow.read_text())["jobs"].values()


def steps(workflow):
    return [step for job in jobs(workflow) for step in job.get("steps", [])]


def actionlint(folder):
    program = tool("actionlint", "RAYHISTORY_ACTIONLINT")
    return subprocess.run([program, "-no-color"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


# Workflows


def test_there_is_each_workflow():
    assert [workflow.stem for workflow in WORKFLOWS] == ["check", "full", "images", "release"]


def test_actionlint_finds_nothing():
    done = actionlint(ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_finds_what_is_wrong(tmp_path):
    """Without this a checker that looks at nothing would go unseen."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    workflow = tmp_path / ".github" / "workflows" / "check.yml"
    workflow.write_text(workflow.read_text().replace("runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"))
    assert "runs-at" in actionlint(tmp_path).stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name_of)
def test_a_workflow_calls_what_there_is(workflow):
    for step in steps(workflow):
        check_commands(step.get("run", ""))


def test_the_full_workflow_is_what_continuous_integration_runs():
    (full,) = (workflow for workflow in WORKFLOWS if workflow.stem == "full")
    assert steps(full)[-1] == {"run": ".ci/run"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name_of)
def test_an_action_is_pinned_by_its_commit(workflow):
    used = re.findall(r"uses: (\S+)(.*)", workflow.read_text())
    assert used
    for action, comment in used:
        if action.startswith("./"):
            assert (ROOT / action).exists()
        else:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name_of)
def test_a_workflow_may_only_read(workflow):
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}
    writers = [job for job in jobs(workflow) if job.get("permissions", {"contents": "read"}) != {"contents": "read"}]
    if workflow.stem != "release":
        assert writers == []
        return
    # The job that makes the release.
    (writer,) = writers
    assert writer["permissions"] == {"contents": "write"}
    assert any("gh release create" in step.get("run", "") for step in writer["steps"])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name_of)
def test_a_job_has_a_limit_and_its_checkout_keeps_no_token(workflow):
    for job in jobs(workflow):
        assert "uses" in job or job["timeout-minutes"] <= 240
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name_of)
def test_no_expression_stands_in_a_script(workflow):
    """What an expression brings in would be run as a part of the script; a variable is not."""
    for step in steps(workflow):
        assert "${{" not in step.get("run", "")


# Templates


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_a_template_of_an_issue_is_a_form(template):
    form = yaml.safe_load(template.read_text())
    assert form.keys() >= {"name", "description", "body"}
    identities = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(set(identities)) == len(identities)
    for part in form["body"]:
        assert part["type"] in ("markdown", "input", "textarea", "dropdown")
        assert ("value" if part["type"] == "markdown" else "label") in part["attributes"]
        assert (part["type"] == "dropdown") == ("options" in part["attributes"])


def test_a_bug_asks_for_what_finds_it():
    (bug,) = (template for template in TEMPLATES if template.stem == "bug")
    asked = {part["id"] for part in yaml.safe_load(bug.read_text())["body"] if "id" in part}
    assert asked >= {"version", "ray-version", "check", "log", "what-happened"}
    for page in re.findall(r"docs/[\w-]+\.md|[A-Z]+\.md", bug.read_text()):
        assert (ROOT / page).exists(), page


# Settings of tools


def test_hooks_call_what_is_in_the_repository():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    repositories = yaml.safe_load(text)["repos"]
    # Another would be downloaded.
    assert [repository["repo"] for repository in repositories] == ["local"]
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "system"
        check_commands(hook["entry"])
        assert any(re.search(hook.get("files", ""), file) for file in files), hook["id"]


def test_the_development_container_is_the_debian_that_the_project_is_built_on():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    dockerfile = (ROOT / "Dockerfile.collector").read_text()
    (base,) = re.findall(r"^ARG DEBIAN=docker\.io/library/(debian:[a-z]+)", dockerfile, re.MULTILINE)
    assert settings["image"] == base
    check_commands(settings["postCreateCommand"])
    assert "make deps" in settings["postCreateCommand"]


def test_editors_break_lines_where_clang_format_does():
    (limit,) = re.findall(r"^ColumnLimit: (\d+)", (ROOT / ".clang-format").read_text(), re.MULTILINE)
    section = (ROOT / ".editorconfig").read_text().split("[*.{h,cpp}]")[1].split("[")[0]
    assert re.findall(r"max_line_length = (\d+)", section) == [limit]


def test_clangd_reads_the_database_of_a_build():
    settings = yaml.safe_load((ROOT / ".clangd").read_text())["CompileFlags"]
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    assert settings["CompilationDatabase"] in {f"build/{preset['name']}" for preset in presets}


def test_owners_are_named_for_folders_that_are_there():
    for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines():
        if not line.startswith("#"):
            pattern, *owners = line.split()
            assert pattern == "*" or (ROOT / pattern.strip("/")).is_dir(), pattern
            assert owners and all(owner.startswith("@") for owner in owners)


# Pages


@pytest.mark.parametrize("page", [*PAGES, ".github/PULL_REQUEST_TEMPLATE.md"])
def test_a_page_names_what_there_is(page):
    text = (ROOT / page).read_text()
    check_commands(text)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_each_page_is_reached():
    linked = "".join((ROOT / page).read_text() for page in ["README.md", "CONTRIBUTING.md"])
    for page in PAGES:
        assert f"({page})" in linked, page
