#!/bin/sh
# A trainer that fetches its data, from a server on this machine that misbehaves as tests/unit/http_server.h says.
. tests/lib.sh
work=$temp/work
mkdir "$work"

# A server of FOLDER, whose log is $temp/log; sets $server to its address. AWAY: see http_server.h.
serve() {
    : >"$temp/port"
    "$temp/serve" "$1" "$temp/log" "${2:-}" >"$temp/port" &
    server_process=$!
    trap 'kill $server_process 2>/dev/null; rm -rf "$temp"' EXIT
    while ! [ -s "$temp/port" ]; do sleep 0.05; done
    server=http://127.0.0.1:$(cat "$temp/port")
}
stop_server() { kill $server_process; wait $server_process 2>/dev/null; }
requests() { grep -c "${1:-}" "$temp/log"; }

# run STATUS WORDS TRAINER ARGUMENTS...: it exits so, and says so on standard error, which is kept in $temp/err.
run() {
    run_status=$1 run_words=$2
    shift 2
    "$@" >"$temp/out" 2>"$temp/err"
    run_got=$?
    cat "$temp/err"
    [ $run_got -eq "$run_status" ] && { [ -z "$run_words" ] || grep -qF -- "$run_words" "$temp/err"; }
}
says() { grep -qF -- "$1" "$temp/err"; }
silent() { ! [ -s "$temp/err" ]; }

check "the server builds" "$CC" -std=gnu11 -O1 -Wall -Wextra -Werror -pthread -o "$temp/serve" tests/download/serve.c
check "the seed network builds" trainer specs/lenet.net "$temp/lenet" --cpu=native
sed 's/download *= true/download = false/' specs/lenet.net >"$temp/plain.net"
check "one that does not download builds" trainer "$temp/plain.net" "$temp/plain" --cpu=native
lenet=$temp/lenet/lenet

# ---- MNIST, from its own files

serve data
train="$lenet train --steps 1 --save $temp/w --data"
mnist() { (cd "$1" && ls | LC_ALL=C sort | tr '\n' ' '); }
all="t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz "

# What is not there and not to be fetched.
check "says what to type" run 1 "curl -fL --create-dirs --output-dir '$work/none'" "$temp/plain/lenet" train --data "$work/none"
check "and where the files are" says "-O https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz"
check "and makes no folder" test ! -e "$work/none"
check "info asks no server" run 0 "" env NETC_MIRROR="$server/good/mnist" "$lenet" info --data "$work/none"
check "no request so far" test "$(requests)" -eq 0

# From an empty folder.
export NETC_MIRROR="$server/good/mnist"
check "training fetches" run 0 "fetching $NETC_MIRROR/t10k-images-idx3-ubyte.gz" "$lenet" train --steps 1 --save "$temp/w" --data "$work/a/b"
check "four files" test "$(mnist "$work/a/b")" = "$all"
check "by four requests" test "$(requests)" -eq 4
check "the right ones" sh -c "cd '$work/a/b' && for f in *; do cmp \$f '$PWD/data/mnist/'\$f || exit 1; done"
check "nothing is fetched twice" run 0 "" $train "$work/a/b"
check "no request more" test "$(requests)" -eq 4
check "eval fetches the test part" run 0 "" "$lenet" eval --weights "$temp/w" --data "$work/test" --progress off
check "alone" test "$(mnist "$work/test")" = "t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz "
check "off is silent" silent
check "bench fetches the rest" run 0 "" "$lenet" bench --device cpu --steps 1 --epochs 1 --json --data "$work/test"
check "and has all" test "$(mnist "$work/test")" = "$all"
check "bench --json is silent" silent

