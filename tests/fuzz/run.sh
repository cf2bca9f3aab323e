#!/bin/sh
# run.sh SECONDS NAME...: each harness, built for libFuzzer in $BUILD/fuzz/, for so long, two or $JOBS at a time. What it finds stays in
# $BUILD/fuzz/NAME-crash-..., and what it has learnt in $BUILD/fuzz/NAME.corpus, with which it goes on the next time.
set -u
out=${BUILD:-build}/fuzz seconds=$1
shift
export UBSAN_OPTIONS=print_stacktrace=1

one() {
    tests/fuzz/seeds.sh "$1" "$out/$1.seeds" && mkdir -p "$out/$1.corpus" || exit 1
    dictionary=tests/fuzz/$1.dict
    [ -f "$dictionary" ] && set -- "$1" -dict="$dictionary"
    name=$1
    shift
    "$out/$name" "$@" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix="$out/$name-" "$out/$name.corpus" "$out/$name.seeds" >"$out/$name.log" 2>&1
}

# result NAME STATUS
passed=0 failed=0
result() {
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$1.log")
    echo "fuzz $1: ${runs:-no} inputs in $seconds s"
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1, $out/$1.log:"
        grep -v '^#[0-9]*	' "$out/$1.log" | head -n 60 | sed 's/^/    | /'
    fi
}

trap 'kill $processes 2>/dev/null; exit 130' INT TERM
processes=
while [ $# -gt 0 ]; do
    started='' processes='' count=0
    while [ $# -gt 0 ] && [ $count -lt "${JOBS:-2}" ]; do
        one "$1" &
        started="$started $1:$!" processes="$processes $!" count=$((count + 1))
        shift
    done
    for each in $started; do
        wait "${each#*:}"
        result "${each%:*}" $?
    done
done
echo "fuzz: $passed passed, $failed failed"
[ $failed -eq 0 ]
