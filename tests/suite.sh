#!/bin/sh
# Runs one suite: suite.sh NAME COMMAND...
# A suite ends in a line "NAME: N passed, N failed". One that dies before it says so counts as one failure. All is kept in
# $BUILD/test/NAME.out, from which `suite.sh --total` adds up.
set -u
out=${BUILD:-build}/test
mkdir -p "$out"

if [ "$1" = --total ]; then
    shift
    for suite in "$@"; do
        tail -n 1 "$out/$suite.out" 2>/dev/null || echo "$suite: 0 passed, 1 failed"
    done | awk '{
        for (i = 2; i <= NF; i++) {
            if ($i ~ /^passed/) passed += $(i - 1)
            if ($i ~ /^failed/) failed += $(i - 1)
        }
    } END { printf "all suites: %d passed, %d failed\n", passed, failed; exit failed > 0 }'
    exit
fi

name=$1
shift
rm -f "$out/$name.out"
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL          # a suite that builds trainers begins afresh
"$@" >"$out/$name.part" 2>&1 </dev/null
status=$?
last=$(tail -n 1 "$out/$name.part" | grep -aE '^[^:]+: [0-9]+ passed, [0-9]+ failed')
if [ -z "$last" ]; then
    [ $status -eq 0 ] && echo "$name: 1 passed, 0 failed" >>"$out/$name.part"
    [ $status -ne 0 ] && echo "$name: 0 passed, 1 failed" >>"$out/$name.part"
elif [ $status -ne 0 ] && [ "${last##*, }" = "0 failed" ]; then
    echo "$name: 0 passed, 1 failed (exit status $status)" >>"$out/$name.part"
fi
sed "\$s/^[^:]*:/$name:/" "$out/$name.part" >"$out/$name.out"
rm "$out/$name.part"
cat "$out/$name.out"
exit $status
