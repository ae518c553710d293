#!/bin/sh
# make_shell.sh ARCH FOLDER: in a build stage of an image, Debian's static busybox for ARCH (amd64, arm64) into FOLDER, with
# a link for each of its commands, its licence, and its entry where scanners look for Debian packages.
set -eu
own=$(dpkg --print-architecture)
arch=${1:-$own} # buildah names no TARGETARCH when it builds for its own
folder=$2

# The builder's own busybox names the commands: it runs here, and the other architecture's may not. Both are one version.
packages=busybox-static
if [ "$arch" != "$own" ]; then
  dpkg --add-architecture "$arch"
  packages="busybox-static busybox-static:$arch"
fi
apt-get update -qq
fetched=$(mktemp -d)
# apt's own user fetches.
chmod 777 "$fetched"
# shellcheck disable=SC2086  # a list of names
(cd "$fetched" && apt-get download -qq $packages)

mkdir "$fetched/own"
dpkg-deb --extract "$fetched"/busybox-static_*_"$own".deb "$fetched/own"
package=$(echo "$fetched"/busybox-static_*_"$arch".deb)
mkdir "$fetched/wanted"
dpkg-deb --extract "$package" "$fetched/wanted"

# The bare image has no /bin; programs look for /bin/sh.
mkdir -p "$folder/usr/bin" "$folder/usr/share/doc/busybox-static" "$folder/var/lib/dpkg/status.d"
ln -s usr/bin "$folder/bin"
cp "$fetched/wanted/bin/busybox" "$folder/usr/bin/busybox"
for name in $("$fetched/own/bin/busybox" --list); do
  [ "$name" = busybox ] || ln -s busybox "$folder/usr/bin/$name"
done
cp "$fetched/wanted/usr/share/doc/busybox-static/copyright" "$folder/usr/share/doc/busybox-static/"
{
  dpkg-deb --field "$package" | sed 's/^Version:/Status: install ok installed\nVersion:/'
} >"$folder/var/lib/dpkg/status.d/busybox-static"
rm -rf "$fetched" /var/lib/apt/lists/*
