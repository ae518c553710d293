#!/usr/bin/env bash
# picture.sh [FILE]: `make picture`. See scripts/picture.py.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(scripts/tools.sh picture ray minio prometheus)
RAYHISTORY_RAY=$(sed -n 2p <<<"$tools")
RAYHISTORY_MINIO=$(sed -n 3p <<<"$tools")
RAYHISTORY_PROMETHEUS=$(sed -n 4p <<<"$tools")
export RAYHISTORY_RAY RAYHISTORY_MINIO RAYHISTORY_PROMETHEUS
exec "$(sed -n 1p <<<"$tools")" scripts/picture.py "$@"
