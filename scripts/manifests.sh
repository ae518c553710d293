#!/usr/bin/env bash
# manifests.sh [FOLDER]: makes config/*.yaml from config/kustomize, or puts the same into another folder. Each folder
# there that makes a whole manifest is one file here, so that `kubectl apply -f` needs nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-config}
kustomize=$(scripts/tools.sh kustomize)

mkdir -p "$target"
for source in config/kustomize/*/; do
  name=$(basename "$source")
  case $name in
    base* | components) continue ;;
  esac
  {
    echo "# Made by \`make manifests\` from config/kustomize/$name. Change it there."
    "$kustomize" build "$source"
  } >"$target/$name.yaml"
done
