#!/usr/bin/env python3
"""The whole content of an image, made in its build stage: one program, the libraries it loads, CA certificates, Ray's
frontend for the program that serves it, and the papers: each package's licence, its entry where scanners look for Debian
packages, and an SBOM (SPDX 2.3, JSON).

A library is found as the dynamic loader would find it, from the ELF headers, so that it works for a foreign
architecture too; whose it is, and which version, dpkg says.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

TRIPLET = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Compiled into the program and in no library that it loads: these, and the libcurl of libcurl.sh. Everything else of
# packages.txt is a shared library's.
COMPILED_IN = ["libboost1.81-dev"]
FILES = {
    "/etc/passwd": "root:x:0:0:root:/:/sbin/nologin\n{name}:x:1000:1000:{name}:/:/sbin/nologin\n",
    "/etc/group": "root:x:0:\n{name}:x:1000:\n",
    # Names of the pod's /etc/hosts first, then DNS: both are in glibc itself.
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def headers(file):
    """The loader that an ELF file asks for, and the names of the libraries."""
    text = run("readelf", "--wide", "--program-headers", "--dynamic", str(file))
    loader = re.search(r"program interpreter: (\S+)]", text)
    return (loader and loader[1]), re.findall(r"\(NEEDED\)\s+Shared library: \[([^]]+)]", text)


def libraries_of(program, triplet):
    """Each library's name and file, and the loader's path."""
    folders = [Path(f"/usr/lib/{triplet}"), Path(f"/usr/{triplet}/lib")]
    loader, waiting = headers(program)
    found = {}
    while waiting:
        name = waiting.pop()
        if name in found or name == Path(loader).name:
            continue
        file = next((folder / name for folder in folders if (folder / name).exists()), None)
        assert file, f"no {name} below {', '.join(map(str, folders))}"
        found[name] = file
        waiting += headers(file)[1]
    return loader, found


def package_of(file):
    """dpkg knows a file by the path it was installed to, before /lib became a link to /usr/lib."""
    real = file.resolve()
    for path in (real, file, Path("/") / real.relative_to("/usr") if real.is_relative_to("/usr") else real):
        asked = subprocess.run(["dpkg", "--search", str(path)], capture_output=True, text=True)
        if asked.returncode == 0:
            return asked.stdout.split(": ")[0]
    raise SystemExit(f"make_root: no package has installed {file}")


class Package:
    def __init__(self, name):
        fields = "Package Version Architecture source:Package source:Version Homepage".split()
        shown = run("dpkg-query", "--show", "--showformat", "\t".join(f"${{{field}}}" for field in fields), name)
        self.name, self.version, self.arch, self.source, self.source_version, self.homepage = shown.split("\t")
        self.asked_as = name

    def spdx(self):
        purl = f"pkg:deb/debian/{self.name}@{quoted(self.version)}?arch={self.arch}&distro=debian-12"
        return {
            "SPDXID": f"SPDXRef-Package-{re.sub('[^A-Za-z0-9.-]', '-', self.name)}",
            "name": self.name,
            "versionInfo": self.version,
            "supplier": "Organization: Debian",
            "downloadLocation": "NOASSERTION",
            "homepage": self.homepage or "NOASSERTION",
            "sourceInfo": f"built from Debian's source package {self.source} {self.source_version}",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "licenseComments": f"see /usr/share/doc/{self.name}/copyright in the image",
            "copyrightText": "NOASSERTION",
            "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
            ],
        }


class Libcurl:
    """What libcurl.sh has made of Debian's source package: no package that dpkg knows."""

    def __init__(self, folder):
        self.name = "curl"
        self.version = (folder / "version").read_text().strip()
        self.copyright = folder / "copyright"

    def status(self, arch):
        """Told as an installed package of Debian's name and version, so that scanners find what is known against it."""
        return (
            f"Package: {self.name}\nStatus: install ok installed\nPriority: optional\nSection: libs\n"
            "Maintainer: Debian's maintainers of curl <curl@packages.debian.org>\n"
            f"Architecture: {arch}\nVersion: {self.version}\n"
            "Description: libcurl, compiled into the program\n"
            " From Debian's source package, with HTTP and HTTPS alone.\nHomepage: https://curl.se/\n"
        )

    def spdx(self):
        return {
            "SPDXID": "SPDXRef-Package-curl",
            "name": self.name,
            "versionInfo": self.version,
            "supplier": "Organization: Debian",
            "downloadLocation": "NOASSERTION",
            "homepage": "https://curl.se/",
            "sourceInfo": f"libcurl, with HTTP and HTTPS alone, built from Debian's source package curl {self.version}",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "licenseComments": "see /usr/share/doc/curl/copyright in the image",
            "copyrightText": "NOASSERTION",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:deb/debian/curl@{quoted(self.version)}?arch=source&distro=debian-12",
                }
            ],
        }


