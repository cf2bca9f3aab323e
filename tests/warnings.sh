#!/bin/sh
# What netc writes compiles without a warning, by gcc and clang, for every target: compiled only, not run.
. tests/lib.sh

# sources FOLDER COMPILER FLAGS...
sources() {
    folder=$1
    shift
    for source in "$folder"/*.c; do
        "$@" -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-psabi -fno-math-errno -fopenmp -Iruntime -Wa,-I"$folder" -c -o "$temp/out.o" "$source" || return 1
    done
}

# compiles SPEC CPU [OPTION]
compiles() {
    name=$(basename "$1" .net)${3:+ with $3}
    folder=$temp/$2/${name%% *}${3:-}
    check "$name for $2" "$NETC" "$1" --cpu="$2" -o "$folder" ${3:-}
    flags=$(sed -n 's/^TARGET *= *//p' "$folder/Makefile")
    # shellcheck disable=SC2086
    if [ "$2" = neon ]; then
        command -v aarch64-linux-gnu-gcc >/dev/null || return
        check "$name for $2, gcc" sources "$folder" aarch64-linux-gnu-gcc $flags
    else
        check "$name for $2, gcc" sources "$folder" gcc $flags
        check "$name for $2, clang" sources "$folder" clang $flags
    fi
}

for spec in specs/*.net tests/golden/emit/settings.net; do
    compiles "$spec" avx2
done
for spec in specs/lenet.net tests/gradient/pool_ceil.net tests/gradient/dilated_reflect.net tests/gradient/unpool.net \
            tests/gradient/concat_3.net; do
    for cpu in avx512 generic neon; do
        compiles "$spec" $cpu
    done
done
tuned="kernel_3 stride_2_padded depthwise_2 channels_16_17 pool_padded twice_relu plain_wide linear_17 many_conv"
for name in $tuned; do
    for cpu in avx512 avx2 generic neon; do
        compiles tests/tuned/$name.net $cpu
    done
done
for cpu in avx512 avx2; do
    compiles specs/lenet.net $cpu --units=64
done
for source in runtime/*.c; do
    check "$source, clang" clang -std=gnu11 -O1 -Wall -Wextra -Werror -fopenmp -Iruntime -fsyntax-only "$source"
done
finish warnings
