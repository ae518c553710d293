"""A release is made only where every version agrees with its tag, and has the changelog's section as its text."""

import pytest
import release_notes
from release_notes import ROOT, disagreements, section


@pytest.fixture
def repository(tmp_path):
    """The files of this repository that hold a version, with a changelog that has this version's section."""
    for file in release_notes.PLACES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((ROOT / file).read_text())
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [0.1.0] - 2026-12-01\n\n### Added\n\n- all\n\n## [0.0.9]\n\n- first\n"
    )
    return tmp_path


def test_a_release_has_the_text_of_its_section(repository):
    assert list(disagreements("v0.1.0", repository)) == []
    assert section("v0.1.0", repository) == "### Added\n\n- all"
    assert section("v0.0.9", repository) == "- first"


def test_each_place_that_says_another_version_is_named(repository):
    text = (repository / "CHANGELOG.md").read_text().replace("0.1.0", "0.2.0")
    (repository / "CHANGELOG.md").write_text(text)
    wrong = list(disagreements("v0.2.0", repository))
    assert [line.split()[0] for line in wrong] == [
        "CMakeLists.txt",
        "charts/ray-history-server/Chart.yaml",
        "Makefile",
        "Makefile",
    ]
    assert all("says 0.1.0, and the tag is v0.2.0" in line for line in wrong)


@pytest.mark.parametrize("file", release_notes.PLACES)
def test_a_place_without_a_version_is_named(repository, file):
    (repository / file).write_text("nothing\n")
    (line,) = disagreements("v0.1.0", repository)
    assert line.startswith(f"{file} has no version")


@pytest.mark.parametrize("text", ["# Changelog\n", "## [Unreleased]\n\n- all\n", "## [0.1.0]\n\n## [0.0.9]\n\n- first\n"])
def test_a_release_without_a_text_is_refused(repository, text):
    (repository / "CHANGELOG.md").write_text(text)
    (line,) = disagreements("v0.1.0", repository)
    assert line.startswith("CHANGELOG.md has no text below '## [0.1.0]'")


@pytest.mark.parametrize("tag", ["0.1.0", "v0.1", "v0.1.0-rc1", "main", ""])
def test_a_tag_of_another_form_is_refused(repository, tag):
    (line,) = disagreements(tag, repository)
    assert f"the tag is '{tag}'" in line
