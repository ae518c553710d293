"""python -m bench.process [--runs 3] [--only NAME…]: measures the whole collector and the History Server, and prints today's table.

Every figure is taken `--runs` times, each time on a program of its own; minimum, median and maximum are kept. The
machine's other load is in them: ratios to what ran in the same run travel, absolute figures do not.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from live.minio_server import MinioServer

from . import charts, events, hardening, history, life, logs, memory, peers, results, size
from .growth import GROWTH
from .limits import Limits
from .tools import tool

# In the order of the table. What needs a server or a peer gets it by its argument's name.
SCENARIOS = {
    "events": (events.cpu_per_event, ()),
    "limits": (events.at_the_operators_limits, ()),
    "small": (events.small_batches, ()),
    "memory-idle": (memory.idle, ()),
    "memory-logs": (memory.three_thousand_logs, ()),
    "memory-large": (memory.large_log, ("minio",)),
    "memory-jobs": (memory.thousand_jobs, ()),
    "memory-away": (memory.store_away, ()),
    "idle-3000": (logs.idle_3000, ()),
    "idle-30000": (logs.idle_30000, ()),
    "start": (life.start, ()),
    "drain-tail": (life.drain_of_a_tail, ("minio", "toxiproxy")),
    "drain-unpushed": (life.drain_of_what_was_never_pushed, ("minio", "toxiproxy")),
    "peers": (peers.upload, ("minio", "s5cmd", "rclone")),
    "growing": (logs.growing, ("minio",)),
    "size": (size.program, ()),
    "history": (history.session, ("minio",)),
    "history-large": (history.large_session, ()),
    "history-sessions": (history.session_list, ()),
    "history-log": (history.log_tail, ("minio",)),
    "hardening": (hardening.cost, ()),
}


def measure(names, runs, scale):
    """Of each figure its values, one a run. A run goes through all scenarios before the next begins, so that what
    happens on the machine meanwhile does not fall on one of them alone."""
    values = {}
    for run in range(runs):
        for name in names:
            scenario, wanted = SCENARIOS[name]
            print(f"bench: run {run + 1} of {runs}: {name}", file=sys.stderr, flush=True)
            # A server of its own each time: nobody's leftovers are in its way.
            with tempfile.TemporaryDirectory(prefix="rh-bench-minio-") as folder:
                server = MinioServer(tool("minio"), Path(folder)) if "minio" in wanted else None
                try:
                    given = {need: server if need == "minio" else tool(need) for need in wanted}
                    for figure, value in scenario(scale=scale, **given):
                        values.setdefault(figure, []).append(value)
                finally:
                    if server:
                        server.stop()
    return values


def main():
    parser = argparse.ArgumentParser(
        prog="python -m bench.process", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the loads; below 1 only tries whether all of it works")
    parser.add_argument("--growth", action="store_true", help="measure at 1, 10 and 100 times a small load instead")
    parser.add_argument("--keep", action="store_true", help="write bench/results.json, the table of docs/performance.md and the charts beside it")
    arguments = parser.parse_args()
    if not Limits.can_be_had():
        parser.error("this needs cgroup v1 with cpu and memory that may be written, as root: the operator's limits are part of what is measured")

    earlier = results.read()
    if arguments.growth:
        earlier["growth"] = {name: scenario() for name, scenario in GROWTH.items()}
        results.print_growth(earlier["growth"])
    else:
        measured = measure(arguments.only, arguments.runs, arguments.scale)
        print(results.table(measured, earlier))
        earlier = results.merged(earlier, measured)
    if arguments.keep:
        results.write(earlier)
        results.write_page(earlier)
        charts.draw(earlier)


if __name__ == "__main__":
    main()
