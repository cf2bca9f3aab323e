#!/bin/sh
# seeds.sh NAME FOLDER: puts the seeds of a harness there: those of seeds/NAME/, of specs those that are kept elsewhere too.
set -eu
rm -rf "$2"
mkdir -p "$2"
if [ -d "tests/fuzz/seeds/$1" ]; then
    cp "tests/fuzz/seeds/$1"/* "$2"
fi
if [ "$1" = net ]; then
    find specs tests/golden tests/tuned tests/gradient -name '*.net' | while read -r spec; do
        cp "$spec" "$2/$(echo "$spec" | tr / _)"
    done
fi
