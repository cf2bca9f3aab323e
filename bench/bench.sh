#!/bin/sh
# Finds or makes the Python that has what netc is measured beside, and runs the bench with it: bench.sh [bench|growth]
#   NETC, BUILD, CC    netc, the folder to work in, the C compiler
#   PYTHON             the Python to take, as it is; else one is made in $BUILD/venv, unless python3 has all of it
#   ROWS, ROUNDS       which rows (all), how many rounds by turns
#   QUICK=1            few images, to try it
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL
export PYTHONDONTWRITEBYTECODE=1
what=${1:-bench} BUILD=${BUILD:-build} PYTHON=${PYTHON:-} QUICK=${QUICK:-} ROUNDS=${ROUNDS:-} ROWS=${ROWS:-}
packages="torch torchvision onnx onnxruntime numpy pillow"
venv=$BUILD/venv

say() { echo "$*" >&2; }
has() { "$@" -c 'import torch, torchvision, onnx, onnxruntime, numpy, PIL' 2>/dev/null; }

tools/need.sh bench || say "Going on without."
base=${PYTHON:-python3}
command -v "$base" >/dev/null 2>&1 || { say "The bench needs Python 3, and there is no $base."; exit 1; }

peers=
if [ "$what" = bench ]; then
    if [ -n "$PYTHON" ]; then
        peers=$PYTHON
        has "$PYTHON" || say "$PYTHON has not got all of $packages: what it lacks is not measured."
    elif has "$venv/bin/python"; then
        peers=$venv/bin/python
    elif has python3; then
        peers=python3
    else
        say "Installing $packages from PyPI into $venv, once; torch is large, of some GB where it brings CUDA along."
        # shellcheck disable=SC2086
        if python3 -m venv "$venv" >&2 && "$venv/bin/python" -m pip install --quiet $packages >&2 && has "$venv/bin/python"; then
            peers=$venv/bin/python
        else
            say "That failed: only netc is measured. PYTHON=... names a Python that has them."
        fi
    fi
fi

set -- --netc "${NETC:-$BUILD/netc}" --work "$BUILD/bench" --cc "${CC:-cc}" --rows "$ROWS"
[ -z "$ROUNDS" ] || set -- "$@" --rounds "$ROUNDS"
[ -z "$QUICK" ] || set -- "$@" --quick
[ "$what" = growth ] || set -- "$@" --python "$peers"
exec "$base" "bench/$what.py" "$@"
