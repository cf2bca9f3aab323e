#!/bin/sh
# The committed example is what netc writes, the specs of tests/tuned are what their script writes; an installed netc works
# away from its source tree.
. tests/lib.sh
make=${MAKE:-make}

same() {  # the committed files, but for what a build leaves beside them
    for file in "$temp"/lenet/*; do
        cmp "$file" "generated/lenet/$(basename "$file")" || return 1
    done
    for file in $(git ls-files generated/lenet 2>/dev/null); do
        [ -e "$temp/lenet/$(basename "$file")" ] || { echo "$file is not written any more"; return 1; }
    done
}
check "compiles the example" "$NETC" specs/lenet.net --cpu=avx2 -o "$temp/lenet"
check "generated/lenet is current: $NETC specs/lenet.net --cpu=avx2 writes it" same

specs_same() {
    mkdir "$temp/specs" && tests/tuned/specs.sh "$temp/specs" || return 1
    for file in tests/tuned/*.net; do
        cmp "$file" "$temp/specs/${file##*/}" || return 1
    done
    for file in "$temp"/specs/*; do
        [ -e "tests/tuned/${file##*/}" ] || { echo "tests/tuned/ lacks ${file##*/}"; return 1; }
    done
}
check "tests/tuned/*.net are current: tests/tuned/specs.sh writes them" specs_same

check "installs" "$make" install DESTDIR="$temp/stage" PREFIX=/opt/netc BUILD="$(dirname "$NETC")"
prefix=$temp/stage/opt/netc
mkdir "$temp/away"
cp specs/lenet.net "$temp/away/net.net"
data=$PWD/data/mnist
cd "$temp/away" || exit 3
PATH=$prefix/bin:$PATH
export PATH
check "--runtime names the installed runtime" test "$(netc --runtime)" = "$prefix/share/netc/runtime"
check "compiles elsewhere" netc net.net --cpu=native
check "the Makefile finds the runtime" "$make" -s -C generated/lenet CC="$CC"
check "trains there" generated/lenet/lenet train --steps 3 --data "$data" --progress off --save w.safetensors
check "writes weights" test -s w.safetensors
if grep -rlF "$temp" generated --include='*.[ch]' --include=Makefile >paths.txt; then
    check "no path of the machine in what is generated: $(tr '\n' ' ' <paths.txt)" false
else
    check "no path of the machine in what is generated" true
fi
finish install
