"""python -m tests.stores.docs_table [SERVER…]: writes the table of S3 servers in docs/stores.md anew, from what each of them
does; where servers are named, their rows alone."""

import sys
import tempfile
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# As pytest.ini has it.
for folder in (ROOT / "scripts", ROOT / "tests" / "process", ROOT / "tests" / "historyserver"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from harness.collector import run_collector  # noqa: E402
from live.s3_servers import SERVERS  # noqa: E402

from .abilities import abilities_in, verdict_of  # noqa: E402

DOCS = ROOT / "docs" / "stores.md"
BEGIN = "<!-- stores-table-begin -->\n"
END = "<!-- stores-table-end -->\n"
SERVER, VERSION, CHECK = "server", "version", "`--check`"


def row_of(tested, server):
    """By column. The bucket is a fresh one."""
    environment = server.collector_environment(f"table-{uuid.uuid4().hex}")
    check = run_collector("--check", RAY_CLUSTER_NAME="test", **environment)
    row = {SERVER: tested.title, VERSION: tested.version(), CHECK: verdict_of(check)}
    for ability, value in abilities_in(check.stdout + check.stderr).items():
        row[f"`{ability}`"] = value
    return row


def render(rows):
    """A column for each server: there are more abilities than servers."""
    fields = list(dict.fromkeys(field for row in rows for field in row))
    lines = [[field, *(row.get(field, "") for row in rows)] for field in fields]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def rows_in(text):
    """Those of the table in the page, one for each server."""
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| ---")]
    rows = [dict(zip((line[0] for line in table), cells, strict=True)) for cells in zip(*(line[1:] for line in table))]
    return [{field: cell for field, cell in row.items() if cell} for row in rows]


def main(names):
    before, _, rest = DOCS.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    rows = {row[SERVER]: row for row in rows_in(DOCS.read_text())}
    for name in names or SERVERS:
        tested = SERVERS[name]
        with tempfile.TemporaryDirectory(prefix="rh-table-") as folder, tested.start(folder) as server:
            rows[tested.title] = row_of(tested, server)
            print(rows[tested.title], flush=True)
    DOCS.write_text(before + BEGIN + render(list(rows.values())) + END + after)


if __name__ == "__main__":
    main(sys.argv[1:])
