#!/bin/sh
# CUDA code on the device that the host plays: host.sh FOLDER PART..., as cuda.mk has built them. The device itself first.
folder=$1
shift
passed=0 failed=0

# counts COMMAND...: adds what its last line says.
counts() {
    output=$("$@" 2>&1)
    status=$?
    last=$(printf '%s\n' "$output" | tail -n 1)
    case $last in
    *" passed, "*" failed")
        p=${last#*: } p=${p%% passed*} f=${last%% failed} f=${f##* }
        printf '%s\n' "$output" | sed '$d'
        [ $status -ne 0 ] && [ "$f" -eq 0 ] && f=1
        ;;
    *)
        p=0 f=1
        echo "$* (exit status $status):"
        printf '%s\n' "$output" | tail -n 30
        ;;
    esac
    passed=$((passed + p)) failed=$((failed + f))
}

# The address sanitizer is to stop what goes beyond shared memory or a buffer.
stopped() {
    output=$("$folder/device/device_check" "$folder/device/device_check.so" "$1" 2>&1)
    if printf '%s\n' "$output" | grep -q 'AddressSanitizer: heap-buffer-overflow'; then
        passed=$((passed + 1))
    else
        echo "$1 was not stopped"
        failed=$((failed + 1))
    fi
}

counts "$folder/device/device_check" "$folder/device/device_check.so"
if grep -q __asan "$folder/device/device_check"; then
    stopped beyond_shared
    stopped beyond_buffer
fi
for part in "$@"; do
    counts "$folder/$part/check" compare "$folder/$part"
done
echo "cuda-host: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
