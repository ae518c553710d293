#!/usr/bin/env bash
# containers.sh [COMMAND...]: runs COMMAND (podman, buildah, make localimage-collector ENGINE=buildah) on a storage of our
# own below RAYHISTORY_TOOLS_DIR, where the image's base is made by debootstrap instead of pulled: for tests, and for
# machines that reach package mirrors but no image registry. Without COMMAND it only sees to it that the base is there.
#
# Nothing of it touches the machine's own images or /etc/containers. Needs the packages of group `image`, and root.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${RAYHISTORY_TOOLS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/rayhistory}/containers
base=$(sed -n 's/^ARG DEBIAN=//p' Dockerfile.collector)
mkdir -p "$tools"

# overlay shares layers. vfs works anywhere, but copies each layer as a whole: slow, and a gigabyte a step of a build.
driver=vfs
probe=$(mktemp -d "$tools/probe.XXXXXX")
mkdir "$probe"/{lower,upper,work,merged}
if mount -t overlay overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" "$probe/merged" \
  2>/dev/null; then
  driver=overlay
  umount "$probe/merged"
fi
rm -rf "$probe"
# Put in their places whole: another run may be reading them.
cat >"$tools/storage.conf.$$" <<END
[storage]
driver = "$driver"
graphroot = "$tools/$driver"
runroot = "/run/rayhistory-containers-$driver"
END
mv "$tools/storage.conf.$$" "$tools/storage.conf"
# runc and cgroupfs work without systemd and on cgroup v1. A limit above the machine's own would be refused.
cat >"$tools/containers.conf.$$" <<END
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=30000:30000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
mv "$tools/containers.conf.$$" "$tools/containers.conf"
export CONTAINERS_STORAGE_CONF=$tools/storage.conf CONTAINERS_CONF=$tools/containers.conf
export BUILDAH_ISOLATION=chroot

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  exec 9>"$tools/lock"
  flock 9
  if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    echo "containers: making $base with debootstrap, some 2 minutes, once" >&2
    root=$tools/debootstrap
    rm -rf "$root"
    # From the mirrors that this machine itself uses, security updates included; without apt, from Debian's own.
    # shellcheck disable=SC2016  # apt's own variables
    sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' \
      'Origin: Debian' | grep ' bookworm' || true)
    mirror=$(awk '$3 == "bookworm" {print $2; exit}' <<<"$sources")
    debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$tools/debootstrap.log" 2>&1 ||
      { tail "$tools/debootstrap.log" >&2; exit 1; }
    # As in Debian's own images: a layer that is lost by a crash is built again.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
    if [[ -n $sources ]]; then echo "$sources" >"$root/etc/apt/sources.list"; fi
    rm -f "$root"/var/cache/apt/archives/*.deb
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah config --cmd bash "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    rm -rf "$root"
  fi
  exec 9>&-
fi
if (($# > 0)); then exec "$@"; fi
