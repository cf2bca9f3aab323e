# shellcheck shell=sh
# For the test scripts: counting, and a temporary folder that goes away. Sourced in the root of the source tree.
set -u
NETC=${NETC:-$PWD/build/netc}
CC=${CC:-cc}
temp=$(mktemp -d) || exit 3
trap 'rm -rf "$temp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
passed=0 failed=0

# `device = auto` is the CPU here, also where there is a GPU; what tests GPUs unsets this.
export CUDA_VISIBLE_DEVICES=

# check NAME COMMAND...: passes if the command succeeds; what it says is shown only if it fails.
check() {
    check_name=$1
    shift
    if "$@" >"$temp/check.out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $check_name: $*"
        tail -n 20 "$temp/check.out" | sed 's/^/    | /'
    fi
}

# trainer SPEC FOLDER [NETC ARGUMENTS...] [-- MAKE ARGUMENTS...]: compiles and builds. The runtime is compiled once for the
# same flags: its objects are kept beside netc, under a name that tells the flags and the sources.
trainer() {
    trainer_spec=$1 trainer_folder=$2
    shift 2
    trainer_options=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        trainer_options="$trainer_options $1"
        shift
    done
    [ $# -gt 0 ] && shift
    "$NETC" "$trainer_spec" -o "$trainer_folder" $trainer_options || return
    trainer_objects=$trainer_folder/build/runtime
    trainer_kept=$(dirname "$NETC")/runtimes/$({ echo "$CC" "$@" "${CFLAGS-}" "${EXTRA_CFLAGS-}"
        grep '^TARGET' "$trainer_folder/Makefile"; cat runtime/*.c runtime/*.h; } | cksum | tr ' ' -)
    if [ -d "$trainer_kept" ] && [ ! -d "$trainer_objects" ]; then
        mkdir -p "$trainer_folder/build" && cp -pR "$trainer_kept" "$trainer_objects"
    fi
    make -s -C "$trainer_folder" RUNTIME="$PWD/runtime" "$@" || return
    if [ ! -d "$trainer_kept" ]; then           # whole or not at all, as another suite may look at the same time
        mkdir -p "$trainer_kept.$$" && cp -pR "$trainer_objects" "$trainer_kept.$$/" && mv "$trainer_kept.$$/runtime" "$trainer_kept"
        rmdir "$trainer_kept.$$"
    fi
}

# number N: four bytes, the largest first, as the IDX format has them.
# shellcheck disable=SC2059
number() { printf "$(printf '\\%03o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }

# some_mnist FOLDER TRAIN TEST: a dataset of the first samples of both parts, for what is slow.
some_mnist() {
    mkdir -p "$1"
    for part in "train $2" "t10k $3"; do
        count=${part#* } part=${part% *}
        { number 2051; number "$count"; number 28; number 28
          gzip -dc data/mnist/$part-images-idx3-ubyte.gz | tail -c +17 | head -c $((count * 784)); } >"$1/$part-images-idx3-ubyte"
        { number 2049; number "$count"
          gzip -dc data/mnist/$part-labels-idx1-ubyte.gz | tail -c +9 | head -c "$count"; } >"$1/$part-labels-idx1-ubyte"
    done
}

# some_idx FOLDER COUNT CHANNELS HEIGHT WIDTH: a dataset of images of any size, made of the bytes of MNIST's, with labels 0
# to 4.
some_idx() {
    mkdir -p "$1"
    for part in train t10k; do
        { number 2052; number "$2"; number "$3"; number "$4"; number "$5"
          gzip -dc data/mnist/train-images-idx3-ubyte.gz | tail -c +17 | head -c $(($2 * $3 * $4 * $5))
        } >"$1/$part-images-idx3-ubyte"
        { number 2049; number "$2"
          seq "$2" | while read -r i; do printf "\\00$((i * i % 5))"; done; } >"$1/$part-labels-idx1-ubyte"
    done
}

# finish NAME: the last line, and the script's status.
finish() {
    echo "$1: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
