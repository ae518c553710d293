#!/usr/bin/env python3
"""Runs clang-tidy over every source file of a build folder's compile_commands.json, as many at once as there are cores.

A file that was clean is remembered by a digest of everything that decides the answer (the checker and its settings,
the compile command, the file, and every header of ours that it reaches) and is not looked at again.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKER = "clang-tidy-14"
# These change the code that is generated, and not what a source says; clang 14 refuses one of them.
HARDENING = re.compile(r" -(?:ftrivial-auto-var-init|fcf-protection|mbranch-protection)=\S+| -D_GLIBCXX_ASSERTIONS| -D_FORTIFY_SOURCE=\d")
OWN_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def own_headers(file, seen):
    """`file` and every header of ours that it reaches."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    for name in OWN_INCLUDE.findall(file.read_text()):
        own_headers(ROOT / "src" / name, seen)


def digest_of(entry, common):
    reached = set()
    own_headers(Path(entry["file"]), reached)
    digest = hashlib.sha256(common)
    for folder in Path(entry["file"]).relative_to(ROOT).parents:
        if folder != Path(".") and (settings := ROOT / folder / ".clang-tidy").is_file():
            digest.update(settings.read_bytes())
    digest.update(HARDENING.sub("", entry["command"]).replace(str(ROOT), "").encode())
    for file in sorted(reached):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def check(commands, file):
    run = subprocess.run(
        [CHECKER, "-p", str(commands), "--quiet", file], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + "".join(
        line + "\n" for line in run.stderr.splitlines() if not re.search(r"warnings? (generated|treated)", line)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="a configured build folder")
    parser.add_argument("memory", type=Path, help="where it is remembered which files were clean")
    parser.add_argument("only", nargs="*", help="look only at files whose path contains one of these")
    arguments = parser.parse_args()
    arguments.memory.mkdir(parents=True, exist_ok=True)

    version = subprocess.run([CHECKER, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    # Of the files that are built twice (a source in two targets) one is enough.
    entries = {entry["file"]: entry for entry in json.loads((arguments.build / "compile_commands.json").read_text())}
    waiting = []
    for file, entry in sorted(entries.items()):
        if arguments.only and not any(part in file for part in arguments.only):
            continue
        clean = arguments.memory / digest_of(entry, common)
        if not clean.exists():
            waiting.append((file, clean))
    print(f"clang-tidy: {len(waiting)} of {len(entries)} files to look at", flush=True)

    failed = 0
    with tempfile.TemporaryDirectory() as commands, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        softened = [dict(entry, command=HARDENING.sub("", entry["command"])) for entry in entries.values()]
        (Path(commands) / "compile_commands.json").write_text(json.dumps(softened))
        checks = [(file, clean, pool.submit(check, commands, file)) for file, clean in waiting]
        for file, clean, future in checks:
            status, output = future.result()
            if status == 0:
                clean.touch()
            else:
                failed += 1
                print(output.replace(f"{ROOT}/", ""), end="", flush=True)
    if failed:
        print(f"clang-tidy: {failed} files have findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
