#!/bin/sh
# From start to end, as somebody new does it: the spec is compiled, the trainer fetches MNIST from a server on this machine
# into an empty folder, trains, is interrupted, goes on, is evaluated, and reads a digit from a picture.
. tests/lib.sh

check "the seed network builds" trainer specs/lenet.net "$temp/lenet" --cpu=native
check "a server builds" "$CC" -std=gnu11 -O1 -pthread -o "$temp/serve" tests/download/serve.c
check "the pictures' maker builds" "$CC" -O1 -o "$temp/pictures" tests/use/pictures.c -lpng -lz
check "pictures are made" sh -c "mkdir '$temp/p' && '$temp/pictures' data/mnist/t10k-images-idx3-ubyte.gz 0 '$temp/p'"
"$temp/serve" data "$temp/served" >"$temp/port" &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$temp"' EXIT
while ! [ -s "$temp/port" ]; do sleep 0.05; done
NETC_MIRROR=http://127.0.0.1:$(cat "$temp/port")/good/mnist
export NETC_MIRROR
cd "$temp" || exit 3
lenet=lenet/lenet

says() {  # STATUS TEXT COMMAND...
    wanted=$1 text=$2
    shift 2
    "$@" >out 2>err
    got=$?
    cat out err
    [ $got -eq "$wanted" ] && cat out err | grep -qF -- "$text"
}

check "an epoch without a break" says 0 'weights saved in whole' $lenet train --data mnist --epochs 2 --save whole
check "four files were fetched" test "$(ls mnist | wc -l)" -eq 4 -a "$(grep -c 'GET' served)" -eq 4
kill $server
wait $server 2>/dev/null

# Interrupted after a second, or if it is all over by then, after less.
for after in 1.0 0.6 0.4 0.3; do
    timeout --foreground --preserve-status -s INT $after $lenet train --data mnist --epochs 2 --save resumed --checkpoint c \
        --log log >out 2>err
    status=$?
    [ $status -ne 0 ] && break
done
check "interrupted" test $status -eq 130
check "says how to go on" grep -q 'interrupted after step .*; this goes on:' err
check "which does" says 0 'weights saved in resumed' sh -c "$(sed -n 's/^  //p' err)"
check "to the same bytes" cmp whole resumed
check "with a log of both epochs" test "$(grep -c '"epoch":' log/metrics.jsonl)" -eq 2
check "evaluated: more than 97 % are right" says 0 'accuracy 97.' $lenet eval --data mnist --weights resumed
check "a digit in colour on white paper is read" says 0 'p/colour.png: 7  ' $lenet predict --weights resumed --invert p/colour.png
check "by the checkpoint's weights as well" says 0 'p/grey.png: 7  ' $lenet predict --weights c p/grey.png

echo "whole: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
