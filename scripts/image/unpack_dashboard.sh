#!/bin/sh
# unpack_dashboard.sh REQUIREMENTS WHEELS FOLDER: in a build stage of an image, Ray's frontend out of the wheel that
# REQUIREMENTS names with its digest, into FOLDER: client/ (what a browser is given), LICENSE and the requirement itself.
# The wheel is fetched, unless the folder WHEELS is there and has it.
set -eu
requirements=$1
wheels=$2
folder=$3

if [ -d "$wheels" ]; then set -- --no-index "--find-links=$wheels"; else set --; fi
fetched=$(mktemp -d)
python3 -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes --only-binary=:all: \
  --platform=manylinux2014_x86_64 --python-version=3.11 --implementation=cp --abi=cp311 \
  --dest="$fetched" --requirement="$requirements" "$@"

mkdir -p "$folder"
python3 - "$fetched"/ray-*.whl "$folder" <<'END'
import sys
import zipfile
from pathlib import Path

wheel, folder = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2])
BUILD = "ray/dashboard/client/build/"
for name in wheel.namelist():
    if name.endswith(".dist-info/licenses/LICENSE.txt") and name.startswith("ray-"):
        (folder / "LICENSE").write_bytes(wheel.read(name))
    # Source maps are three quarters of it, and only for those who change the frontend.
    elif name.startswith(BUILD) and not name.endswith(("/", ".map")):
        path = folder / "client" / name.removeprefix(BUILD)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wheel.read(name))
assert (folder / "LICENSE").exists() and (folder / "client" / "index.html").exists(), "no frontend in this wheel"
END
grep '^ray==' "$requirements" >"$folder/requirement"
rm -rf "$fetched"
