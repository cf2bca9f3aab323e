#!/bin/sh
# What the seed network's training costs a GPU, counted by an emulator, beside what is wanted: counters.sh EMULATOR.
# Markdown.
# The counters are exact: they are the difference between two runs, one some steps longer than the other, so that
# nothing but steps of training is in them; copies and waits are those of a whole epoch, without its evaluation. Fails
# where something wanted is not met, and where an epoch does not reach the CPU's accuracy.
. tests/lib.sh
emulator=$1 less=2 more=6
export XDG_CACHE_HOME="$temp/cache" PTXEMU_CC="${PTXEMU_CC:-80}"
gpu() { LD_LIBRARY_PATH="$emulator${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"; }
command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin

some_mnist "$temp/data" 1024 32
some_mnist "$temp/few" 60000 32                 # an epoch of training, hardly any evaluation
trainer specs/lenet.net "$temp/lenet" --cpu=generic >/dev/null || exit 1
lenet=$temp/lenet/lenet

# counted CODE NAME ARGUMENTS...: trains, and leaves the counters in NAME.
counted() {
    counted_code=$1 counted_file=$2
    shift 2
    PTXEMU_STATS=$counted_file gpu "$lenet" train --device cuda --kernels "$counted_code" --save "$temp/w" "$@" \
        >"$temp/out" 2>"$temp/err" || { cat "$temp/err" >&2; exit 1; }
}

# spills FILE: bytes that its kernels spill or keep on the stack, or nothing where there is no nvcc.
spills() {
    command -v nvcc >/dev/null || return 0
    nvcc -std=c++17 -arch="sm_$PTXEMU_CC" -cubin -Xptxas -v -I runtime -o /dev/null "$1" 2>&1 | awk '
        /bytes stack frame/ { bytes += $1 + $5 + $9; seen++ }
        END { if (seen) print bytes + 0; else print "none" }'
}

accuracy() { sed -n 's/.*"test_accuracy": *\([0-9.]*\).*/\1/p' "$1"; }

met=yes
for code in fused layers; do
    file=$temp/lenet/lenet_$([ $code = fused ] && echo fused || echo cuda).cu
    if [ ! -f "$file" ]; then
        echo "no $code code for the seed network: $(basename "$file") is missing"
        met=no
        continue
    fi
    counted $code "$temp/less" --data "$temp/data" --steps $less
    counted $code "$temp/more" --data "$temp/data" --steps $more
    # An epoch on all images, with its evaluation for the accuracy; and the evaluation alone, to be taken off.
    if [ $code = fused ]; then
        counted $code "$temp/epoch" --epochs 1 --progress json
        accuracy "$temp/out" >"$temp/accuracy"
        counted $code "$temp/none" --steps 0
    else
        counted $code "$temp/epoch" --data "$temp/few" --epochs 1
        counted $code "$temp/none" --data "$temp/few" --steps 0
    fi
    awk -f tests/cuda/counters.awk -v code=$code -v steps=$((more - less)) -v spilled="$(spills "$file")" \
        "$temp/less" "$temp/more" "$temp/none" "$temp/epoch" || met=no
done

# One epoch on the emulated GPU against one on the CPU.
"$lenet" train --device cpu --epochs 1 --progress json --save "$temp/w" >"$temp/out" 2>/dev/null
echo
awk -v gpu="$(cat "$temp/accuracy" 2>/dev/null)" -v cpu="$(accuracy "$temp/out")" 'BEGIN {
    apart = gpu - cpu
    if (apart < 0) apart = -apart
    printf "Test accuracy after one epoch: %.2f %% on the emulated GPU, %.2f %% on the CPU.\n", 100 * gpu, 100 * cpu
    exit !(gpu > 0 && apart <= 0.005)
}' || met=no
[ $met = yes ]
