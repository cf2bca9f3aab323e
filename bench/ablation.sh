#!/bin/sh
# What each technique brings: the seed network compiled with all of them, without one at a time, and without any, an epoch
# of each by turns: ablation.sh [SPEC]
#   NETC, BUILD, CC    netc, the folder to work in, the C compiler
#   ROUNDS, THREADS    how many rounds (5), threads of the trainers (2)
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL
spec=${1:-specs/lenet.net} NETC=${NETC:-build/netc} ROUNDS=${ROUNDS:-5} THREADS=${THREADS:-2}
work=${BUILD:-build}/bench/ablation
name=$(sed -n 's/^net \([A-Za-z_0-9]*\).*/\1/p' "$spec")
mkdir -p "$work"

# netc lists the techniques, those of GPUs are not meant; each is a folder, and so are "all" and "none".
techniques=$("$NETC" "$spec" --without=help 2>&1 | sed -n '/ on GPUs:/d; s/^  \([a-z-]*\)  .*/\1/p')
build() {  # FOLDER OPTION...
    folder=$work/$1
    shift
    "$NETC" "$spec" --cpu=native "$@" -o "$folder" 2>/dev/null
    make -s -C "$folder" RUNTIME="$PWD/runtime" BUILD=build CC="${CC:-cc}"
}
build all
for technique in $techniques; do
    build "$technique" --without="$technique"
done
build none --no-tuned

: >"$work/seconds"
round=0
while [ "$round" -lt "$ROUNDS" ]; do
    for folder in all $techniques none; do
        seconds=$("$work/$folder/$name" train --epochs 2 --threads "$THREADS" --progress json --save "$work/w.safetensors" \
            2>/dev/null | sed -n 's/.*"seconds": *\([0-9.e-]*\).*/\1/p' | tail -n 1)
        [ -n "$seconds" ] || { echo "the trainer in $work/$folder failed" >&2; exit 1; }
        echo "$folder $seconds" >>"$work/seconds"
    done
    round=$((round + 1))
done

echo "$spec: seconds an epoch, $THREADS threads, $ROUNDS rounds by turns"
printf '%-16s %8s %8s %10s\n' without min median 'of all'
sort -k1,1 -k2,2g "$work/seconds" | awk -v order="all $(echo $techniques) none" '
    { v[$1, ++n[$1]] = $2 }
    END {
        count = split(order, names, " ")
        for (i = 1; i <= count; i++) {
            k = names[i]
            median = (v[k, int((n[k] + 1) / 2)] + v[k, int(n[k] / 2) + 1]) / 2
            if (i == 1) whole = median
            label = k == "all" ? "-" : k == "none" ? "any (--no-tuned)" : k
            printf "%-16s %8.3f %8.3f %9.2fx\n", label, v[k, 1], median, median / whole
        }
    }'
