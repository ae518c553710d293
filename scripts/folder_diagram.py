#!/usr/bin/env python3
"""Draws the folders of src/ and their arrows into docs/architecture.md, as the CMakeLists.txt files declare them.

With --check it changes nothing, and ends with 1 when the page shows other arrows than CMake has.
"""

import argparse
import re
import sys
from pathlib import Path

from check_includes import reachable, read_arrows

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/architecture.md"
BEGIN = "<!-- scripts/folder_diagram.py draws this: make diagram -->\n"
END = "<!-- end of the drawing -->\n"

# The vendors' folders have the same arrows but for their vendor's credentials, so the drawing has one node for them.
VENDOR = re.compile(r"^(store|credentials)/(?!open$)\w+$")
PROGRAMS = {
    "collector": ["ingest", "journal", "shipper", "logs", "ray", "collector"],
    "historyserver": ["historyserver/"],
}


def drawn_name(folder):
    return VENDOR.sub(r"\1/VENDOR", folder)


def drawn_arrows(arrows):
    """Each drawn folder, and what it depends on, without the arrows that follow from others."""
    merged = {}
    for folder, lists in arrows.items():
        if folder == "testing":
            continue
        targets = merged.setdefault(drawn_name(folder), {"DEPENDS": []})["DEPENDS"]
        targets.extend(drawn_name(target) for target in lists["DEPENDS"] if drawn_name(target) != drawn_name(folder))
    reduced = {}
    for folder, lists in merged.items():
        direct = set(lists["DEPENDS"])
        through_others = set()
        for target in direct:
            through_others |= reachable(merged, merged[target]["DEPENDS"])
        reduced[folder] = sorted(direct - through_others)
    return reduced


def program_of(folder):
    for program, folders in PROGRAMS.items():
        if any(folder == name or (name.endswith("/") and folder.startswith(name)) for name in folders):
            return program
    return "both programs"


def drawing(arrows):
    reduced = drawn_arrows(arrows)
    lines = ["```mermaid", "flowchart TD"]
    for program in [*PROGRAMS, "both programs"]:
        lines.append(f'  subgraph "{program}"')
        lines.extend(
            f'    {identifier(folder)}["{folder}"]' for folder in sorted(reduced) if program_of(folder) == program
        )
        lines.append("  end")
    for folder in sorted(reduced):
        lines.extend(f"  {identifier(folder)} --> {identifier(target)}" for target in reduced[folder])
    return "\n".join([*lines, "```"]) + "\n"


def identifier(folder):
    return "folder_" + folder.replace("/", "_")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check_only = parser.parse_args().check
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    drawn = before + BEGIN + drawing(read_arrows(ROOT / "src")) + END + after
    if drawn == page:
        return 0
    if check_only:
        print("docs/architecture.md shows other arrows than the CMakeLists.txt files have: run `make diagram`")
        return 1
    PAGE.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
