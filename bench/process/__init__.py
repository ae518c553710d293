"""The whole collector and the History Server, measured: `python -m bench.process --help`."""

import sys
from pathlib import Path

# As pytest.ini has it: the harness of the whole-process tests is used here too.
ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "scripts", ROOT / "tests" / "process", ROOT / "tests" / "historyserver"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
