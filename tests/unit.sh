#!/bin/sh
# Runs cmocka programs: unit.sh NAME PROGRAM... Quiet but for failures.
name=$1
shift
passed=0 failed=0
for program in "$@"; do
    output=$("$program" 2>&1)
    status=$?
    p=$(printf '%s\n' "$output" | sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
    f=$(printf '%s\n' "$output" | sed -n 's/^\[  FAILED  \].* \([0-9]*\) test(s), listed below.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
    [ $status -ne 0 ] && [ "$f" -eq 0 ] && f=1
    if [ "$f" -ne 0 ]; then
        echo "$program (exit status $status):"
        printf '%s\n' "$output" | grep -v '^\[ RUN \|^\[       OK'
    elif [ "$p" -eq 0 ]; then
        echo "$program: ran no test"
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$name: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
