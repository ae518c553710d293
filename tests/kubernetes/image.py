"""Fixtures: the images, built from their Dockerfiles, and a network for pods that are made of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.pods import PodNetwork, why_there_can_be_none
from kube_pod import CONTAINERS, containers
from manifests import ROOT
from ray_pod import RAY_IMAGE

# Of Ray's wheel: what unpack_dashboard.sh asks pip for.
WHEEL = ["--platform=manylinux2014_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]


def why_there_is_no_podman():
    """What this machine lacks for building images and running pods; None where it lacks nothing."""
    if os.geteuid() != 0:
        return "root is needed"
    for program in ("podman", "buildah", "runc", "catatonit", "debootstrap"):
        if shutil.which(program) is None:
            return f"there is no program {program}"
    return None


def compiler_cache():
    """This machine's own: where it is a Debian 12, too, its compiler is the image's, and what was compiled for other tests
    is not compiled again."""
    asked = subprocess.run(["ccache", "--get-config", "cache_dir"], capture_output=True, text=True, check=True)
    folder = Path(asked.stdout.strip())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def rays_wheel():
    """The folder with it: fetched by this machine's pip, which may have to be told what a container's would not know."""
    requirement = ROOT / "scripts/image/dashboard.txt"
    tools = Path(os.environ.get("RAYHISTORY_TOOLS_DIR", Path.home() / ".cache" / "rayhistory"))
    folder = tools / ("wheel-" + re.search(r"sha256:(\w{12})", requirement.read_text())[1])
    if not folder.exists():
        tools.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *WHEEL]
        fetching = folder.with_suffix(".new")
        subprocess.run([*pip, "--require-hashes", "--requirement", requirement, "--dest", fetching], check=True)
        fetching.rename(folder)
    return folder


def build(program, *volumes, architecture=None, debug=False):
    """As `make localimage-…` builds it, for this machine's own architecture unless another is asked for."""
    lacking = why_there_is_no_podman()
    if lacking:
        pytest.skip(f"no images on this machine: {lacking}")
    mounted = [f"--volume {volume}" for volume in (f"{compiler_cache()}:/ccache", *volumes)]
    flags = " ".join(["--pull-never", "--layers", *mounted])
    suffix = "-debug" if debug else ""
    name = f"localhost/{program}:{architecture or 'v0.1.0'}"
    command = ["make", "--no-print-directory", f"localimage-{program}{suffix}", "ENGINE=buildah", f"BUILD_FLAGS={flags}"]
    if architecture:
        command += [f"PLATFORM=linux/{architecture}", f"{program.upper()}_IMG={name}"]
    done = subprocess.run(
        [CONTAINERS, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return name + suffix


@pytest.fixture(scope="session")
def image():
    return build("collector")


@pytest.fixture(scope="session")
def historyserver_image(image):
    return build("historyserver", f"{rays_wheel()}:/wheels")


@pytest.fixture(scope="session")
def debug_image(image):
    return build("collector", debug=True)


@pytest.fixture(scope="session")
def historyserver_debug_image(historyserver_image):
    return build("historyserver", f"{rays_wheel()}:/wheels", debug=True)


@pytest.fixture(params=[("collector", False), ("historyserver", False), ("collector", True)])
def other_architectures_image(request):
    """The compiler runs here, and compiles for the other of the two architectures that there are images for."""
    other = {"x86_64": "arm64", "aarch64": "amd64"}[os.uname().machine]
    program, debug = request.param
    return build(program, f"{rays_wheel()}:/wheels", architecture=other, debug=debug)


@pytest.fixture(scope="session")
def ray_image():
    dockerfile = (ROOT / "Dockerfile.collector").read_text()
    base = re.search(r"^ARG (DEBIAN=.*)$", dockerfile, re.MULTILINE)[1]
    containers(
        *("buildah", "build", "--pull-never", "--layers", "--tag", RAY_IMAGE),
        *("--build-arg", base, "--file", ROOT / "tests/kubernetes/Dockerfile.ray"),
        ROOT / "tests/kubernetes",
    )
    return RAY_IMAGE


@pytest.fixture
def network():
    lacking = why_there_can_be_none()
    if lacking:
        pytest.skip(f"no network of pods on this machine: {lacking}")
    with PodNetwork() as switch:
        yield switch
