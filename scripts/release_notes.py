#!/usr/bin/env python3
"""release_notes.py TAG: prints the changelog's section of a release, once every version in the repository agrees with its tag.

Ends with 1 and a line for each place that says another version, so that no release carries the number of the one before.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Where a version stands, and how.
PLACES = {
    "CMakeLists.txt": r"^project\(\w+ VERSION (\S+)",
    "charts/ray-history-server/Chart.yaml": r"^appVersion: v(\S+)",
    "Makefile": r"^(?:COLLECTOR|HISTORYSERVER)_IMG \?= \w+:v(\S+)",
}


def disagreements(tag, root):
    """Lines that say what stands in the way of a release with this tag."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        yield f"the tag is '{tag}', and a release's is v and three numbers, as v0.1.0"
        return
    for file, pattern in PLACES.items():
        found = re.findall(pattern, (root / file).read_text(), re.MULTILINE)
        if not found:
            yield f"{file} has no version where {pattern} looks for one"
        for version in found:
            if f"v{version}" != tag:
                yield f"{file} says {version}, and the tag is {tag}: change one of them"
    if section(tag, root) is None:
        yield f"CHANGELOG.md has no text below '## [{tag[1:]}]': give the section of what is unreleased that name"


def section(tag, root):
    """The text below the release's heading, or None where there is none."""
    parts = re.split(r"^## \[([^\]]+)\].*$", (root / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return texts.get(tag[1:], "").strip() or None


def main(arguments):
    if len(arguments) != 1:
        print("release_notes: give one argument, the release's tag, as v0.1.0", file=sys.stderr)
        return 2
    (tag,) = arguments
    wrong = list(disagreements(tag, ROOT))
    for line in wrong:
        print(f"release_notes: {line}", file=sys.stderr)
    if wrong:
        return 1
    print(section(tag, ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