# A cut connection, and one that was cut in an earlier run.
export NETC_MIRROR="$server/cut/mnist"
check "goes on where it was cut off" run 0 "going on" "$lenet" eval --weights "$temp/w" --data "$work/cut"
check "is not satisfied with 404" run 1 "train-images-idx3-ubyte.gz could not be fetched" env NETC_MIRROR="$server/404" $train "$work/cut"
check "names address and fault" says "$server/404/train-images-idx3-ubyte.gz: The requested URL returned error: 404"
check "nor with garbage" run 1 "what it sends is not the file: its MD5 is another" env NETC_MIRROR="$server/garbage/mnist" $train "$work/cut"
check "garbage gets no name" test "$(mnist "$work/cut")" = "t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz "
head -c 1000000 data/mnist/train-images-idx3-ubyte.gz >"$work/cut/train-images-idx3-ubyte.gz.part"
check "goes on where an earlier run was cut off" run 0 "fetching the rest of" env NETC_MIRROR="$server/good/mnist" $train "$work/cut"
check "and has all" test "$(mnist "$work/cut")" = "$all"

# On a terminal a bar grows; and whoever does not want to wait stops it.
export NETC_MIRROR="$server/slow/mnist"
if command -v script >/dev/null; then
    TERM=xterm script -qec "$lenet eval --weights $temp/w --data $work/slow" "$temp/screen" >/dev/null 2>&1 </dev/null
    check "a bar grows" grep -q 't10k-images-idx3-ubyte.gz \[##*--*\]  *[0-9]* %  [0-9.]* MiB of 1.5 MiB' "$temp/screen"
fi
check "Ctrl-C ends a download" run 130 "train-images-idx3-ubyte.gz.part is kept: the next run goes on" \
    timeout --foreground --preserve-status -s INT 1 "$lenet" train --data "$work/stopped" --save "$temp/w"
check "what has come is kept" test -s "$work/stopped/train-images-idx3-ubyte.gz.part"

