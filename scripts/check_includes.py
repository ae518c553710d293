#!/usr/bin/env python3
"""Holds every #include under src/ to the arrows of the architecture.

A folder may include itself and what its CMakeLists.txt says it DEPENDS on, directly or through others; its tests
also what TEST_DEPENDS says. A foreign library may be included only where it is at home (HOMES). Prints each
violation as `file:line: what is wrong` and ends with status 1 if there is one.
"""

import argparse
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

# Who may include which foreign headers. What is not listed here (the standard library, POSIX, fmt) may go anywhere.
HOMES = {
    "curl/": ["http/curl_*"],
    "boost/": ["net/*", "status/*", "ingest/*", "testing/*", "historyserver/web/*", "historyserver/state/*"],
    "simdjson": ["credentials/*", "journal/*", "ray/*", "settings/settings_file*", "store/gcs/responses*", "store/oci/responses*", "testing/model_gcs*", "testing/model_oci*",
                 "historyserver/*"],
    "pugixml": ["base/xml*"],
    "openssl/": ["base/digest*", "base/rsa_key*", "base/x509_certificate*", "testing/*"],
    "yaml-cpp/": ["historyserver/live/kubeconfig.cpp"],
    "zlib.h": ["base/gunzip.cpp", "ingest/*", "journal/*", "historyserver/state/*"],
    "gtest/": ["*_test.cpp", "testing/*"],
    "gmock/": ["*_test.cpp", "testing/*"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>[<"])(?P<name>[^>"]+)[>"]', re.MULTILINE)
FOLDER = re.compile(r"rayhistory_folder\((?P<arguments>[^)]*)\)")
KEYWORDS = {"DEPENDS", "LINK", "TEST_DEPENDS"}


def read_folder(cmake_text):
    """The library's name and what its keywords list: ("http", {"DEPENDS": ["base"], …})."""
    match = FOLDER.search(cmake_text)
    if match is None:
        return None
    words = match["arguments"].split()
    lists = {keyword: [] for keyword in KEYWORDS}
    current = None
    for word in words[1:]:
        if word in KEYWORDS:
            current = word
        else:
            lists[current].append(word)
    return words[0], lists


def read_arrows(source):
    """Of each folder under `source`: what it depends on and what its tests do, directly, in folder names."""
    declared, folder_of = {}, {}
    for cmake in sorted(source.glob("**/CMakeLists.txt")):
        found = read_folder(cmake.read_text())
        if found is not None:
            library, lists = found
            folder = str(cmake.parent.relative_to(source))
            folder_of[library] = folder
            declared[folder] = lists
    return {
        folder: {
            keyword: [folder_of.get(library, library) for library in lists[keyword]]
            for keyword in ("DEPENDS", "TEST_DEPENDS")
        }
        for folder, lists in declared.items()
    }


def reachable(arrows, start):
    seen, waiting = set(), list(start)
    while waiting:
        folder = waiting.pop()
        if folder not in seen:
            seen.add(folder)
            waiting.extend(arrows.get(folder, {}).get("DEPENDS", []))
    return seen


def violations(source):
    arrows = read_arrows(source)
    for file in sorted([*source.glob("**/*.h"), *source.glob("**/*.cpp")]):
        path = file.relative_to(source)
        folder = str(path.parent)
        if folder not in arrows:
            yield path, 1, f"the folder {folder}/ has no rayhistory_folder() in a CMakeLists.txt"
            continue
        allowed = {folder} | reachable(arrows, arrows[folder]["DEPENDS"])
        if file.name.endswith("_test.cpp"):
            allowed |= reachable(arrows, arrows[folder]["TEST_DEPENDS"])
        text = file.read_text()
        for include in INCLUDE.finditer(text):
            line = text.count("\n", 0, include.start("name")) + 1
            name = include["name"]
            if include["open"] == '"':
                target = name.rpartition("/")[0]
                if "/" not in name or not (source / name).is_file():
                    yield path, line, f'"{name}" is no path below src/; write "folder/file.h"'
                elif target not in allowed:
                    yield path, line, f"{folder}/ may not include {target}/: it does not depend on it"
            for foreign, homes in HOMES.items():
                if name.startswith(foreign) and not any(fnmatch(str(path), home) for home in homes):
                    yield path, line, f"<{name}> may be included only in {', '.join(homes)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent / "src")
    found = list(violations(parser.parse_args().source))
    for path, line, what in found:
        print(f"src/{path}:{line}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
