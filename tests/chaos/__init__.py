"""Chaos: a collector among a sender, log writers and a store, all of which go wrong on a seeded schedule; at the end a
judge downloads everything and holds it against what was sent and written. `python -m tests.chaos --help`."""

import sys
from pathlib import Path

# As pytest.ini has it, for `python -m tests.chaos`: the harness of the whole-process tests is used here too.
ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "scripts", ROOT / "tests" / "process"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
