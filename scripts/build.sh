#!/usr/bin/env bash
# build.sh PRESET [--configure-only] [TARGET...]: configures and builds build/PRESET, and before it the libcurl that all
# presets share. Says something only when there is something to do.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
configure_only=false
if [[ ${1:-} == --configure-only ]]; then
  configure_only=true
  shift
fi

scripts/libcurl.sh

# Two programs that configure the same folder at once (make -j, an editor) would spoil it.
mkdir -p "build/$preset"
exec 9>"build/$preset/.lock"
flock 9

# ninja runs cmake again by itself when a CMakeLists.txt changes, but not when the presets do, or a libcurl of our own comes.
if [[ ! -e build/$preset/build.ninja || CMakePresets.json -nt build/$preset/build.ninja ||
  build/libcurl -nt build/$preset/build.ninja ]]; then
  echo "build: configuring build/$preset"
  cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || {
    cat "build/$preset/configure.log"
    exit 1
  }
fi
if $configure_only; then exit 0; fi

targets=("$@")
if ((${#targets[@]} == 0)); then targets=(all); fi
pending=$(ninja -C "build/$preset" -n "${targets[@]}" 2>/dev/null | grep -cE '^\[[0-9]+/' || true)
if ((pending > 2)); then echo "build: build/$preset, some $pending steps"; fi

# One checkout's objects serve all others, because no object knows where its source was (cmake/compiler.cmake).
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export NINJA_STATUS="[%f/%t %es] "
build=(ninja -C "build/$preset" -j "${JOBS:-$(nproc)}" "${targets[@]}")
if [[ -t 1 ]]; then
  "${build[@]}"  # ninja's own progress line
else
  "${build[@]}" >"build/$preset/build.log" 2>&1 || {
    grep -vE '^(\[|-- |ninja: Entering)' "build/$preset/build.log"
    exit 1
  }
fi
