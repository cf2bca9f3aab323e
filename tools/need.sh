#!/bin/sh
# Sees to what a target needs from the system: need.sh build | test | fuzz | cross | bench
# What is missing is installed with apt-get where that is possible without asking; else the one command is printed that
# installs it, and the status is 1. With --print nothing is installed, only said.
set -eu

cc=${CC:-cc}
print=no
if [ "${1-}" = --print ]; then
    print=yes
    shift
fi

# Each check tries the thing itself, whoever installed it.
tool()   { command -v "$1" >/dev/null 2>&1; }
header() { echo "#include <$1>" | "$cc" -E - >/dev/null 2>&1; }
links()  {  # compiler, flags
    compiler=$1
    shift
    echo 'int main(void) { return 0; }' | "$compiler" "$@" -x c - -o /dev/null 2>/dev/null
}
jemalloc() { ls /usr/lib/*/libjemalloc.so.2 /usr/lib*/libjemalloc.so.2 /usr/local/lib*/libjemalloc.so.2 2>/dev/null | grep -q .; }
archer() { ls /usr/lib/llvm-*/lib/libarcher.so /usr/lib*/libarcher.so /usr/local/lib*/libarcher.so 2>/dev/null | grep -q .; }

missing=
want() { missing="$missing $1"; }

for group in "$@"; do
    case $group in
    build)
        tool "$cc"    || want gcc
        header stdio.h || want libc6-dev
        tool flex     || want flex
        tool bison    || want bison
        header zlib.h || want zlib1g-dev
        ;;
    test)
        header png.h                       || want libpng-dev
        links "$cc" -l:libcurl.so.4        || want libcurl4
        links "$cc" -l:libcrypto.so.3 || links "$cc" -l:libcrypto.so.1.1 || want libssl3
        links "$cc" -l:libarchive.so.13    || want libarchive13
        header cmocka.h                    || want libcmocka-dev
        tool "${CXX:-c++}"                 || want g++
        tool clang                         || want clang
        links clang -fopenmp && archer     || want libomp-dev
        links clang -fsanitize=address     || want libclang-rt-dev
        tool llvm-symbolizer               || want llvm
        ;;
    fuzz)
        echo 'int LLVMFuzzerTestOneInput(const char *at, unsigned long size) { return at[0] + (int)size; }' |
            clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null || want libclang-rt-dev
        ;;
    cross)
        tool aarch64-linux-gnu-gcc                         || want gcc-aarch64-linux-gnu
        links aarch64-linux-gnu-gcc -fopenmp               || want libc6-dev-arm64-cross
        [ "$(uname -m)" = aarch64 ] || tool qemu-aarch64 || tool qemu-aarch64-static || want qemu-user
        ;;
    bench)
        # A Python that PYTHON names is taken as it is.
        [ -n "${PYTHON-}" ] || tool python3 || want python3
        [ -n "${PYTHON-}" ] || python3 -c 'import ensurepip, venv' 2>/dev/null || want python3-venv
        jemalloc || want libjemalloc2
        ;;
    *)
        echo "need.sh: build, test, fuzz, cross or bench, not '$group'" >&2
        exit 2
        ;;
    esac
done
[ -n "$missing" ] || exit 0

if ! tool apt-get; then
    echo "Missing here:$missing (Debian's names). Install them with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as=
else
    as="sudo "
    tool sudo && sudo -n true 2>/dev/null || print=yes
fi
install="${as}apt-get install -y --no-install-recommends$missing"
if [ $print = yes ]; then
    echo "Missing here:$missing. This installs them:" >&2
    echo "    ${as}apt-get update && $install" >&2
    exit 1
fi
echo "Installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
if ! { ${as}apt-get update && $install; } >/dev/null; then
    echo "This failed: $install" >&2
    exit 1
fi
