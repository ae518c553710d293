"""What was found out about a server: the verdict of `collector --check`, and the abilities that the collector logs."""

import re

# The line begins so, and goes on with name=value pairs.
LINE = "store abilities"
PAIR = re.compile(r"\b([a-z][a-z0-9_]*)=([^\s\"]+)")
WORKS = "all that the collector and the History Server need works"


def abilities_in(text):
    """By name, of the last such line in a log or in what --check prints; none where there is no such line."""
    lines = [line for line in text.splitlines() if LINE in line]
    return dict(PAIR.findall(lines[-1].partition(LINE)[2])) if lines else {}


def verdict_of(check):
    """`check`: the ended process of `collector --check`."""
    if check.returncode == 0 and WORKS in check.stdout:
        return "all works"
    refused = [line for line in check.stdout.splitlines() if re.match(r"[a-z, ]+: (?!ok$)", line)]
    steps = [line.partition(":")[0] for line in refused if not line.startswith(("store:", "credentials:", "note:"))]
    return f"cannot {steps[0]}" if steps else f"ends with {check.returncode}"
