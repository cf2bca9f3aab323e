#!/bin/sh
# The real trainers on an emulated GPU: emulated.sh EMULATOR NCCL CHANGES CHECK..., the folders of the emulator's
# libcuda.so.1 and of the stand-in for NCCL, the program that compares weights, and programs of many models (cuda.mk). All
# of the emulator's checks are on: what it finds is said on standard error, where it is a failure.
. tests/lib.sh
emulator=$1 nccl=$2 changes=$3
shift 3

unset CUDA_VISIBLE_DEVICES NETC_NVRTC
export NETC_NCCL="$nccl/libnccl.so.2" XDG_CACHE_HOME="$temp/cache"
export PTXEMU_RACE=1 PTXEMU_INIT=1 PTXEMU_POISON=1 PTXEMU_DEFER=1 PTXEMU_LEAKS=1 PTXEMU_CC="${PTXEMU_CC:-90}"
command -v ptxas >/dev/null || PATH=$PATH:/usr/local/cuda/bin
command -v ptxas >/dev/null && export PTXEMU_PTXAS=1

# gpu COMMAND...: with the emulator in the place of the driver.
gpu() { LD_LIBRARY_PATH="$emulator${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"; }

# clean COMMAND...: succeeds, and the emulator has nothing to say.
clean() {
    gpu "$@" >"$temp/out" 2>"$temp/err"
    clean_status=$?
    cat "$temp/out" "$temp/err"
    [ $clean_status -eq 0 ] && ! grep -q '^ptxemu:' "$temp/err"
}

# fails STATUS TEXT COMMAND...: ends with that status, and the first line of its error has the text.
fails() {
    fails_status=$1 fails_text=$2
    shift 2
    gpu "$@" >"$temp/out" 2>"$temp/err"
    fails_found=$?
    grep -v '^ptxemu: fault injected' "$temp/err"
    echo "exit status $fails_found, expected $fails_status and: $fails_text"
    [ $fails_found -eq "$fails_status" ] && grep ': error: ' "$temp/err" | head -n 1 | grep -q -- "$fails_text" \
        && ! grep '^ptxemu:' "$temp/err" | grep -qv 'fault injected'
}

# losses FILE: of --progress json.
losses() { sed -n 's/.*"train_loss": *\([-+.0-9e]*\),.*/\1/p' "$1"; }

# agree ONE OTHER COUNT: so many losses, the same to 1e-4.
agree() {
    losses "$1" >"$temp/losses.1"
    losses "$2" >"$temp/losses.2"
    paste "$temp/losses.1" "$temp/losses.2"
    paste "$temp/losses.1" "$temp/losses.2" | awk -v count="$3" '
        { apart = $1 - $2; if (apart < 0) apart = -apart; if (!(apart <= 1e-4)) bad++ }
        END { exit bad || NR != count }'
}

# ---- every operator

