#!/bin/sh
# NVRTC and nvcc compile the CUDA code of many models, with warnings as errors, and ptxas says what it takes:
# compile.sh FOLDER PART..., as cuda.mk has built them. One architecture for each file, by turns, and beyond the first part
# one of the two compilers; with ARCHS=all all architectures for the first part, and the oldest and the newest for the others.
# What is not there is left out, and said.
folder=$1
shift
passed=0 failed=0
jobs=$(nproc 2>/dev/null || echo 2)
skipped=
temp=$(mktemp -d) || exit 3
trap 'rm -rf "$temp"' EXIT

# ---- NVRTC: the program opens it as a trainer does

which=${ARCHS:+all} which=${which:-some}
for part in "$@"; do
    "$folder/$part/check" nvrtc $which >"$temp/$part.out" 2>&1 &
    which=${ARCHS:+ends} which=${which:-half}
done
wait
for part in "$@"; do
    last=$(tail -n 1 "$temp/$part.out")
    case $last in
    *skipped:*)
        skipped="${last##*skipped: }"
        ;;
    nvrtc:*" passed, "*)
        sed '$d' "$temp/$part.out"
        p=${last#nvrtc: } f=${last##* passed, }
        passed=$((passed + ${p%% *})) failed=$((failed + ${f%% *}))
        ;;
    *)
        cat "$temp/$part.out"
        failed=$((failed + 1))
        ;;
    esac
done
[ -z "$skipped" ] || echo "NVRTC left out: $skipped"

# ---- nvcc

command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin
if ! command -v nvcc >/dev/null; then
    echo "nvcc left out: it is neither in PATH nor in /usr/local/cuda/bin"
    echo "cuda-compile: $passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
fi
archs=$(nvcc --list-gpu-code | sort -V)
oldest=$(echo "$archs" | head -n 1) newest=$(echo "$archs" | tail -n 1)
count=$(echo "$archs" | wc -l) turn=0 choice=${ARCHS:+all}
for part in "$@"; do
    "$folder/$part/check" kernels | sed "s|^|$part/|"  >>"$temp/kernels"
    for cu in $(cut -d ' ' -f 1 "$temp/kernels" | grep "^$part/" | uniq | sort -u); do
        case $choice in
        all)  for_archs=$archs ;;
        ends) for_archs="$oldest $newest" ;;
        half) for_archs=$([ $((turn % 2)) = 1 ] && echo "$archs" | sed -n "$((turn % count + 1))p") ;;
        *)    for_archs=$(echo "$archs" | sed -n "$((turn % count + 1))p") ;;
        esac
        turn=$((turn + 1))
        [ -z "$for_archs" ] || echo "$folder $cu" $(echo $for_archs | tr ' ' ',')
    done
    choice=${ARCHS:+ends} choice=${choice:-half}
done >"$temp/list"
xargs -P "$jobs" -n 3 sh tests/cuda/nvcc.sh <"$temp/list"
while read -r _ cu for_archs; do
    each=$(echo "$for_archs" | tr ',' '\n' | wc -l)
    if [ -e "$folder/$cu.failed" ]; then
        cat "$folder/$cu.failed"
        failed=$((failed + each))
    else
        passed=$((passed + each))
        set -- "$@" file="$cu" "$folder/$cu.ptxas"
    fi
done <"$temp/list"

# The names of files are arguments: the parts come first, and are not read.
parts=0
for argument in "$@"; do
    case $argument in
    file=*) break ;;
    *) parts=$((parts + 1)) ;;
    esac
done
shift $parts
awk -v kernels="$temp/kernels" -f tests/cuda/ptxas.awk "$temp/kernels" "$@" >"$temp/ptxas"
sed '$d' "$temp/ptxas"
read -r seen bad <<END
$(tail -n 1 "$temp/ptxas")
END
[ "$seen" -gt 0 ] || bad=1
passed=$((passed + seen - bad)) failed=$((failed + bad))
echo "cuda-compile: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
