#!/bin/sh
# Whole runs of the seed network on MNIST: runs.sh [EPOCHS]. Accuracy on the way (in .ci/run to the tenth epoch), and
# the same weights, bit for bit, whatever the number of threads; this also of a few networks of tests/tuned.
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

# Images that are made anew in each step, samples that are drawn; and what is held out does not depend on the seed.
some_mnist "$temp/some" 1000 200
check "transforms compile and build" trainer tests/transforms/every.net "$temp/every" --cpu=native
for threads in 1 2 3 7; do
    check "transforms with --threads $threads" "$temp/every/every" train --data "$temp/some" --threads $threads --progress off \
        --save "$temp/e$threads"
    check "transforms: --threads $threads changes no bit" cmp "$temp/e1" "$temp/e$threads"
done
check "another seed" "$temp/every/every" train --data "$temp/some" --seed 2 --progress off --save "$temp/seed"
check "draws something else" eval '! cmp -s "$temp/e1" "$temp/seed"'

# Two trainers on one machine, each with as many threads as it has processors: neither holds up the other for long.
both() {
    "$lenet" train --steps 200 --progress off --save "$temp/a" &
    timeout 60 "$lenet" train --steps 200 --progress off --save "$temp/b"
    ended=$?
    wait $! && [ $ended -eq 0 ]
}
check "two trainers at once" both
check "neither changes a bit of the other" cmp "$temp/t1" "$temp/a"
check "nor the other way round" cmp "$temp/t1" "$temp/b"

# Networks of other kernels, with partial batches.
for net in kernel_5:1x18x18 relu_before:1x14x13 plain_relu:1x11x13 many_conv:1x6x6 batch_70:1x16x16; do
    size=${net#*:} net=${net%:*}
    check "$net compiles and builds" trainer "tests/tuned/$net.net" "$temp/$net" --cpu=native
    # shellcheck disable=SC2046
    some_idx "$temp/$net/data" 333 $(echo "$size" | tr x ' ')
    for threads in 1 3 64; do
        check "$net trains with --threads $threads" "$temp/$net/$net" train --data "$temp/$net/data" --epochs 3 \
            --threads $threads --progress off --save "$temp/$net/t$threads"
        check "$net: --threads $threads changes no bit" cmp "$temp/$net/t1" "$temp/$net/t$threads"
    done
done

# Units cut finer: again the same for any number of threads, and what comes out without, but for rounding.
check "compiles with --units=64" trainer specs/lenet.net "$temp/units" --cpu=native --units=64
for threads in 1 3 64; do
    check "--units=64 trains with --threads $threads" "$temp/units/lenet" train --steps 200 --threads $threads --progress off --save "$temp/u$threads"
    check "--units=64 --threads $threads changes no bit" cmp "$temp/u1" "$temp/u$threads"
done
same_loss() {
    for run in "$lenet" "$temp/units/lenet"; do
        "$run" train --steps 200 --progress json --save "$temp/w" | sed -n 's/.*"train_loss": *\([0-9.]*\).*/\1/p'
    done | awk '{ loss[NR] = $1 } END { d = loss[1] - loss[2]; print loss[1], loss[2]; exit !(NR == 2 && d * d < 1e-8) }'
}
check "--units=64 changes no loss" same_loss

# Clothes, for which Debian has the files: 87 % and more after five epochs.
fashion=/usr/share/datasets/fashion-mnist
if [ "$epochs" -ge 10 ] && [ -e $fashion/train-images-idx3-ubyte.gz ]; then
    check "specs/fashion_mnist.net builds" trainer specs/fashion_mnist.net "$temp/fashion" --cpu=native
    train() { "$temp/fashion/fashion_mnist" train --data $fashion --progress json --save "$temp/w" >"$temp/epochs"; }
    check "it trains" train
    check "accuracy on Fashion-MNIST" accuracy 5 87 100
elif [ "$epochs" -ge 10 ]; then
    echo "runs: Fashion-MNIST is skipped: its files are not in $fashion (Debian's dataset-fashion-mnist has them)"
fi

finish runs
