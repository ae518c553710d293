#!/usr/bin/env bash
# packages.sh GROUP...: the Debian packages of these groups of packages.txt are installed when this ends well.
# Installs what is missing as root or through sudo; otherwise says which command would. Changes nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")"

wanted=()
while read -r group package; do
  for asked in "$@"; do
    if [[ $group == "$asked" ]]; then wanted+=("$package"); fi
  done
done < <(grep -v '^#' packages.txt)

if ! command -v dpkg-query >/dev/null; then
  echo "packages: this is no Debian, so nothing is checked or installed here. Needed, by their Debian names: ${wanted[*]}"
  exit 0
fi

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | awk '$2 == "installed" {print $1}' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
  else
    echo "packages: ${#missing[@]} packages are missing, and only root may install them. Please run:" >&2
    echo "  sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

echo "packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install --yes --no-install-recommends -qq "${missing[@]}" >/dev/null
