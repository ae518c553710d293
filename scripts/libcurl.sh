#!/usr/bin/env bash
# libcurl.sh [TRIPLET]: build/libcurl/TRIPLET holds a static libcurl that speaks HTTP and HTTPS, and nothing else, when
# this ends well. TRIPLET is aarch64-linux-gnu or the like, by default this machine's own. Costs nothing, and needs no
# network, when it is there; `make clean` and the next build take Debian's newest.
#
# Debian's shared libcurl loads more than 20 libraries for LDAP, RTMP, SSH, Kerberos and more that nobody speaks here: 4 MiB
# of memory, a third of the start, and code that can be attacked. This one is made of Debian's own source package, security
# updates included, so that Debian's patches are ours, too.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v apt-get >/dev/null; then
  echo "libcurl: this is no Debian, whose source would be taken: CMake looks for the system's own libcurl"
  exit 0
fi
own=$(gcc -print-multiarch)
triplet=${1:-$own}
folder=build/libcurl/$triplet
mkdir -p build/libcurl
exec 8>build/libcurl/.lock
flock 8
# Made by another version of this script, it is made again.
if cmp --silent scripts/libcurl.sh "$folder/made-by"; then exit 0; fi

# What is off is what CurlClient does not use. Verbose strings stay: they are what its errors say.
options=(
  -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON
  -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=/etc/ssl/certs # as Debian has them
  -DENABLE_THREADED_RESOLVER=ON -DENABLE_IPV6=ON
  -DHAVE_POLL_FINE=1 # CMake would run a program to know, which it cannot for another architecture
  -DENABLE_UNIX_SOCKETS=OFF -DCURL_ZLIB=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF
)
for part in ALTSVC COOKIES CRYPTO_AUTH DOH GETOPTIONS HSTS MIME NETRC NTLM PARSEDATE PROGRESS_METER; do
  options+=("-DCURL_DISABLE_$part=ON")
done
if [[ $triplet != "$own" ]]; then
  options+=(-DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*}" "-DCMAKE_C_COMPILER=$triplet-gcc"
    "-DPKG_CONFIG_EXECUTABLE=/usr/bin/$triplet-pkg-config")
fi

begun=$SECONDS
work=$PWD/build/libcurl/work
rm -rf "$work"
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial}
# quietly WHAT COMMAND...: shows what COMMAND says only when it fails.
quietly() {
  local what=$1
  shift
  "$@" >>"$work/log" 2>&1 8>&- || {
    tail -n 40 "$work/log" >&2
    echo "libcurl: $what failed; the whole output is in $work/log" >&2
    exit 1
  }
}

# The mirrors from which this machine has its packages, with their keys and options, asked for sources; of their suites
# the release and its updates, but no backports. Nothing is changed below /etc.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
wanted="$codename(-updates|-security)?"
shopt -s nullglob
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ -e $file ]] || continue
  sed -nE "s/^[[:space:]]*deb([[:space:]].*[[:space:]]${wanted}[[:space:]])/deb-src\1/p" "$file" >>"$work/sources/debian.list"
done
for file in /etc/apt/sources.list.d/*.sources; do
  awk -v RS= -v wanted="^$wanted\$" '{
    kept = text = ""
    lines = split($0, line, "\n")
    for (i = 1; i <= lines; i++) {
      if (line[i] ~ /^Types:/) line[i] = "Types: deb-src"
      if (line[i] ~ /^Suites:/) {
        suites = split(line[i], suite, " ")
        for (j = 2; j <= suites; j++) if (suite[j] ~ wanted) kept = kept " " suite[j]
        line[i] = "Suites:" kept
      }
      text = text line[i] "\n"
    }
    if (kept != "") print text
  }' "$file" >>"$work/sources/debian.sources"
done
if ! grep -qs . "$work"/sources/*; then
  echo "libcurl: /etc/apt names no mirror of $codename, from which curl's source could come; please add one" >&2
  exit 1
fi

apt=(apt-get -qq -o "Dir::Etc::SourceParts=$work/sources" -o Dir::Etc::SourceList=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Default-Release= -o Acquire::Retries=3)
echo "libcurl: fetching curl's source from Debian"
# An update that cannot be fetched is an error: without it, a patch would be missed and nothing said.
quietly "asking this machine's Debian mirrors for sources" "${apt[@]}" update --error-on=any
cd "$work"
quietly "fetching curl's source from these mirrors" "${apt[@]}" source --only-source curl
sources=("$work"/curl-*/)
source=${sources[0]}
version=$(dpkg-parsechangelog --file "$source/debian/changelog" --show-field Version)

echo "libcurl: building curl $version for HTTP alone, for $triplet"
if command -v ccache >/dev/null; then options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache); fi
# Hardened as our own release: cmake/compiler.cmake.
flags="-O2 -g1 -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2"
# curl's API of headers, which CMake cannot switch off here, writes to freed memory before 8.1 when a handle is used again
# and the answer's first header line begins with a blank (curl/curl#11101).
flags+=" -DCURL_DISABLE_HEADERS_API=1"
quietly "configuring curl" cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_INSTALL_PREFIX=$work/made" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON "-DCMAKE_C_FLAGS_RELEASE=$flags -ffile-prefix-map=$source=curl/" \
  -DPICKY_COMPILER=OFF -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF "${options[@]}"
quietly "building curl" ninja -C "$work/build" -j "${JOBS:-$(nproc)}" install

# For the papers of an image (scripts/image/make_root.py).
echo "$version" >"$work/made/version"
cp "$source/debian/copyright" "$work/made/copyright"
cd ../../..
cp scripts/libcurl.sh "$work/made/made-by"
rm -rf "$folder"
mv "$work/made" "$folder"
rm -rf "$work"
echo "libcurl: $folder, in $((SECONDS - begun)) s"
