#!/bin/sh
# build_program.sh ARCH PROGRAM: builds the program that PROGRAM, a path, is called after for Debian's ARCH with the preset
# `release`, and puts it there, stripped.
set -eu
arch=${1:-$(dpkg --print-architecture)}  # buildah names no TARGETARCH when it builds for its own
program=$2

case $arch in
  amd64) triplet=x86_64-linux-gnu ;;
  arm64) triplet=aarch64-linux-gnu ;;
  *)
    echo "build_program: no image is built for $arch, only for amd64 and arm64" >&2
    exit 1
    ;;
esac
set -- --preset release
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
  # pkg-config of Debian has a name for each architecture; CMake finds libraries by the compiler's own paths.
  set -- "$@" -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*}" \
    "-DCMAKE_CXX_COMPILER=$triplet-g++" "-DPKG_CONFIG_EXECUTABLE=/usr/bin/$triplet-pkg-config"
fi
# As in the Makefile: what another checkout has compiled with the same compiler serves this one.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
scripts/libcurl.sh "$triplet"
cmake "$@"
name=$(basename "$program")
cmake --build build/release --target "$name"
mkdir -p "$(dirname "$program")"
"$triplet-strip" -o "$program" "build/release/bin/$name"
ls -l "$program"
rm -rf build/release  # hundreds of megabytes that the engine would keep as a layer
