#!/bin/sh
# A trainer from the outside: trainer.sh [TRAINER]. Without an argument, $NETC compiles specs/lenet.net and this builds
# it below $BUILD. The checks suit any network for 1x28x28 images of 10 classes with a batch of 64, called lenet.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
mnist=$root/data/mnist
export CUDA_VISIBLE_DEVICES=            # `auto` is the CPU here, also where there is a GPU
passed=0 failed=0

if [ $# -gt 0 ]; then
    trainer=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
else
    made=${BUILD:-build}/trainer
    mkdir -p "$made" && made=$(cd "$made" && pwd)
    "$NETC" "$root/specs/lenet.net" --cpu=native -o "$made/lenet" >"$made/log" 2>&1 &&
        make -C "$made/lenet" RUNTIME="$root/runtime" >>"$made/log" 2>&1 || {
        cat "$made/log"
        echo "trainer: 0 passed, 1 failed"
        exit 1
    }
    trainer=$made/lenet/lenet
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

fail() {  # what, detail
    failed=$((failed + 1))
    echo "FAILED: $1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    /'
}

pass() { passed=$((passed + 1)); }

# check WHAT STATUS TEXT ARGUMENT...: the trainer exits so and says so, on either stream; `out` and `err` keep them.
check() {
    what=$1 status=$2 text=$3
    shift 3
    "$trainer" "$@" >out 2>err
    got=$?
    if [ $got -ne "$status" ]; then
        fail "$what: exit status $got, expected $status" "$(cat err)"
    elif [ -n "$text" ] && ! cat out err | grep -qF -- "$text"; then
        fail "$what: does not say '$text'" "$(cat out err)"
    else
        pass
    fi
}

# holds WHAT COMMAND...: the command succeeds.
holds() {
    what=$1
    shift
    if "$@" >held 2>&1; then pass; else fail "$what" "$(cat held)"; fi
}

same() { holds "$1" cmp "$2" "$3"; }
differs() { if cmp -s "$2" "$3"; then fail "$1: the files are the same"; else pass; fi; }
absent() { holds "$1" test ! -e "$2"; }
empty() { holds "$1" test ! -s "$2"; }

# What is missing is looked for where nobody listens, not on the network.
NETC_MIRROR=http://127.0.0.1:1
export NETC_MIRROR

# ---- a small dataset: the first 640 and 300 images of MNIST

number() {  # as four bytes, big-endian
    for shift in 24 16 8 0; do
        printf "\\$(printf %o $(($1 >> shift & 255)))"
    done
}
take() {  # part, count, folder
    {
        number 2051 && number "$2" && number 28 && number 28
        gzip -dc "$mnist/$1-images-idx3-ubyte.gz" | tail -c +17 | head -c $(($2 * 784))
    } >"$3/$1-images-idx3-ubyte"
    {
        number 2049 && number "$2"
        gzip -dc "$mnist/$1-labels-idx1-ubyte.gz" | tail -c +9 | head -c "$2"
    } >"$3/$1-labels-idx1-ubyte"
}
mkdir small
take train 640 small 2>/dev/null
take t10k 300 small 2>/dev/null
holds "the small dataset is made" test "$(wc -c <small/train-images-idx3-ubyte)" -eq $((16 + 640 * 784))

# ---- the command line

check "help" 0 "usage: lenet COMMAND" --help
check "help, as a command" 0 "usage: lenet COMMAND" help
check "help of train" 0 "--epochs N" train --help
check "help of bench" 0 "--json" help bench
check "help of eval" 0 "--weights FILE" help eval
check "version" 0 "compiled from" --version
check "no command" 2 "no command given"
check "unknown command" 2 "did you mean train?" trian
check "unknown option" 2 "did you mean --epochs?" train --epoch 3
check "option of another command" 2 "train has no option --weights" train --weights x
check "no value" 2 "--lr: found no value" train --lr
check "bad number" 2 "found '1x'" train --steps 1x
check "bad rate" 2 "found 'nan'" train --lr nan
check "no threads" 2 "from 1 to 1024" train --threads 0
check "superfluous word" 2 "options only" eval x
check "command to come" 2 "export is not built yet" export
check "nothing to measure" 2 "at least one step" bench --steps 0 --data small
check "a value for --json" 2 "--json takes no value" bench --json=yes
check "bench saves nothing" 2 "bench has no option --save" bench --save x
check "no checkpoint to resume" 1 "x: cannot open" train --resume x
check "unknown device" 2 "expected auto, cpu" train --device gpu
check "CUDA" 3 "NVIDIA's driver" train --device cuda --data small
check "CUDA in options that are no device" 2 "GPU 1 is named twice" train --device cuda:1,1 --data small
check "kernels of a GPU on the CPU" 2 "but the device is the CPU" train --device cpu --kernels fused --data small
check "unknown kernels" 2 "expected auto, fused or layers" train --kernels tuned
absent "nothing is written by refused commands" lenet.safetensors

# ---- info

check "info" 0 "parameters" info --data small --threads 3
check "info without data" 0 "no training data" info --data none
check "info says what a GPU is missing" 0 "cuda: NVIDIA's driver" info --data small
check "info has the memory on a GPU" 0 "memory for training on a GPU" info --data small
holds "info names the layers and the memory" sh -c "'$trainer' info --data small | grep -q '^total .*[0-9]' &&
    '$trainer' info --data small | grep -q '640 training and 300 test images'"

# ---- training, and what it says

check "auto, without a GPU" 0 "no GPU is used: NVIDIA's driver" train --data small --steps 1 --device auto --save one
check "train" 0 "weights saved in lenet.safetensors" train --data small --epochs 2
line='^epoch [12]/2  train loss [0-9.]*  test loss [0-9.]*  test accuracy [0-9.]* %'
holds "a line for each epoch" test "$(grep -c "$line" err)" -eq 2
empty "train prints no result to standard output" out
check "eval" 0 "confusion matrix" eval --data small
holds "eval says how many" grep -q '^test loss [0-9.]*, accuracy [0-9.]* % ([0-9]* of 300)$' out
sed -n 's/^ *[0-9]*: //p' out >matrix
holds "the confusion matrix counts each image once" \
    test "$(awk '{ for (i = 1; i <= NF; i++) n += $i } END { print n, NR, NF }' matrix)" = "300 10 10"
holds "its diagonal is the number of hits" \
    test "$(awk '{ n += $NR } END { print n }' matrix)" = "$(sed -n 's/.*(\([0-9]*\) of.*/\1/p' out)"

check "train --progress json" 0 '"epoch": 2' train --data small --epochs 2 --progress json --save json.safetensors
key='"[a-z_]*": [-+.0-9e]*'
holds "JSON lines" test "$(grep -cx "{\"epoch\": [12], $key, $key, $key, $key, $key}" out)" -eq 2
holds "with these keys" test "$(head -n 1 out | tr ',' '\n' | sed 's/.*"\(.*\)".*/\1/' | tr '\n' ' ')" \
    = "epoch train_loss test_loss test_accuracy seconds eval_seconds "
same "progress changes nothing" lenet.safetensors json.safetensors
check "eval --progress json" 0 '"confusion": [[' eval --data small --progress json
check "train --progress off" 0 "" train --data small --steps 2 --progress off --save off.safetensors
empty "off is silent" out
empty "off is silent on standard error" err
check "a share of an epoch" 0 "epoch 2/2" train --data small --steps 13 --save part.safetensors
check "no epoch" 0 "epoch 0/0  test loss" train --data small --epochs 0 --save zero.safetensors

# ---- what determines the weights

for threads in 1 2 3 7 64; do
    check "train on $threads threads" 0 "device: cpu, $threads thread" \
        train --data small --epochs 2 --threads $threads --save t$threads
    same "$threads threads, the same weights" lenet.safetensors t$threads
done
check "ten steps" 0 "epoch 1/1" train --data small --steps 10 --save ten
check "one epoch" 0 "epoch 1/1" train --data small --epochs 1 --save one
same "ten steps are an epoch" ten one
check "both limits" 0 "epoch 1/1" train --data small --epochs 1 --steps 1000 --save both
same "the smaller limit holds" both one
check "another seed" 0 "seed 2" train --data small --epochs 1 --seed 2 --save two
differs "another seed, other weights" one two
check "another rate" 0 "lr 0.02" train --data small --epochs 1 --lr 0.02 --save fast
differs "another rate, other weights" one fast
check "start from a file" 0 "saved in copy" train --data small --epochs 0 --init one --save copy
same "weights come back as they were" one copy
check "eval is the same on one thread" 0 "confusion" eval --data small --weights one --threads 1
cp out before
check "eval is the same on many" 0 "confusion" eval --data small --weights one --threads 5
same "eval on one and on many threads" before out

# ---- bench

check "bench" 0 "images/s" bench --data small --epochs 1 --threads 2
holds "bench has a line for each kernel" sh -c "grep -q '^load_block  *[0-9.]*  *[0-9.]* %' out &&
    grep -q '^update  *[0-9.]*  *[0-9.]* %' out"
check "bench on CUDA" 3 "NVIDIA's driver" bench --device cuda --data small
check "bench without data" 1 "train-images-idx3-ubyte.gz could not be fetched" bench --data none
check "bench --json" 0 '"kernels": [' bench --data small --json --epochs 1 --steps 5 --device cpu
empty "bench says nothing beside its result" err
# Strings become s, numbers v; then objects and lists of these become v until nothing is left but one.
holds "it is one JSON object" test "$(sed -E 's/"[^"]*"/s/g; s/-?[0-9][0-9.e+-]*|null/v/g; :again
    s/\{(s: [vs](, s: [vs])*)?\}/v/g; s/\[([vs](, [vs])*)?\]/v/g; tagain' out)" = v
for key in name target device threads batch_size seconds_an_epoch images_per_second evaluate_images_per_second \
    predict_microseconds memory_peak_bytes peak_gflops peak_gflops_all kernels; do
    holds "it has $key" grep -q "\"$key\": " out
done
sed 's/"evaluate_kernels".*//' out | tr '{' '\n' | sed -n 's/.*"share": \([-+.0-9e]*\),.*/\1/p' >shares
holds "the shares of the kernels sum to 1" awk '{ sum += $1 } END { exit !(NR > 3 && sum > 0.99 && sum < 1.01) }' shares
mkdir bare
(cd bare && "$trainer" bench --data ../small --epochs 1 --steps 2 >../out 2>../err)
holds "bench leaves no file" sh -c '! ls bare | grep -q .'

# ---- wrong files

check "no data" 1 "train-images-idx3-ubyte.gz could not be fetched" train --data none
check "no test data" 1 "t10k-images-idx3-ubyte.gz could not be fetched" eval --data none
absent "no folder is left" none
mkdir cut labels more
cp small/* cut && head -c 5000 small/train-images-idx3-ubyte >cut/train-images-idx3-ubyte
check "truncated images" 1 "found 5000 bytes, expected 501776 by its header" train --data cut --save x
holds "are kept aside" test -s cut/train-images-idx3-ubyte.damaged
cp small/* labels
{
    head -c 9 small/train-labels-idx1-ubyte
    printf '\012'
    tail -c +11 small/train-labels-idx1-ubyte
} >labels/train-labels-idx1-ubyte
check "a label too large" 1 "offset 9: found label 10, expected 0 to 9" train --data labels --save x
cp small/* more && cp small/t10k-labels-idx1-ubyte more/train-labels-idx1-ubyte
check "other labels" 1 "found 300 labels, expected 640" train --data more --save x
check "eval needs no training data" 0 "accuracy" eval --data more
absent "nothing is saved after an error" x
check "no weights" 1 "nowhere: cannot open" eval --data small --weights nowhere
check "what to do about it" 1 "lenet train writes weights" eval --data small --weights nowhere
head -c 1000 one >damaged
check "damaged weights" 1 "damaged:" eval --data small --weights damaged
check "other file for weights" 1 "not a safetensors file" \
    train --data small --init small/t10k-images-idx3-ubyte --save x
check "no folder to save in" 1 "none/x: cannot write" train --data small --save none/x
check "a folder instead of a file" 1 "it is a folder" train --data small --save small
check "a device instead of a file" 1 "not a regular file" train --data small --save /dev/null
check "divergence" 1 "training diverged: the loss of step 2 of epoch 1 is no finite number" train --data small --epochs 3 --lr 1e300 --save x
absent "no weights after it" x

# ---- the machine fails, the user interrupts

cp one kept
(ulimit -f 8 && exec "$trainer" train --data small --steps 1 --save kept) >out 2>err
holds "a full disk is exit status 3" test $? -eq 3
same "a full disk leaves the old file" one kept
holds "and no other file" sh -c '! ls | grep -q tmp'
if [ -e /dev/full ]; then
    "$trainer" info >/dev/full 2>err
    holds "results that cannot be written are exit status 3" test $? -eq 3
fi
{ "$trainer" train --data small --epochs 3 --progress json --save piped 2>err; echo $? >status; } | head -n 1 >out
holds "a reader who leaves does not stop the training" test "$(cat status)" -eq 0
check "what was trained meanwhile is there" 0 "accuracy" eval --data small --weights piped
timeout --foreground --preserve-status -s INT 1 "$trainer" bench --data small --epochs 1000000 >out 2>err
holds "bench can be interrupted" test $? -eq 130
empty "and then prints no result" out
for signal in INT TERM; do
    timeout --foreground --preserve-status -s $signal 1 \
        "$trainer" train --data small --epochs 1000000 --save x >out 2>err
    got=$?
    holds "SIG$signal ends with its status" test $got -eq $([ $signal = INT ] && echo 130 || echo 143)
    holds "SIG$signal is said" grep -q 'interrupted; nothing was saved' err
    absent "SIG$signal saves nothing" x
done

echo "trainer: $passed passed, $failed failed"
[ $failed -eq 0 ]
