#!/bin/sh
# Whole runs of the seed network on MNIST: runs.sh [EPOCHS]. Accuracy on the way (in .ci/run to the tenth epoch), and
# the same weights, bit for bit, whatever the number of threads.
. tests/lib.sh
epochs=${1:-3}

check "compiles and builds" trainer specs/lenet.net "$temp/lenet" --cpu=native
lenet=$temp/lenet/lenet

# accuracy EPOCH FROM TO: test accuracy after that epoch, in percent.
accuracy() {
    awk -v epoch="$1" -v from="$2" -v to="$3" '
        match($0, /"epoch": *[0-9]+/) && substr($0, RSTART + 8, RLENGTH - 8) + 0 == epoch {
            found = match($0, /"test_accuracy": *[0-9.]+/)
            value = 100 * substr($0, RSTART + 16, RLENGTH - 16)
        }
        END {
            printf "epoch %d: %.2f %%, expected %.1f to %.1f\n", epoch, value, from, to
            exit !(found && value >= from && value <= to)
        }' "$temp/epochs"
}

train() { "$lenet" train --epochs "$epochs" --progress json --save "$temp/w.safetensors" >"$temp/epochs"; }
check "trains" train
check "accuracy after epoch 1" accuracy 1 96.2 97.2
check "accuracy after epoch 2" accuracy 2 97.2 98.2
check "accuracy after epoch 3" accuracy 3 97.7 98.7
[ "$epochs" -ge 10 ] && check "accuracy after epoch 10" accuracy 10 98.5 100

for threads in 1 2 3 7 64; do
    check "trains with --threads $threads" "$lenet" train --steps 200 --threads $threads --progress off --save "$temp/t$threads"
    check "--threads $threads changes no bit" cmp "$temp/t1" "$temp/t$threads"
done

finish runs
