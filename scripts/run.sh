#!/usr/bin/env bash
# run.sh [local|minio|stop]: `make run`. See scripts/run.py.
set -euo pipefail
cd "$(dirname "$0")/.."
store=${1:-local}

case $store in
  stop) exec python3 scripts/run.py stop ;;
  local) tools=$(scripts/tools.sh ray) ;;
  minio) tools=$(scripts/tools.sh ray minio tests) ;;
  *)
    echo "run: STORE is 'local' or 'minio', not '$store'" >&2
    exit 2
    ;;
esac
RAYHISTORY_RAY=$(sed -n 1p <<<"$tools")
RAYHISTORY_MINIO=$(sed -n 2p <<<"$tools")
python=$(sed -n 3p <<<"$tools")
export RAYHISTORY_RAY RAYHISTORY_MINIO
exec "${python:-python3}" scripts/run.py "$store"
