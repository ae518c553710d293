#!/usr/bin/env bash
# bench.sh: builds and runs each Google Benchmark program of bench/; says so when there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
sources=(bench/*.cpp)
if ((${#sources[@]} == 0)); then
  echo "bench: bench/ holds no benchmark yet"
  exit 0
fi
scripts/packages.sh build test
scripts/build.sh release benchmarks
for program in build/release/bin/bench_*; do
  echo "bench: ${program##*/}"
  "$program" "$@"
done
