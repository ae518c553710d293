#!/usr/bin/env bash
# test_image.sh: builds the collector's image and runs a real pod of it: `make test-image`, and a step of `make test`. In one
# process, because all of it uses one image. What a machine cannot do is skipped, and said.
set -euo pipefail
cd "$(dirname "$0")/.."
variables=$(scripts/tools.sh --variables tests ray minio azurite)
eval "$variables"
# Each build of another commit leaves its stages behind: those of the last day make the next build fast, older ones go.
if command -v podman >/dev/null; then scripts/containers.sh podman image prune --force --filter until=24h >/dev/null; fi
"$RAYHISTORY_PYTHON" -m pytest tests/kubernetes -m "image and not heavy" -q -rs --durations=5
