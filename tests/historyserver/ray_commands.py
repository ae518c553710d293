"""Runs commands of Ray's own command line, one after the other, in one process: its start takes seconds.

With the Python of a Ray. In: a JSON list of commands, each a list of words without `ray`. Out: of each its exit
status and what it printed.
"""

import json
import sys

from click.testing import CliRunner
from ray.scripts.scripts import cli


def main():
    outcomes = []
    for command in json.load(sys.stdin):
        done = CliRunner().invoke(cli, command)
        error = "" if done.exception is None else str(done.exception)
        outcomes.append({"status": done.exit_code, "said": done.output, "error": error})
    json.dump(outcomes, sys.stdout)


main()
