#!/bin/bash
# Make a minimal Debian in a new folder: root.sh RELEASE FOLDER
# It is made once, kept in build/, and unpacked in a second after that.
set -euo pipefail

release=$1
folder=$2
build=$(cd "$(dirname "$0")/../.." && pwd)/build
kept=$build/debian-$release.tar
mkdir -p "$build"
exec {lock}>"$kept.lock"
flock "$lock"
if [ ! -e "$kept" ]; then
    mmdebstrap --variant=minbase --quiet --skip=cleanup/apt/lists \
        "$release" "$kept.new.tar"
    mv "$kept.new.tar" "$kept"
fi
mkdir "$folder"
tar -C "$folder" --numeric-owner -xf "$kept"
