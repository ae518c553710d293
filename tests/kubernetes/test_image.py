"""The images, built from Dockerfile.collector and Dockerfile.historyserver, and with a shell from Dockerfile.debug: what each
is, what it holds, and that it runs as its manifests have it."""

import hashlib
import json
import re
import subprocess
from types import SimpleNamespace

import pytest
from image import (  # noqa: F401  # fixtures
    debug_image,
    historyserver_debug_image,
    historyserver_image,
    image,
    other_architectures_image,
)
from kube_pod import CONTAINERS, containers, new_name
from manifests import ROOT
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

pytestmark = [pytest.mark.timeout(1500), pytest.mark.image]

MOST_PROGRAM_BYTES = 8 * 10**6
MOST_IMAGE_BYTES = 40 * 10**6


# e_machine of an ELF file's header (elf(5)).
ELF_MACHINES = {"amd64": 62, "arm64": 183}


def unpack(image, folder):
    container = containers("buildah", "from", "--pull-never", image).strip()
    try:
        tree = containers("buildah", "mount", container).strip()
        subprocess.run(["cp", "--archive", f"{tree}/.", folder], check=True)
    finally:
        containers("buildah", "rm", container)
    return folder


@pytest.fixture(scope="module", params=["collector", "historyserver"])
def built(request, tmp_path_factory):
    """An image: its program, its name, each file's path and size, and the folder into which they are unpacked."""
    name = request.getfixturevalue({"collector": "image", "historyserver": "historyserver_image"}[request.param])
    folder = unpack(name, tmp_path_factory.mktemp("image"))
    files = {f"/{path.relative_to(folder)}": path.lstat().st_size for path in folder.rglob("*") if path.is_file()}
    return SimpleNamespace(program=request.param, name=name, files=files, folder=folder)


def run(built, *arguments, entrypoint=()):
    """As hardened as its manifests have it, without any network."""
    hardened = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    return containers("podman", "run", "--rm", "--network=none", *hardened, *entrypoint, built.name, *arguments)


def test_it_is_small(built):
    # A library is a file with one name: nothing is counted twice.
    held = [path for path in built.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.lstat().st_size for path in held)
    program = (built.folder / "usr/local/bin" / built.program).stat().st_size
    print(f"{built.program}: image {size / 1e6:.1f} MB, program {program / 1e6:.1f} MB")
    assert program <= MOST_PROGRAM_BYTES
    assert size <= MOST_IMAGE_BYTES


def test_it_holds_the_program_its_libraries_and_certificates_and_no_more(built):
    executables = [
        path for path in built.folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o111
    ]
    names = {path.name for path in executables}
    assert built.program in names
    assert all(name == built.program or name.startswith("ld-linux") for name in names), names
    assert not any(re.search(r"/(sh|bash|dash|busybox|apt|dpkg|python3?)$", path) for path in built.files)
    dashboard = "|dashboard/" if built.program == "historyserver" else ""
    for path in built.files:
        assert re.match(
            rf"/(usr/local/bin/{built.program}$|(usr/)?lib(64)?/|etc/(passwd|group|nsswitch.conf|os-release)$"
            r"|etc/ssl/certs/ca-certificates.crt"
            rf"|usr/share/(doc/[^/]+/copyright|sbom/{built.program}.spdx.json)$|var/lib/dpkg/status.d/{dashboard})",
            path,
        ), path
    assert built.files["/etc/ssl/certs/ca-certificates.crt"] > 100_000
    assert not any(path.stat().st_mode & 0o6000 for path in built.folder.rglob("*")), "nothing is setuid"
    assert f"{built.program}:x:1000:1000:" in (built.folder / "etc/passwd").read_text()


