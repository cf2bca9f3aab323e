#!/bin/sh
# Trainers under sanitizers: sanitize.sh address | thread. A short training, evaluation and information, of the seed
# network, of a network with branches, and of one whose data section has everything.
. tests/lib.sh

case $1 in
address)
    flags="-O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all"
    export UBSAN_OPTIONS=print_stacktrace=1
    ;;
thread)
    # gcc's libgomp is not built for the thread sanitizer, which then sees races that are none. clang's libomp tells it
    # what happens before what through Archer.
    CC=clang
    flags="-O1 -g1 -fsanitize=thread -Wno-unused-command-line-argument"
    archer=$(ls /usr/lib/llvm-*/lib/libarcher.so /usr/lib/*/libarcher.so 2>/dev/null | head -n 1)
    export OMP_TOOL_LIBRARIES="$archer" TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1"
    ;;
esac

some_mnist "$temp/data" 500 203
# With --units, blocks are shared by several threads in one phase after the other.
for case in lenet branches every "lenet --units=64"; do
    name=${case%% *} units=
    spec=specs/$name.net
    [ -f "$spec" ] || spec=tests/transforms/$name.net
    [ "$case" = "$name" ] || units=${case#* }
    # shellcheck disable=SC2086
    check "$case builds" trainer "$spec" "$temp/$name$units" --cpu=native $units -- CC=$CC EXTRA_CFLAGS="$flags"
    run=$temp/$name$units/$name
    check "$case trains" "$run" train --data "$temp/data" --epochs 2 --threads 4 --save "$temp/w"
    check "$case evaluates" "$run" eval --data "$temp/data" --weights "$temp/w" --threads 3
    check "$case trains on" "$run" train --data "$temp/data" --init "$temp/w" --steps 3 --threads 2 --progress json --save "$temp/w2"
    check "$case tells about itself" "$run" info --data "$temp/data"
done
finish "$1"
