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
  "$python" -m pytest tests -n "${RAYHISTORY_TEST_PROCESSES:-4}" --dist worksteal -q \
    -m "not heavy and not image and not stores"
}

scripts/packages.sh build run test image || exit 1
echo "test: looking for the tools (the first time they are fetched and built: some minutes)"
tools=$(scripts/tools.sh tests ray minio promtool prometheus kustomize azurite fake-gcs-server versitygw rclone \
  moto helm) || exit 1
python=$(sed -n 1p <<<"$tools")
RAYHISTORY_RAY=$(sed -n 2p <<<"$tools")
RAYHISTORY_MINIO=$(sed -n 3p <<<"$tools")
RAYHISTORY_PROMTOOL=$(sed -n 4p <<<"$tools")
RAYHISTORY_PROMETHEUS=$(sed -n 5p <<<"$tools")
RAYHISTORY_AZURITE=$(sed -n 7p <<<"$tools")
RAYHISTORY_FAKE_GCS_SERVER=$(sed -n 8p <<<"$tools")
RAYHISTORY_VERSITYGW=$(sed -n 9p <<<"$tools")
RAYHISTORY_RCLONE=$(sed -n 10p <<<"$tools")
RAYHISTORY_MOTO=$(sed -n 11p <<<"$tools")
RAYHISTORY_HELM=$(sed -n 12p <<<"$tools")
RAYHISTORY_PYTHON=$python
RAYHISTORY_BIN_DIR=$PWD/build/release/bin
export RAYHISTORY_RAY RAYHISTORY_MINIO RAYHISTORY_PROMTOOL RAYHISTORY_PROMETHEUS RAYHISTORY_PYTHON RAYHISTORY_BIN_DIR \
  RAYHISTORY_AZURITE RAYHISTORY_FAKE_GCS_SERVER RAYHISTORY_VERSITYGW RAYHISTORY_RCLONE RAYHISTORY_MOTO \
  RAYHISTORY_HELM

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