# Damaged files.
export NETC_MIRROR="$server/good/mnist"
# flip FILE OFFSET: turns a byte over.
flip() {
    flip_byte=$(od -A n -t u1 -j "$2" -N 1 "$1")
    printf "\\$(printf %o $((flip_byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
damaged() { # WHAT FILE: the trainer says so, keeps it aside and fetches it anew.
    cp "$work/d/$2" "$temp/wrong"
    check "$1 is fetched anew" run 0 "damaged: it is kept as $work/d/$2.damaged" $train "$work/d"
    check "$1 is kept aside" cmp "$temp/wrong" "$work/d/$2.damaged"
    check "$1: the right one is there" test -s "$work/d/${2%.gz}.gz"
    rm -r "$work/d"
    cp -r "$work/a/b" "$work/d"
}
cp -r "$work/a/b" "$work/d"
flip "$work/d/train-images-idx3-ubyte.gz" 5000000
damaged "a flipped byte" train-images-idx3-ubyte.gz
head -c 3000000 data/mnist/train-images-idx3-ubyte.gz >"$work/d/train-images-idx3-ubyte.gz"
damaged "a truncated file" train-images-idx3-ubyte.gz
: >"$work/d/t10k-labels-idx1-ubyte.gz"
damaged "an empty file" t10k-labels-idx1-ubyte.gz
gzip -dc data/mnist/train-labels-idx1-ubyte.gz >"$work/d/train-labels-idx1-ubyte"
flip "$work/d/train-labels-idx1-ubyte" 30000
damaged "a flipped byte of an unpacked file" train-labels-idx1-ubyte
gzip -dc data/mnist/t10k-images-idx3-ubyte.gz | head -c 5000000 >"$work/d/t10k-images-idx3-ubyte"
damaged "a truncated unpacked file" t10k-images-idx3-ubyte
flip "$work/d/train-images-idx3-ubyte.gz" 5000000
check "without download it is an error" run 1 "train-images-idx3-ubyte.gz" "$temp/plain/lenet" train --data "$work/d"
check "and stays where it is" test -e "$work/d/train-images-idx3-ubyte.gz"

# Somebody's own images: never touched.
some_mnist "$work/own" 128 64
cp -r "$work/own" "$temp/own"
before=$(requests)
check "own files will do" run 0 "" $train "$work/own"
check "no request for them" test "$(requests)" -eq "$before"
flip "$work/own/train-labels-idx1-ubyte" 20
check "a wrong label in them is an error" run 1 "offset 20: found label" $train "$work/own"
check "and they stay" test -e "$work/own/train-labels-idx1-ubyte"
stop_server
check "no server is needed" run 0 "" $train "$work/a/b"
check "one that is away is said to be" run 1 "could not be fetched" $train "$work/e"

# ---- redirects: from https only to https

if command -v openssl >/dev/null; then
    mkdir "$temp/tls"
    check "makes a certificate" openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$temp/tls/key" -out "$temp/tls/cert"
    serve data
    for name in train-images train-labels t10k-images t10k-labels; do
        dimensions=${name#*-}
        dimensions=$([ "$dimensions" = images ] && echo idx3 || echo idx1)
        printf 'HTTP/1.1 302 Found\r\nLocation: %s/good/mnist/%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$server" \
            "$name-$dimensions-ubyte.gz" >"$temp/tls/$name-$dimensions-ubyte.gz"
    done
    port=$(($(cat "$temp/port") % 20000 + 20001))
    (cd "$temp/tls" && exec openssl s_server -accept 127.0.0.1:$port -cert cert -key key -HTTP -quiet >"$temp/tls.out" 2>&1) &
    tls_process=$!
    trap 'kill $server_process $tls_process 2>/dev/null; rm -rf "$temp"' EXIT
    sleep 1
    check "a certificate nobody vouches for is refused" run 1 "ertificate" env NETC_MIRROR="https://127.0.0.1:$port" $train "$work/tls"
    export SSL_CERT_FILE="$temp/tls/cert"
    check "https does not lead to http" run 1 "rotocol" env NETC_MIRROR="https://127.0.0.1:$port" $train "$work/tls"
    check "no byte came that way" test "$(requests)" -eq 0
    kill $tls_process
    check "http leads to http" run 0 "" env NETC_MIRROR="$server/redirect/mnist" $train "$work/redirected"
    stop_server
    unset SSL_CERT_FILE
else
    echo "download: redirects from https are skipped: there is no openssl here"
fi

# ---- without the library

cat >"$temp/hide.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
void *dlopen(const char *file, int flags)       /* hides what HIDE names */
{
    const char *hide = getenv("HIDE");
    void *(*real)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");
    return file && hide && strstr(file, hide) ? NULL : real(file, flags);
}
C
check "the library is hidden" "$CC" -shared -fPIC -o "$temp/hide.so" "$temp/hide.c" -ldl
check "without libcurl" run 1 "apt-get install libcurl4" env LD_PRELOAD="$temp/hide.so" HIDE=libcurl $train "$work/f"
check "without libcrypto" run 1 "apt-get install libssl3" env LD_PRELOAD="$temp/hide.so" HIDE=libcrypto $train "$work/f"
check "neither is needed where nothing is missing" run 0 "" env LD_PRELOAD="$temp/hide.so" HIDE=lib $train "$work/a/b"

# Without zlib what was fetched cannot be read, but is no less whole for that.
check "one without zlib builds" trainer specs/lenet.net "$temp/packed" --cpu=native -- EXTRA_CFLAGS=-DNETC_NO_ZLIB
cp -r "$work/a/b" "$work/g"
check "without zlib" run 1 "unpack it with: gunzip" "$temp/packed/lenet" train --data "$work/g"
check "nothing is moved" test "$(mnist "$work/g")" = "$all"

# ---- Fashion-MNIST, where its files are

fashion=/usr/share/datasets/fashion-mnist
if [ -e $fashion/train-images-idx3-ubyte.gz ]; then
    check "specs/fashion_mnist.net builds" trainer specs/fashion_mnist.net "$temp/fashion" --cpu=native
    serve /usr/share/datasets
    export NETC_MIRROR="$server/good/fashion-mnist"
    check "Fashion-MNIST is fetched" run 0 "" "$temp/fashion/fashion_mnist" train --steps 1 --save "$temp/w" --data "$work/fashion"
    check "all of it" test "$(mnist "$work/fashion")" = "$all"
    stop_server
else
    echo "download: Fashion-MNIST is skipped: its files are not in $fashion (Debian's dataset-fashion-mnist has them)"
fi
finish download
