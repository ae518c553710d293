"""The image, built from Dockerfile.collector: what it is, what it holds, and that it runs as its manifests have it."""

import json
import re
import subprocess

import pytest
from image import image  # noqa: F401  # a fixture
from manifests import ROOT
from ray_pod import containers
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

pytestmark = [pytest.mark.timeout(1500), pytest.mark.xdist_group("image")]

MOST_PROGRAM_BYTES = 8 * 10**6
MOST_IMAGE_BYTES = 40 * 10**6


@pytest.fixture(scope="module")
def contents(image, tmp_path_factory):  # noqa: F811
    """Each file's path and size; the files themselves are unpacked below the second."""
    folder = tmp_path_factory.mktemp("image")
    container = containers("buildah", "from", "--pull-never", image).strip()
    try:
        tree = containers("buildah", "mount", container).strip()
        subprocess.run(["cp", "--archive", f"{tree}/.", folder], check=True)
    finally:
        containers("buildah", "rm", container)
    files = {f"/{path.relative_to(folder)}": path.lstat().st_size for path in folder.rglob("*") if path.is_file()}
    return files, folder


def run(image, *arguments):  # noqa: F811
    """As hardened as its manifests have it, without any network."""
    hardened = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    return containers("podman", "run", "--rm", "--network=none", *hardened, image, *arguments)


def test_it_is_small(contents):
    files, folder = contents
    # A library is a file with one name: nothing is counted twice.
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    program = (folder / "usr/local/bin/collector").stat().st_size
    print(f"image {size / 1e6:.1f} MB, program {program / 1e6:.1f} MB")
    assert program <= MOST_PROGRAM_BYTES
    assert size <= MOST_IMAGE_BYTES


def test_it_holds_the_program_its_libraries_and_certificates_and_no_more(contents):
    files, folder = contents
    executables = [
        path for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o111
    ]
    names = {path.name for path in executables}
    assert "collector" in names
    assert all(name == "collector" or name.startswith("ld-linux") for name in names), names
    assert not any(re.search(r"/(sh|bash|dash|busybox|apt|dpkg|python3?)$", path) for path in files)
    for path in files:
        assert re.match(
            r"/(usr/local/bin/collector|(usr/)?lib(64)?/|etc/(passwd|group|nsswitch.conf|os-release)$"
            r"|etc/ssl/certs/ca-certificates.crt|usr/share/(doc/[^/]+/copyright|sbom/collector.spdx.json)$"
            r"|var/lib/dpkg/status.d/)",
            path,
        ), path
    assert files["/etc/ssl/certs/ca-certificates.crt"] > 100_000
    assert not any(path.stat().st_mode & 0o6000 for path in folder.rglob("*")), "nothing is setuid"


def test_its_configuration(image):  # noqa: F811
    (inspected,) = json.loads(containers("podman", "image", "inspect", image))
    config = inspected["Config"]
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["/usr/local/bin/collector"]
    assert "PATH=/usr/local/bin" in config["Env"]
    assert not config.get("Volumes")
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in inspected["Labels"].items()}
    version = re.search(r"project\(rayhistory VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert labels["version"] == version
    assert labels["licenses"] == "Apache-2.0"
    assert labels["title"] == "collector"
    assert re.fullmatch(r"[0-9a-f]{40}", labels["revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])


def test_it_runs_hardened_and_finds_all_its_libraries(image):  # noqa: F811
    assert re.fullmatch(r"collector \d+\.\d+\.\d+\n", run(image, "--version"))
    assert "--storage-backend" in run(image, "--help")
    # As manifests with a `command` call it.
    by_name = containers("podman", "run", "--rm", "--network=none", "--entrypoint", '["collector"]', image, "--version")
    assert by_name == run(image, "--version")


def test_its_sbom_names_every_package_that_it_holds(contents):
    files, folder = contents
    path = folder / "usr/share/sbom/collector.spdx.json"
    document = parse_file(str(path))
    assert [str(message) for message in validate_full_spdx_document(document)] == []
    packages = {package.name: package for package in document.packages}
    held = {path.rsplit("/", 1)[1] for path in files if path.startswith("/var/lib/dpkg/status.d/")}
    assert held | {"rayhistory-collector", "libboost1.81-dev"} == set(packages)
    assert {"libc6", "libcurl4", "libssl3", "libstdc++6", "ca-certificates"} <= held
    for name in held:
        status = (folder / "var/lib/dpkg/status.d" / name).read_text()
        assert f"\nVersion: {packages[name].version}\n" in status
        assert f"/usr/share/doc/{name}/copyright" in files
    own = packages["rayhistory-collector"]
    program = folder / "usr/local/bin/collector"
    digest = subprocess.run(["sha256sum", program], capture_output=True, text=True, check=True).stdout.split()[0]
    assert [checksum.value for checksum in own.checksums] == [digest]
