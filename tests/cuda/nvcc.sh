#!/bin/sh
# Compiles one .cu by nvcc for a list of architectures, warnings as errors: nvcc.sh FOLDER FILE ARCH,ARCH... What ptxas says
# of registers, stack and shared memory goes to FILE.ptxas; what is wrong to FILE.failed. The code is translated once, for
# the first of them: ptxas makes what each of them runs of it.
cu=$1/$2 archs=$3
first=${archs%%,*}
log=$cu.ptxas
rm -f "$cu.failed"
if ! nvcc -std=c++17 -gencode "arch=compute_${first#sm_},code=[$archs]" -fatbin -Werror all-warnings \
          -Xcompiler -Wall,-Wextra,-Wno-unused-parameter,-Werror -Xptxas -v -I runtime -o /dev/null "$cu" >"$log" 2>&1; then
    { echo "nvcc for $archs, $cu:"; grep -v '^ptxas info' "$log"; } >"$cu.failed"
fi
