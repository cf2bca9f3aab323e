#!/bin/sh
# Compiles one .cu by nvcc for one architecture, warnings as errors: nvcc.sh FOLDER FILE ARCH. What ptxas says of registers,
# stack and shared memory goes to FILE.ARCH.ptxas; what is wrong to FILE.ARCH.failed.
cu=$1/$2 arch=$3
log=$cu.$arch.ptxas
rm -f "$cu.$arch.failed"
if ! nvcc -std=c++17 -arch="$arch" -cubin -Werror all-warnings -Xcompiler -Wall,-Wextra,-Wno-unused-parameter,-Werror \
          -Xptxas -v -I runtime -o /dev/null "$cu" >"$log" 2>&1; then
    { echo "nvcc -arch=$arch $cu:"; grep -v '^ptxas info' "$log"; } >"$cu.$arch.failed"
fi
