#!/usr/bin/env bash
# picture.sh [FILE]: `make picture`. See scripts/picture.py.
set -euo pipefail
cd "$(dirname "$0")/.."
variables=$(scripts/tools.sh --variables picture ray minio prometheus)
eval "$variables"
exec "$RAYHISTORY_PICTURE" scripts/picture.py "$@"
