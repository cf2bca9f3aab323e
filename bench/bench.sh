#!/bin/sh
# Seconds an epoch of training of the seed network, here and in PyTorch, in one run, by turns:
#   bench.sh            ROUNDS=5 THREADS=2 CPU=native PYTHON=python3
# What PyTorch needs is looked for in $PYTHON, in $BUILD/venv and in python3; without it only netc is measured.
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL
BUILD=${BUILD:-build} ROUNDS=${ROUNDS:-5} THREADS=${THREADS:-$(nproc)} CPU=${CPU:-native}
work=$BUILD/bench
mkdir -p "$work"

python=
for candidate in ${PYTHON:-} "$BUILD/venv/bin/python" python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import torch, numpy' 2>/dev/null; then
        python=$candidate
        break
    fi
done

"$BUILD/netc" specs/lenet.net --cpu="$CPU" -o "$work/lenet" 2>"$work/said.txt" || { cat "$work/said.txt" >&2; exit 1; }
make -s -C "$work/lenet" RUNTIME="$PWD/runtime" BUILD=build
: >"$work/netc.txt"
: >"$work/pytorch.txt"

echo "specs/lenet.net, an epoch of 60,000 images, $THREADS threads, $ROUNDS rounds by turns"
sed -n 's/^model name[^:]*: /machine: /p' /proc/cpuinfo 2>/dev/null | head -n 1
[ -n "$python" ] && "$python" -c 'import torch; print("PyTorch", torch.__version__)'
[ -n "$python" ] || echo "PyTorch is not here: PYTHON=... names a Python that has torch and numpy"

round=1
while [ "$round" -le "$ROUNDS" ]; do
    # Of two epochs the second: the first pays for starting up.
    "$work/lenet/lenet" train --epochs 2 --threads "$THREADS" --progress json --save "$work/w.safetensors" \
        >"$work/epochs.txt" 2>"$work/said.txt" || { cat "$work/said.txt" >&2; exit 1; }
    sed -n 's/.*"seconds": *\([0-9.e-]*\).*/\1/p' "$work/epochs.txt" | tail -n 1 >>"$work/netc.txt"
    [ -n "$python" ] && "$python" bench/pytorch.py "$THREADS" >>"$work/pytorch.txt"
    round=$((round + 1))
done

# "min median" of a file of numbers
spread() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[1], (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

printf '%-10s %10s %10s   seconds an epoch\n' "" min median
read -r netc_min netc_median <<END
$(spread "$work/netc.txt")
END
printf '%-10s %10.3f %10.3f\n' netc "$netc_min" "$netc_median"
if [ -n "$python" ]; then
    read -r torch_min torch_median <<END
$(spread "$work/pytorch.txt")
END
    printf '%-10s %10.3f %10.3f\n' PyTorch "$torch_min" "$torch_median"
    # The ratio of each round; the machine's moods hit both alike.
    paste "$work/pytorch.txt" "$work/netc.txt" | awk '{ print $1 / $2 }' >"$work/ratio.txt"
    read -r ratio_min ratio_median <<END
$(spread "$work/ratio.txt")
END
    printf '%-10s %9.2fx %9.2fx   as fast as PyTorch; wanted: 1.0x or more\n' ratio "$ratio_min" "$ratio_median"
fi
