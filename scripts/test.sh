#!/usr/bin/env bash
# shellcheck disable=SC2317  # functions are called through step
# test.sh: every check there is, in the order in which a mistake is found soonest. Goes on after a failure, so that
# one run shows all of them; ends with 1 when there was one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

started=$SECONDS
passed=0
failed=()

step() {
  local title=$1
  shift
  local begun=$SECONDS
  printf '\n=== %s (%dm%02ds since the start)\n' "$title" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60))
  if "$@"; then
    passed=$((passed + 1))
    echo "=== $title: passed in $((SECONDS - begun)) s"
  else
    failed+=("$title")
    echo "=== $title: FAILED after $((SECONDS - begun)) s"
  fi
}

unit_tests() {
  scripts/build.sh "$1" && ctest --test-dir "build/$1" --output-on-failure --no-tests=error -j "$(nproc)"
}

whole_processes() {
  mkdir -p build/bin
  for program in collector historyserver; do ln -sfn "../release/bin/$program" "build/bin/$program"; done
  # Most of these tests wait for a clock or a server, so more of them than cores can run side by side.
  "$RAYHISTORY_PYTHON" -m pytest tests -n "${RAYHISTORY_TEST_PROCESSES:-4}" --dist worksteal -q \
    -m "not heavy and not image and not stores"
}

scripts/packages.sh build run test image || exit 1
echo "test: looking for the tools (the first time they are fetched and built: some minutes)"
variables=$(scripts/tools.sh --variables tests ray minio promtool prometheus kustomize helm azurite fake-gcs-server \
  versitygw rclone moto) || exit 1
eval "$variables"
export RAYHISTORY_BIN_DIR=$PWD/build/release/bin

# A sanitizer stops at the first finding; these are not set for the processes of the tests themselves.
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
export UBSAN_OPTIONS=print_stacktrace=1

step "unit tests, release" unit_tests release
step "lint" scripts/lint.sh
step "whole processes" whole_processes
step "image and pods" scripts/test_image.sh
step "unit tests, address and undefined behaviour sanitizers" unit_tests asan
step "unit tests, thread sanitizer" unit_tests tsan
step "fuzzing, 10 s a target" scripts/fuzz.sh 10

printf '\n=== %d steps passed, %d failed, in %dm%02ds\n' "$passed" "${#failed[@]}" $(((SECONDS - started) / 60)) \
  $(((SECONDS - started) % 60))
if ((${#failed[@]} > 0)); then printf 'failed: %s\n' "${failed[@]}"; fi
echo "$passed passed, ${#failed[@]} failed"
exit $((${#failed[@]} > 0))