def test_it_has_no_shell(built):
    for program in ("sh", "/bin/sh", "kill"):
        command = ["podman", "run", "--rm", "--network=none", f"--entrypoint={program}", built.name]
        done = subprocess.run([CONTAINERS, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 127, done.stderr


def test_its_configuration(built):
    (inspected,) = json.loads(containers("podman", "image", "inspect", built.name))
    config = inspected["Config"]
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == [f"/usr/local/bin/{built.program}"]
    assert "PATH=/usr/local/bin" in config["Env"]
    assert not config.get("Volumes")
    ports = {"collector": {"8084/tcp", "8085/tcp"}, "historyserver": {"8080/tcp", "8085/tcp"}}
    assert set(config["ExposedPorts"]) == ports[built.program]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in inspected["Labels"].items()}
    version = re.search(r"project\(rayhistory VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert labels["version"] == version
    assert labels["licenses"] == "Apache-2.0"
    assert labels["title"] == built.program
    assert re.fullmatch(r"[0-9a-f]{40}", labels["revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])


def test_it_runs_hardened_and_finds_all_its_libraries(built):
    assert re.fullmatch(rf"{built.program} \d+\.\d+\.\d+\n", run(built, "--version"))
    assert "--storage-backend" in run(built, "--help")
    # As manifests with a `command` call it.
    by_name = run(built, "--version", entrypoint=["--entrypoint", json.dumps([built.program])])
    assert by_name == run(built, "--version")


def test_its_sbom_names_every_package_that_it_holds(built):
    path = built.folder / "usr/share/sbom" / f"{built.program}.spdx.json"
    document = parse_file(str(path))
    assert [str(message) for message in validate_full_spdx_document(document)] == []
    packages = {package.name: package for package in document.packages}
    held = {path.rsplit("/", 1)[1] for path in built.files if path.startswith("/var/lib/dpkg/status.d/")}
    frontend = {"ray-dashboard"} if built.program == "historyserver" else set()
    assert held | frontend | {f"rayhistory-{built.program}", "libboost1.81-dev"} == set(packages)
    assert {"libc6", "curl", "libssl3", "libstdc++6", "ca-certificates"} <= held
    for name in held:
        status = (built.folder / "var/lib/dpkg/status.d" / name).read_text()
        assert f"\nVersion: {packages[name].version}\n" in status
    for name in held | frontend:
        assert f"/usr/share/doc/{name}/copyright" in built.files
    program = (built.folder / "usr/local/bin" / built.program).read_bytes()
    own = packages[f"rayhistory-{built.program}"]
    assert [checksum.value for checksum in own.checksums] == [hashlib.sha256(program).hexdigest()]


def test_its_libcurl_is_in_the_program_and_scanners_see_it_as_debians(built, tmp_path):
    # What Debian's shared one would bring along: a second TLS library, LDAP, SSH, Kerberos.
    loaded = {path.rsplit("/", 1)[1].split(".so")[0] for path in built.files if ".so" in path}
    assert not loaded & {"libcurl", "libgnutls", "libldap", "libssh2", "libkrb5", "librtmp", "libnghttp2"}, loaded

    # dpkg itself reads the entries that scanners read.
    stanzas = [path.read_text().strip() + "\n" for path in (built.folder / "var/lib/dpkg/status.d").iterdir()]
    (tmp_path / "status").write_text("\n".join(stanzas))
    shown = subprocess.run(
        ["dpkg-query", f"--admindir={tmp_path}", "--show", "--showformat=${source:Package} ${source:Version} ${db:Status-Status}\n"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    (curl,) = (line.split() for line in shown if line.startswith("curl "))
    assert re.fullmatch(r"\d+\.\d+\.\d+-\S+", curl[1]) and curl[2] == "installed"
    assert (built.folder / "usr/share/doc/curl/copyright").read_text().count("Daniel Stenberg")
    document = json.loads((built.folder / f"usr/share/sbom/{built.program}.spdx.json").read_text())
    (named,) = (package for package in document["packages"] if package["name"] == "curl")
    (reference,) = named["externalRefs"]
    assert reference["referenceLocator"].startswith(f"pkg:deb/debian/curl@{curl[1].replace('+', '%2B')}?arch=source")


def test_the_dashboard_is_that_of_the_pinned_ray(built):
    if built.program != "historyserver":
        assert not any(path.startswith("/dashboard") for path in built.files)
        return
    pinned = (ROOT / "scripts/image/dashboard.txt").read_text()
    version, digest = re.search(r"^ray==(\S+) --hash=sha256:([0-9a-f]{64})$", pinned, re.MULTILINE).groups()
    assert re.search(rf"^ray(\[.*\])?=={re.escape(version)}$", (ROOT / "scripts/requirements/ray.txt").read_text(), re.MULTILINE)
    document = parse_file(str(built.folder / "usr/share/sbom/historyserver.spdx.json"))
    (package,) = (package for package in document.packages if package.name == "ray-dashboard")
    assert (package.version, [checksum.value for checksum in package.checksums]) == (version, [digest])
    assert "Apache License" in (built.folder / "usr/share/doc/ray-dashboard/copyright").read_text()

    index = (built.folder / "dashboard/index.html").read_text()
    named = re.findall(r'(?:src|href)="\./([^"]+)"', index)
    assert any(path.endswith(".js") for path in named) and any(path.endswith(".css") for path in named)
    for path in named:
        assert f"/dashboard/{path}" in built.files
    assert not any(path.endswith(".map") for path in built.files)


@pytest.fixture(params=["collector", "historyserver"])
def debug(request, tmp_path):
    """A debug image: its program, its name, the bare image's name, and the folder into which it is unpacked."""
    fixtures = {"collector": ("debug_image", "image"), "historyserver": ("historyserver_debug_image", "historyserver_image")}
    name, bare = map(request.getfixturevalue, fixtures[request.param])
    return SimpleNamespace(program=request.param, name=name, bare=bare, folder=unpack(name, tmp_path))


def test_a_debug_image_is_the_bare_one_with_a_shell(debug):
    assert debug.name == f"{debug.bare}-debug"
    bare, own = (json.loads(containers("podman", "image", "inspect", name))[0] for name in (debug.bare, debug.name))
    layers = bare["RootFS"]["Layers"]
    assert own["RootFS"]["Layers"][: len(layers)] == layers and len(own["RootFS"]["Layers"]) == len(layers) + 1
    for setting in ("User", "Entrypoint", "ExposedPorts", "WorkingDir"):
        assert own["Config"].get(setting) == bare["Config"].get(setting)
    assert own["Labels"].items() >= {key: bare["Labels"][key] for key in bare["Labels"] if "opencontainers" in key}.items()
    # The program's own name works as before, also as a manifest's command.
    assert run(debug, "--version", entrypoint=["--entrypoint", json.dumps([debug.program])]) == run(debug, "--version")
    shell = ["--entrypoint", json.dumps(["sh", "-c"])]
    assert run(debug, "id -u; which kill ps", entrypoint=shell) == "1000\n/usr/bin/kill\n/usr/bin/ps\n"
    assert not any(path.lstat().st_mode & 0o6000 for path in debug.folder.rglob("*")), "nothing is setuid"
    # Scanners find it, as they find the libraries.
    status = (debug.folder / "var/lib/dpkg/status.d/busybox-static").read_text()
    assert status.startswith("Package: busybox-static\n")
    assert re.search(r"^Status: install ok installed\nVersion: 1:\d", status, re.MULTILINE)
    assert (debug.folder / "usr/share/doc/busybox-static/copyright").stat().st_size > 100


def test_a_collector_of_the_debug_image_drains_when_its_process_is_killed_from_within(debug_image, tmp_path):  # noqa: F811
    """As KubeRay's end-to-end tests end it: kubectl exec POD -c collector -- kill 1."""
    store, name = tmp_path / "store", new_name()
    store.mkdir()
    store.chmod(0o777)
    settings = {"RAY_ROLE": "Head", "RAY_CLUSTER_NAME": "killed", "STORAGE_BACKEND": "local", "LOCAL_STORAGE_DIR": "/store"}
    options = [f"--env={variable}={value}" for variable, value in settings.items()]
    hardened = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"]
    containers("podman", "run", "--detach", f"--name={name}", *hardened, *options, f"--volume={store}:/store", debug_image)
    try:
        containers("podman", "exec", name, "sh", "-c", "until wget -q -O /dev/null localhost:8085/healthz; do sleep 0.1; done")
        containers("podman", "exec", name, "kill", "1")
        exit_code = containers("podman", "wait", name).strip()
        log = subprocess.run([CONTAINERS, "podman", "logs", name], capture_output=True, text=True, check=True)
        assert exit_code == "0", log.stdout + log.stderr
        assert "SIGTERM" in log.stdout + log.stderr
    finally:
        containers("podman", "rm", "--force", "--time", "0", name)


@pytest.mark.heavy
def test_it_is_built_for_the_other_architecture_without_emulation(other_architectures_image, tmp_path):
    (inspected,) = json.loads(containers("podman", "image", "inspect", other_architectures_image))
    folder = unpack(other_architectures_image, tmp_path)
    binaries = [
        path for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.open("rb").read(4) == b"\x7fELF"
    ]
    assert any(path.parent == folder / "usr/local/bin" for path in binaries)
    assert any(path.name.startswith("libssl.so") for path in binaries)
    for path in binaries:
        machine = int.from_bytes(path.read_bytes()[18:20], "little")
        assert machine == ELF_MACHINES[inspected["Architecture"]], path


def test_all_are_built_on_the_same_base():
    arguments = {
        re.search(r"^ARG DEBIAN=.*$", (ROOT / f"Dockerfile.{name}").read_text(), re.MULTILINE)[0]
        for name in ("collector", "historyserver", "debug")
    }
    assert len(arguments) == 1
