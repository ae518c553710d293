#!/usr/bin/env python3
"""Refuses functions that are too long to review: above 70 lines, or above a cyclomatic complexity of 20.

Lizard counts both (a run with the Python of `scripts/tools.sh lint`). EXCEPTIONS names the functions that may be
longer, each with its reason; an exception that is no longer needed is refused too.
"""

import argparse
import sys
from pathlib import Path

import lizard

ROOT = Path(__file__).resolve().parent.parent
# A reader keeps a function of one screen in mind.
LINES_LIMIT = 70
COMPLEXITY_LIMIT = 20

EXCEPTIONS = {
    ("src/settings/storage_table.cpp", "rayhistory::add_storage_backends"): "a table: a row for each setting",
    ("src/testing/s3_behaviour.cpp", "rayhistory::name_of"): "a table: a name for each behaviour",
}


def too_long(files, root):
    """(file, function, line, lines, complexity) of each function above a limit."""
    for analysis in lizard.analyze_files([str(root / file) for file in files]):
        for function in analysis.function_list:
            if function.length > LINES_LIMIT or function.cyclomatic_complexity > COMPLEXITY_LIMIT:
                file = str(Path(analysis.filename).relative_to(root))
                yield file, function.name, function.start_line, function.length, function.cyclomatic_complexity


def findings(files, root, exceptions):
    needed = set()
    for file, name, line, lines, complexity in too_long(files, root):
        if (file, name) in exceptions:
            needed.add((file, name))
            continue
        yield (
            f"{file}:{line}: {name} has {lines} lines and a cyclomatic complexity of {complexity}; at most "
            f"{LINES_LIMIT} and {COMPLEXITY_LIMIT} are allowed: split it into named steps"
        )
    for file, name in exceptions.keys() - needed:
        yield f"scripts/check_functions.py: {name} in {file} needs no exception: remove it from EXCEPTIONS"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, help="C++ files, relative to the repository")
    found = sorted(findings(parser.parse_args().files, ROOT, EXCEPTIONS))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
