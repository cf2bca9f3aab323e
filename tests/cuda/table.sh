#!/bin/sh
# What the kernels of a model take, as Markdown: table.sh FOLDER MODEL ARCH...
folder=$1 model=$2
shift 2
command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || { echo "table.sh: nvcc is neither in PATH nor in /usr/local/cuda/bin" >&2; exit 1; }
temp=$(mktemp -d) || exit 3
trap 'rm -rf "$temp"' EXIT
"$folder/check" kernels | grep "^$model/" >"$temp/kernels"
archs=$(echo "$*" | sed 's/ /, /g') files=
for cu in $(cut -d ' ' -f 1 "$temp/kernels" | uniq); do
    sh tests/cuda/nvcc.sh "$folder" "$cu" "$(echo "$*" | tr ' ' ',')"
    if [ -e "$folder/$cu.failed" ]; then
        cat "$folder/$cu.failed" >&2
        exit 1
    fi
    files="$files file=$cu $folder/$cu.ptxas"
done
# shellcheck disable=SC2086
awk -v table=1 -v kernels="$temp/kernels" -v archs="$archs" -f tests/cuda/ptxas.awk "$temp/kernels" $files |
    sed "s/${model}_/${model%_*}_/"          # without the target, which nets.mk appends
