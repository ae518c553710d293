#!/usr/bin/env bash
# bench.sh [ARGUMENT...]: the pieces (Google Benchmark), then the whole programs (bench/process), which take the
# arguments: `scripts/bench.sh --help` lists them. Nothing here decides whether a test passes.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh build run
scripts/build.sh release collector historyserver benchmarks
scripts/build.sh unhardened collector historyserver
python=$(scripts/tools.sh bench)
if (($# == 0)); then
  for program in build/release/bin/bench_*; do
    echo "bench: ${program##*/}"
    "$program"
  done
fi
RAYHISTORY_COLLECTOR=$PWD/build/release/bin/collector RAYHISTORY_HISTORYSERVER=$PWD/build/release/bin/historyserver exec "$python" -m bench.process "$@"
