#!/bin/sh
# install_compiler.sh ARCH: in the build stage of an image, what compiles for Debian's ARCH (amd64, arm64) on whichever
# architecture this is: the packages of group `build` of packages.txt, their libraries those of ARCH.
set -eu
arch=${1:-$(dpkg --print-architecture)}  # buildah names no TARGETARCH when it builds for its own
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive

own=$(dpkg --print-architecture)
suffix=
extra=
if [ "$arch" != "$own" ]; then
  dpkg --add-architecture "$arch"
  suffix=:$arch
  extra=crossbuild-essential-$arch
fi

wanted="$extra python3 ca-certificates"
while read -r group package; do
  [ "$group" = build ] || continue
  case $package in
    lib*-dev | zlib*-dev) wanted="$wanted $package$suffix" ;;
    *) wanted="$wanted $package" ;;
  esac
done <packages.txt

apt-get update -qq
apt-get upgrade --yes -qq
# shellcheck disable=SC2086  # a list of names
apt-get install --yes --no-install-recommends -qq $wanted
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