which=tuned                                     # of the first program's, which are large
for program in "$@"; do
    check "$(basename "$(dirname "$program")"): networks on the GPU" clean "$program" train $which
    which=all
    last=$(tail -n 1 "$temp/out")
    case $last in
    emulated:*)
        p=${last#emulated: } f=${last##* passed, }
        passed=$((passed + ${p%% *})) failed=$((failed + ${f%% *}))
        ;;
    esac
done

# ---- the seed network's trainer

some_mnist "$temp/data" 1306 200                # 20 steps, and one of 26 samples
some_mnist "$temp/one" 64 32                    # an epoch is a step
some_mnist "$temp/few" 200 40
# Winograd's rounding on the CPU turns near-ties of the pools over.
check "the seed network's trainer builds" trainer specs/lenet.net "$temp/lenet" --cpu=generic --without=winograd
lenet=$temp/lenet/lenet
if [ ! -x "$lenet" ]; then
    finish cuda
    exit 1
fi
codes=layers
[ -f "$temp/lenet/lenet_fused.cu" ] && codes="fused layers"

check "initial weights" "$lenet" train --device cpu --data "$temp/one" --steps 0 --progress off --save "$temp/start"
check "the CPU makes ten steps" "$lenet" train --device cpu --data "$temp/data" --steps 10 --progress off --save "$temp/cpu"
"$lenet" train --device cpu --data "$temp/one" --epochs 20 --progress json --save "$temp/w" >"$temp/losses" 2>/dev/null
"$lenet" train --device cpu --data "$temp/data" --epochs 1 --progress json --save "$temp/w" >"$temp/epoch" 2>/dev/null
for code in $codes; do
    train="$lenet train --kernels $code --device"
    # shellcheck disable=SC2086
    {
    check "$code: initial weights" clean $train cuda --data "$temp/one" --steps 0 --progress off \
        --save "$temp/w"
    check "$code: the same as the CPU's" cmp "$temp/start" "$temp/w"
    check "$code: ten steps" clean $train cuda --data "$temp/data" --steps 10 --progress off \
        --save "$temp/$code"
    check "$code: the CPU's weights" "$changes" "$temp/start" "$temp/cpu" "$temp/$code" 1e-4
    check "$code: twenty steps" clean $train cuda --data "$temp/one" --epochs 20 --progress json \
        --save "$temp/w"
    check "$code: their losses" agree "$temp/losses" "$temp/out" 20
    check "$code: an epoch that ends in a smaller step" clean $train cuda --data "$temp/data" \
        --epochs 1 --progress json --save "$temp/w"
    check "$code: its loss" agree "$temp/epoch" "$temp/out" 1
    check "$code: evaluates" clean "$lenet" eval --device cuda --kernels $code --data "$temp/data" --weights "$temp/w" \
        --progress json
    check "$code: a log" clean $train cuda --data "$temp/few" --steps 2 --log "$temp/log" --progress off --save "$temp/w2"
    gpu "$lenet" eval --device cuda --kernels $code --data "$temp/few" --weights "$temp/w2" >"$temp/eval" 2>&1
    check "$code: its confusion matrix is eval's" grep -q \
        "after epoch 1: $(sed -n 's/.*(\([0-9]*\) of \([0-9]*\)).*/\1 of \2/p' "$temp/eval") are right" "$temp/log/confusion.svg"
    check "$code: says what a step takes" clean "$lenet" bench --device cuda --kernels $code --data "$temp/few" --json \
        --epochs 1 --steps 2

    check "$code: a loss that is not finite" fails 1 'the loss of step 2 of epoch 1 is no finite number' \
        $train cuda --data "$temp/few" --epochs 1 --lr 1e30 --progress off --save "$temp/none"
    check "$code: which layer it comes from" grep -q 'the first layer that is not finite is conv' "$temp/err"

    check "$code: two GPUs" clean env PTXEMU_DEVICES=2 $train cuda:0,1 --data "$temp/data" --steps 10 --progress off \
        --save "$temp/two"
    check "$code: the same weights as one" "$changes" "$temp/start" "$temp/$code" "$temp/two" 1e-5
    check "$code: the second of two" clean env PTXEMU_DEVICES=2 $train cuda:1 --data "$temp/data" --steps 10 --progress off \
        --save "$temp/second"
    check "$code: the same bits as the first" cmp "$temp/$code" "$temp/second"
    check "$code: a hidden first one" clean env PTXEMU_DEVICES=2 CUDA_VISIBLE_DEVICES=1 $train cuda:0 \
        --data "$temp/few" --epochs 1 --progress off --save "$temp/w"
    }
done

# ---- images that are made on the device, samples that are drawn there

some_mnist "$temp/some" 400 64
check "a network with transforms builds" trainer tests/transforms/every.net "$temp/every" --cpu=generic --without=winograd
every="$temp/every/every train --data $temp/some --epochs 2 --progress json --save $temp/w --device"
# shellcheck disable=SC2086
{
$every cpu >"$temp/every.losses" 2>/dev/null
check "transforms: two epochs" clean $every cuda
check "transforms: the CPU's losses" agree "$temp/every.losses" "$temp/out" 2
check "transforms: two GPUs" clean env PTXEMU_DEVICES=2 $every cuda:0,1
check "transforms: the same losses" agree "$temp/every.losses" "$temp/out" 2
}

# ---- what can go wrong

say="$lenet train --data $temp/few --epochs 1 --save $temp/w --device" run="${say%--device} --progress off --device"
# shellcheck disable=SC2086
{
check "no driver" eval '! LD_LIBRARY_PATH= $run cuda 2>"$temp/err" && grep -q "driver is not here" "$temp/err"'
check "no driver, auto" eval 'LD_LIBRARY_PATH= $say auto >"$temp/err" 2>&1 && grep -q "no GPU is used: " "$temp/err"'
check "no device" fails 3 'no CUDA-capable device' env PTXEMU_DEVICES=0 $run cuda
check "no such device" fails 3 'there is no cuda:3' $run cuda:3
check "no such device of two" fails 3 'there is no cuda:2' env PTXEMU_DEVICES=2 $run cuda:0,2
check "no NVRTC" fails 3 'NVRTC' env NETC_NVRTC=/nonsense $run cuda
check "a file that is no NVRTC" fails 3 'NVRTC' env NETC_NVRTC="$emulator/Makefile" $run cuda
check "a library that is no NVRTC" fails 3 'NVRTC' env NETC_NVRTC="$nccl/libnccl.so.2" $run cuda
check "a GPU that NVRTC does not know" fails 3 'knows no architecture' env PTXEMU_CC=50 $run cuda
check "not enough memory" fails 3 'needed' env PTXEMU_MEM=1M $run cuda
check "auto where a GPU cannot be used" clean env NETC_NVRTC=/nonsense $say auto
check "  says why" grep -q 'no GPU is used: NVRTC' "$temp/err"
check "no NCCL" fails 3 'NCCL' env PTXEMU_DEVICES=2 NETC_NCCL=/nonsense $run cuda:0,1

# A damaged entry of the cache is compiled again, and repaired.
entry=$(find "$temp/cache" -type f | head -n 1)
check "the cache has entries" test -s "$entry"
find "$temp/cache" -type f | while read -r entry; do cp "$entry" "$entry.whole"; printf damaged >"$entry"; done
check "a damaged cache" clean $run cuda
find "$temp/cache" -type f -name '*.whole' | while read -r entry; do
    cmp -s "$entry" "${entry%.whole}" && echo "$entry"
done >"$temp/repaired"
check "is repaired" test -s "$temp/repaired"
find "$temp/cache" -type f -name '*.whole' -exec rm {} +
check "a cache that cannot be written" clean env XDG_CACHE_HOME=/proc/nonsense $run cuda
}

# Each allocation, each copy and the launches of a run fail once: exit status 3, a message, and nothing is left behind. How
# many there are the emulator counts. The checks of what kernels do are done above, and slow.
unset PTXEMU_RACE PTXEMU_INIT PTXEMU_PTXAS
run="$lenet train --data $temp/one --epochs 1 --progress off --save $temp/w --device"
for case in "cuda" "cuda:0,1"; do
    export PTXEMU_DEVICES=2
    # shellcheck disable=SC2086
    check "$case: counted" clean env PTXEMU_STATS="$temp/stats" $run $case
    [ -s "$temp/stats" ] || continue
    counter() { sed -n 's/.*"host": .*"'"$1"'": \([0-9]*\).*/\1/p' "$temp/stats"; }
    copies=$(($(counter h2d_copies) + $(counter d2h_copies) + $(counter d2d_copies))) launches=$(counter kernel_launches)
    for fault in $(seq -f 'alloc:%g' 1 "$(counter allocs)") $(seq -f 'copy:%g' 1 $copies) \
                 $(seq -f 'launch:%g' 1 $launches); do
        # shellcheck disable=SC2086
        check "$case, $fault fails" fails 3 'cuda\|NCCL' env PTXEMU_FAULT="$fault" $run $case
    done
done
unset PTXEMU_DEVICES
export PTXEMU_RACE=1 PTXEMU_INIT=1

# ---- a network that is too large for the fused step

sed 's/batch_size = 128/batch_size = 8/; s/lr=0.01/lr=0.1/' bench/specs/wide.net >"$temp/wide.net"
some_idx "$temp/wide-data" 20 3 32 32
check "a large network builds" trainer "$temp/wide.net" "$temp/wide" --cpu=generic --without=winograd
wide="$temp/wide/wide train --data $temp/wide-data --progress off"
# shellcheck disable=SC2086
{
check "large: initial weights" $wide --device cpu --steps 0 --save "$temp/start"
check "large: the CPU makes a step or two" $wide --device cpu --steps 3 --save "$temp/cpu"
check "large: the GPU makes them, layer by layer" clean $wide --device cuda --steps 3 --progress plain --save "$temp/gpu"
check "large: layer by layer" grep -q 'layer by layer' "$temp/err"
check "large: the CPU's weights" "$changes" "$temp/start" "$temp/cpu" "$temp/gpu" 1e-4
}
finish cuda
