# shellcheck shell=sh
# Sourced by damage.sh: damaged files through whole trainers, under the sanitizers. Wherever a file is cut, and whichever
# byte of it is another one, the trainer says what is wrong and exits with 1, or the byte meant nothing and all is as before.
through_flags="-O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all"

# builds NAME INPUT OUTPUTS DATA: the trainer $temp/NAME/NAME.
builds() {
    printf 'net %s {\n input %s\n flatten\n linear(-> %s)\n}\ndata %s\ntrain { loss = cross_entropy; optimizer = sgd(lr=0.01); epochs = 1 }\n' \
        "$1" "$2" "$3" "$4" >"$temp/$1.net"
    check "$1 builds" trainer "$temp/$1.net" "$temp/$1" --cpu=native -- CC="$CC" EXTRA_CFLAGS="$through_flags"
}

# ends STATUSES COMMAND...: it exits with one of them, with a message where that is 1, and no sanitizer has anything to say.
ends() {
    ends_any=$1
    shift
    "$@" >"$temp/ended" 2>&1
    ends_got=$?
    cat "$temp/ended"
    case $ends_any in *$ends_got*) ;; *) return 1 ;; esac
    ! grep -q 'Sanitizer\|runtime error' "$temp/ended" && { [ $ends_got -eq 0 ] || grep -q '^[a-z]*: error: ' "$temp/ended"; }
}

# through FILE COMMAND...: the command with the file as it is, and damaged at so many places.
through() {
    through_file=$1 through_name=${1#"$temp/"}
    shift
    cp "$through_file" "$temp/whole"
    through_size=$(wc -c <"$temp/whole")
    check "$through_name as it is" ends 0 "$@"
    for through_step in $(seq 0 10); do
        at=$((through_step * (through_size - 1) / 10))
        head -c $at "$temp/whole" >"$through_file"
        check "$through_name cut at $at" ends 1 "$@"
        byte=$(od -A n -t u1 -j $at -N 1 "$temp/whole")
        # shellcheck disable=SC2059
        { cat "$through_file"; printf "\\$(printf %o $((byte ^ 255)))"; tail -c +$((at + 2)) "$temp/whole"; } >"$temp/flipped"
        cp "$temp/flipped" "$through_file"
        check "$through_name with another byte at $at" ends "0 1" "$@"
    done
    cp "$temp/whole" "$through_file"
}

builds idx 1x1x1 2 "idx { root = \"$temp/idx-data\" }"
mkdir "$temp/idx-data"
for part in train t10k; do
    { number 2051; number 1; number 1; number 1; printf '\007'; } >"$temp/idx-data/$part-images-idx3-ubyte"
    { number 2049; number 1; printf '\001'; } | gzip >"$temp/idx-data/$part-labels-idx1-ubyte.gz"
done
through "$temp/idx-data/train-images-idx3-ubyte" "$temp/idx/idx" train --save "$temp/w"
through "$temp/idx-data/t10k-labels-idx1-ubyte.gz" "$temp/idx/idx" train --save "$temp/w"

builds folder 3x2x3 2 "folder { root = \"$temp/folder-data\"; transform = [resize((2, 3))] }"
for place in train/a train/b test/a test/b; do
    mkdir -p "$temp/folder-data/$place"
    cp tests/fuzz/seeds/png/colour_8.png tests/fuzz/seeds/pgm/bytes.pgm "$temp/folder-data/$place"
done
through "$temp/folder-data/train/a/colour_8.png" "$temp/folder/folder" train --save "$temp/w"
through "$temp/folder-data/test/b/bytes.pgm" "$temp/folder/folder" train --save "$temp/w"

builds emnist 1x28x28 27 "emnist(letters) { root = \"$temp/emnist-data\" }"
mkdir "$temp/emnist-data"
cp tests/fuzz/seeds/emnist/deflated.zip "$temp/emnist-data/gzip.zip"
through "$temp/emnist-data/gzip.zip" "$temp/emnist/emnist" train --save "$temp/w"

# Only the test part is in the archive; the other one is zeros, of which a file takes no room.
builds cifar 3x32x32 10 "cifar10 { root = \"$temp/cifar-data\"; batch_size = 5000 }"
mkdir "$temp/cifar-data"
for batch in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    dd if=/dev/zero of="$temp/cifar-data/$batch.bin" bs=1 count=0 seek=30730000 2>/dev/null
done
check "an archive is made" tar -C "$temp/cifar-data" -czf "$temp/cifar-data/cifar-10-binary.tar.gz" test_batch.bin
rm "$temp/cifar-data/test_batch.bin"
check "cifar trains" ends 0 "$temp/cifar/cifar" train --steps 1 --save "$temp/cifar-weights"
through "$temp/cifar-data/cifar-10-binary.tar.gz" "$temp/cifar/cifar" eval --weights "$temp/cifar-weights"
