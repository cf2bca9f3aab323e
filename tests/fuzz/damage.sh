#!/bin/sh
# The harnesses under the address sanitizer of any compiler, without libFuzzer: damage.sh FOLDER NAME... Every seed as it is,
# and damaged systematically (replay.c). Of specs, which take longer, only those in seeds/net/ are damaged; of CIFAR-10, whose
# files are large, none are: tests/unit/test_runtime_cifar10.c does it. Then the same through whole trainers (trainers.sh).
. tests/lib.sh
folder=$1
shift
export UBSAN_OPTIONS=print_stacktrace=1
for name in "$@"; do
    check "seeds of $name" tests/fuzz/seeds.sh "$name" "$temp/$name"
    DAMAGED=$folder/$name-damaged
    export DAMAGED
    case $name in
    net | cifar10) check "$name, as they are" "$folder/$name" "$temp/$name"/* ;;
    esac
    [ "$name" = cifar10 ] && continue
    for seed in tests/fuzz/seeds/"$name"/*; do
        check "$seed, damaged" "$folder/$name" --damage "$seed"
    done
done
# Else the harness would not come to what reads the numbers and tensors of a checkpoint.
refusals() { FUZZ_REFUSALS=1 "$folder/safetensors" "$1" | grep -c checkpoint; }
check "no reader refuses the seed that is a checkpoint" test "$(refusals tests/fuzz/seeds/safetensors/checkpoint)" = 0
check "and one that is none is refused" test "$(refusals tests/fuzz/seeds/safetensors/weights)" = 2
. tests/fuzz/trainers.sh
finish asan-damage