class Frontend:
    """What unpack_dashboard.sh has made."""

    def __init__(self, folder):
        self.files = folder / "client"
        self.license = (folder / "LICENSE").read_text().strip()
        self.version, self.wheel_sha256 = re.fullmatch(
            r"ray==(\S+) --hash=sha256:([0-9a-f]{64})\n", (folder / "requirement").read_text()
        ).groups()

    def spdx(self):
        return {
            "SPDXID": "SPDXRef-Package-ray-dashboard",
            "name": "ray-dashboard",
            "versionInfo": self.version,
            "supplier": "NOASSERTION",
            "downloadLocation": "NOASSERTION",
            "sourceInfo": "ray/dashboard/client/build, without source maps, of the wheel with this checksum",
            "filesAnalyzed": False,
            "checksums": [{"algorithm": "SHA256", "checksumValue": self.wheel_sha256}],
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "Apache-2.0",
            "licenseComments": "see /usr/share/doc/ray-dashboard/copyright and *.LICENSE.txt beside the scripts",
            "copyrightText": "NOASSERTION",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:pypi/ray@{self.version}",
                }
            ],
        }


def quoted(version):
    """As the purl specification has it for a version."""
    return version.replace("%", "%25").replace(":", "%3A").replace("+", "%2B")


def sbom(program, version, arch, loaded, compiled_in, frontend):
    own = {
        "SPDXID": f"SPDXRef-Package-rayhistory-{program.name}",
        "name": f"rayhistory-{program.name}",
        "versionInfo": version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(program.read_bytes()).hexdigest()}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
    }
    packages = [own] + [package.spdx() for package in loaded + compiled_in + frontend]
    # A namespace must differ from that of any other document: this one follows from what the document says.
    created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    identity = hashlib.sha256(json.dumps([arch, created, packages]).encode()).hexdigest()
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"])]
    for package in loaded:
        relationships.append((own["SPDXID"], "DEPENDS_ON", package.spdx()["SPDXID"]))
    for package in compiled_in:
        relationships.append((own["SPDXID"], "STATIC_LINK", package.spdx()["SPDXID"]))
    for package in frontend:
        relationships.append((package.spdx()["SPDXID"], "RUNTIME_DEPENDENCY_OF", own["SPDXID"]))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{program.name}-{version}-{arch}",
        "documentNamespace": f"urn:rayhistory:sbom:{identity}",
        "creationInfo": {"created": created, "creators": ["Tool: rayhistory-make_root"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relationships
        ],
    }


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "arch", "root"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--dashboard", help="of unpack_dashboard.sh")
    arguments = parser.parse_args()
    own_arch = run("dpkg", "--print-architecture").strip()
    arch = arguments.arch or own_arch  # buildah names none when it builds for its own
    version = re.search(r"^project\(\S+ VERSION (\S+)", Path("CMakeLists.txt").read_text(), re.MULTILINE)[1]
    root, program, triplet = Path(arguments.root), Path(arguments.program), TRIPLET[arch]

    def place(target, file=None, text=None, mode=0o644):
        path = root / target.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if file:
            shutil.copyfile(file, path)
        else:
            path.write_text(text)
        path.chmod(mode)

    # As in Debian: /lib and /lib64 are links, so that each library is there once.
    for folder in ("lib", "lib64"):
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to(f"usr/{folder}")

    place(f"/usr/local/bin/{program.name}", file=program, mode=0o755)
    loader, libraries = libraries_of(program, triplet)
    names = set()
    for name, file in sorted(libraries.items()):
        place(f"/usr/lib/{triplet}/{name}", file=file.resolve())
        names.add(package_of(file))
    candidates = [Path(loader), Path(f"/usr/lib/{triplet}", Path(loader).name)]
    loader_file = next(path for path in candidates if path.exists())
    place(f"/usr{loader}", file=loader_file.resolve(), mode=0o755)
    names.add(package_of(loader_file))
    place(CERTIFICATES, file=CERTIFICATES)
    names.add("ca-certificates")
    for path, text in FILES.items():
        place(path, text=text.format(name=program.name))
    place("/etc/os-release", file="/usr/lib/os-release")

    packages = sorted((Package(name) for name in names), key=lambda package: package.name)
    compiled_in = [
        Package(name if arch == own_arch else f"{name}:{arch}")
        for name in COMPILED_IN
    ]
    for package in packages + compiled_in:
        place(f"/usr/share/doc/{package.name}/copyright", file=f"/usr/share/doc/{package.name}/copyright")
    for package in packages:
        # Where scanners look for the packages of an image without dpkg's own database.
        place(f"/var/lib/dpkg/status.d/{package.name}", text=run("dpkg-query", "--status", package.asked_as))
    libcurl = Libcurl(Path("build/libcurl", triplet))
    place(f"/usr/share/doc/{libcurl.name}/copyright", file=libcurl.copyright)
    place(f"/var/lib/dpkg/status.d/{libcurl.name}", text=libcurl.status(arch))
    place(f"/usr/share/doc/{program.name}/copyright", file="LICENSE")
    frontend = [Frontend(Path(arguments.dashboard))] if arguments.dashboard else []
    for part in frontend:
        # The wheel names its licence; the text of that one is ours, too.
        assert part.license == "Apache 2.0", part.license
        named = f"Ray's dashboard, out of the wheel ray {part.version}, whose licence is: {part.license}\n\n"
        place("/usr/share/doc/ray-dashboard/copyright", text=named + Path("LICENSE").read_text())
        for file in sorted(path for path in part.files.rglob("*") if path.is_file()):
            place(f"/dashboard/{file.relative_to(part.files)}", file=file)
    document = sbom(program, version, arch, packages, [*compiled_in, libcurl], frontend)
    place(f"/usr/share/sbom/{program.name}.spdx.json", text=json.dumps(document, indent=1) + "\n")
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"make_root: {len(libraries)} libraries of {len(packages)} packages, {size / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
