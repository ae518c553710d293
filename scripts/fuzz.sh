#!/usr/bin/env bash
# fuzz.sh [SECONDS]: runs every target of tests/fuzz for so long (10), from its kept corpus on. A finding ends it
# with 1 and stays as build/fuzz/findings/<target>-…; run the target on that file to see it again.
#
# New inputs go to build/fuzz/corpus/<target>. What is worth keeping is moved into tests/fuzz/corpus/<target> by
#   build/fuzz/bin/fuzz_<target> -merge=1 tests/fuzz/corpus/<target> build/fuzz/corpus/<target>
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}

scripts/build.sh fuzz fuzzers
mkdir -p build/fuzz/findings
shopt -s nullglob
targets=(build/fuzz/bin/fuzz_*)
if ((${#targets[@]} == 0)); then
  echo "fuzz: there is no target in tests/fuzz"
  exit 1
fi

# As many at once as there are cores: each is one thread.
run_one() {
  local program=$1 name=${1##*/fuzz_} log
  log=build/fuzz/$name.log
  mkdir -p "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
  # 64 KiB inputs reach every path of these parsers; longer ones only make a round slower.
  if "$program" -max_total_time="$2" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$name-" \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs tried"
  else
    tail -n 40 "$log"
    echo "fuzz: $name: FAILED, whole output in $log"
    return 1
  fi
}
export -f run_one
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_one "$@"' _ {} "$seconds"
