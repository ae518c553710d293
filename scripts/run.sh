#!/usr/bin/env bash
# run.sh [local|minio|stop]: `make run`. See scripts/run.py.
set -euo pipefail
cd "$(dirname "$0")/.."
store=${1:-local}

case $store in
  stop) exec python3 scripts/run.py stop ;;
  local) variables=$(scripts/tools.sh --variables ray) ;;
  minio) variables=$(scripts/tools.sh --variables ray minio tests) ;;
  *)
    echo "run: STORE is 'local' or 'minio', not '$store'" >&2
    exit 2
    ;;
esac
eval "$variables"
exec "${RAYHISTORY_PYTHON:-python3}" scripts/run.py "$store"
