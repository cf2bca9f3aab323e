#!/bin/sh
# Trainers for 64-bit Arm, compiled here and run by an emulator: cross.sh PROGRAM. PROGRAM compares tuned kernels with plain
# nests (tests/tuned/compare.c). The seed network trains a few steps, and beside it one compiled for this machine.
. tests/lib.sh
compiler=aarch64-linux-gnu-gcc
emulator=
if [ "$(uname -m)" != aarch64 ]; then
    emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
    # Where the libraries for Arm lie: above the folder of the one that the compiler links.
    QEMU_LD_PREFIX=$(cd "$(dirname "$($compiler -print-file-name=libc.so.6)")/.." && pwd)
    export QEMU_LD_PREFIX
fi

# arm PROGRAM ARGUMENTS...
arm() { $emulator "$@"; }

check "tuned kernels beside plain nests" arm "$1"

# Four epochs of five steps.
some_mnist "$temp/data" 320 100
train() {  # FOLDER COMMAND...
    folder=$1
    shift
    "$@" train --data "$temp/data" --steps 20 --threads 2 --progress json --save "$folder/w" >"$folder/epochs"
}
check "the seed network builds for Arm" trainer specs/lenet.net "$temp/arm" --cpu=neon -- CC=$compiler
check "the seed network builds for this machine" trainer specs/lenet.net "$temp/here" --cpu=native
check "trains on Arm" train "$temp/arm" arm "$temp/arm/lenet"
check "trains on this machine" train "$temp/here" "$temp/here/lenet"

# numbers FILE: what a file of weights holds, one number a line. Eight bytes at its start say how long its header is.
numbers() {
    header=$(od -A n -t u4 -N 4 "$1" | tr -d ' ')
    od -A n -v -t f4 -w4 -j $((8 + header)) "$1"
}
losses() { grep -o '"[a-z]*_loss": *[-+.0-9e]*' "$1" | sed 's/.*: *//'; }

# near TOLERANCE LEAST: two columns of at least so many numbers, which differ by no more than the tolerance.
near() {
    awk -v tolerance="$1" -v least="$2" '
        NF != 2 { odd++ }
        {
            difference = $1 > $2 ? $1 - $2 : $2 - $1
            worst = difference > worst ? difference : worst
            size = $1 * $1 > size * size ? $1 : size
        }
        END {
            printf "%d numbers, up to %g; the largest difference is %g, at most %g is expected\n", NR, size, worst, tolerance
            exit !(NR >= least && !odd && worst <= tolerance)
        }'
}

# Rounding alone was seen to change weights by 2e-8, where the twenty steps move them by up to 0.02. But now and then it lets
# another of two nearly equal elements win in a pool, whose gradient then goes elsewhere. That moves a weight by no more than
# lr / (1 - momentum) / batch * gradient * pixel, about 0.02 / 64 * 0.05 * 2.8 = 4e-5.
same_weights() {
    numbers "$temp/arm/w" >"$temp/arm/numbers" && numbers "$temp/here/w" >"$temp/here/numbers" || return 1
    paste "$temp/arm/numbers" "$temp/here/numbers" | near 5e-5 8490
}
same_losses() {
    losses "$temp/arm/epochs" >"$temp/arm/losses" && losses "$temp/here/epochs" >"$temp/here/losses" || return 1
    paste "$temp/arm/losses" "$temp/here/losses" | near 1e-5 8
}
check "the same losses" same_losses
check "the same weights" same_weights
finish cross
