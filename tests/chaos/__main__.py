"""python -m tests.chaos --seed 7 --rounds 20 --store minio: as many rounds as wanted, a line each."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from live.s3_servers import SERVERS

from . import round as one_round
from .run import Stores, void

KINDS = ["minio", "local", "azurite", "gcs", "oss", "oci"]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: any")
    parser.add_argument("--first", type=int, default=0, help="number of the first round, to replay a later one")
    parser.add_argument("--rounds", type=int, default=0, help="default: until something is broken, or Ctrl-C")
    parser.add_argument(
        "--store", choices=sorted({*KINDS, *SERVERS, "all"}), default="all", help=f"default: {', '.join(KINDS)} in turn"
    )
    parser.add_argument("--show", action="store_true", help="print each round's schedule")
    parser.add_argument("--jitter", action="store_true", help="delay the collector's threads at random (jitter.cpp)")
    parser.add_argument("--go-on", action="store_true", help="go on after a broken round")
    arguments = parser.parse_args()

    if arguments.jitter and not one_round.JITTER.exists():
        parser.error(f"there is no {one_round.JITTER}: run `make build` first")
    kinds = KINDS if arguments.store == "all" else [arguments.store]
    print(f"chaos: seed {arguments.seed}; RAYHISTORY_COLLECTOR names another program, e.g. a sanitizer's", flush=True)
    counts = Counter()
    broken = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rh-chaos-servers-") as folder, Stores(Path(folder)) as stores:
        number = arguments.first
        while not arguments.rounds or number < arguments.first + arguments.rounds:
            kind = kinds[number % len(kinds)]
            plan = one_round.make_plan(arguments.seed, number, kind)
            if arguments.show:
                print(plan, flush=True)
            report = one_round.Round(plan, stores.maker(kind), arguments.jitter).run()
            counts.update(report.counts)
            print(report.line(), flush=True)
            for sentence in report.broken:
                print(f"    {sentence}", flush=True)
            broken += bool(report.broken)
            if report.broken and not arguments.go_on:
                break
            number += 1
    minutes = (time.monotonic() - began) / 60
    print(f"chaos: seed {arguments.seed}, {minutes:.1f} minutes, {broken} rounds broken")
    for name, count in sorted(counts.items()):
        print(f"    {name}: {count}")
    if missing := void(counts, kinds):
        print(f"chaos: this run proves little, for it had no {', no '.join(missing)}: more rounds are needed")
    return 1 if broken or missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
