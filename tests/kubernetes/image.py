"""Fixtures: the image, built from its Dockerfile, and a network for pods that are made of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.pods import PodNetwork, why_there_can_be_none
from manifests import ROOT
from ray_pod import CONTAINERS, RAY_IMAGE, containers

IMAGE = "localhost/collector:v0.1.0"


def why_there_is_no_podman():
    """What this machine lacks for building images and running pods; None where it lacks nothing."""
    if os.geteuid() != 0:
        return "root is needed"
    for program in ("podman", "buildah", "runc", "catatonit", "debootstrap"):
        if shutil.which(program) is None:
            return f"there is no program {program}"
    return None


def compiler_cache():
    """The image's compiler may use what another build of the image has left."""
    folder = Path(os.environ.get("RAYHISTORY_TOOLS_DIR", Path.home() / ".cache" / "rayhistory")) / "image-ccache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def image():
    """As `make localimage-collector` builds it."""
    lacking = why_there_is_no_podman()
    if lacking:
        pytest.skip(f"no images on this machine: {lacking}")
    flags = f"--pull-never --layers --volume {compiler_cache()}:/ccache"
    command = ["make", "--no-print-directory", "localimage-collector", "ENGINE=buildah", f"BUILD_FLAGS={flags}"]
    done = subprocess.run(
        [CONTAINERS, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return IMAGE


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
