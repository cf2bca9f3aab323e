#!/bin/sh
# The seed network's first ten steps: losses.sh PROGRAM DIRECT. The losses beside PyTorch's, by losses.c, closely where
# convolutions multiply every tap (DIRECT) and less so with Winograd's rounding, which turns near-ties of the pools over;
# and a trainer that starts from the same weights, in the order of the files, ends with the weights that losses.c ends with.
. tests/lib.sh

check "losses" "$2" tests/seed/losses.txt 1e-5 "$temp/init" "$temp/final"
check "losses with Winograd's rounding" "$1" tests/seed/losses.txt 1e-4 "$temp/init" "$temp/final"
sed 's/^\( *shuffle *=\) true/\1 false/' specs/lenet.net >"$temp/lenet.net"
check "the trainer builds" trainer "$temp/lenet.net" "$temp/lenet" --cpu=generic
check "the trainer trains" "$temp/lenet/lenet" train --init "$temp/init" --steps 10 --progress off --save "$temp/trained"
check "the trainer makes the same steps" cmp "$temp/final" "$temp/trained"
finish losses
