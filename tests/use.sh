#!/bin/sh
# What a trained network is used for: eval's report, predict, and the log of a training. EXTRA_CFLAGS=flags builds the
# trainers with these.
. tests/lib.sh

check "the trainer builds" trainer specs/lenet.net "$temp/lenet" --cpu=native -- EXTRA_CFLAGS="${EXTRA_CFLAGS:-}"
check "the pictures' maker builds" $CC -O1 -o "$temp/pictures" tests/use/pictures.c -lpng -lz
some_mnist "$temp/data" 4000 1000
check "pictures are made" sh -c "mkdir '$temp/p' && '$temp/pictures' data/mnist/t10k-images-idx3-ubyte.gz 0 '$temp/p'"
root=$PWD
cd "$temp" || exit 3
net=$temp/lenet/lenet

# says STATUS TEXT ARGUMENT...: the trainer ends so and says so; `out` and `err` keep it.
says() {
    says_status=$1 says_text=$2
    shift 2
    "$net" "$@" >out 2>err
    says_got=$?
    [ $says_got -eq "$says_status" ] && cat out err | grep -qF -- "$says_text" && return
    echo "exit status $says_got, expected $says_status and '$says_text'"
    cat out err
    return 1
}

# Each line of the file is one JSON object: strings become s, numbers v, then objects and lists of these v.
is_json() {
    sed -E 's/"([^"\\]|\\.)*"/s/g; s/-?[0-9][0-9.e+-]*|null/v/g; :again
        s/\{(s: [vs](, s: [vs])*)?\}/v/g; s/\[([vs](, [vs])*)?\]/v/g; tagain' "$1" | grep -vx v && return 1
    [ -s "$1" ]
}

is_picture() {
    head -c 40 "$1" | grep -q '^<svg xmlns=' && tail -n 1 "$1" | grep -qx '</svg>' || return 1
    ! command -v xmllint >/dev/null || xmllint --noout "$1"
}

# ---- the log

check "train --log" says 0 "weights saved" train --data data --epochs 3 --log log --lr 0.03
check "the log has its files" test "$(ls log | tr '\n' ' ')" = "accuracy.svg confusion.svg loss.svg metrics.jsonl mistakes.svg "
for picture in log/*.svg; do
    check "$picture is a picture" is_picture "$picture"
done
check "metrics.jsonl is JSON" is_json log/metrics.jsonl
check "a line for the run and one for each epoch" test "$(sed 's/:.*//' log/metrics.jsonl | tr -d '{"\n')" = netepochepochepoch
"$net" train --data data --epochs 3 --lr 0.03 --progress json --save same 2>err >out
for key in train_loss test_loss test_accuracy; do
    check "its $key is what --progress json says" test \
        "$(grep -o "\"$key\": [-0-9.e]*" log/metrics.jsonl)" = "$(grep -o "\"$key\": [-0-9.e]*" out)"
done
check "a log changes no weight" cmp lenet.safetensors same
"$net" eval --data data >out 2>err
right=$(sed -n 's/.*(\([0-9]*\) of.*/\1/p' out)
check "the confusion matrix is eval's" grep -q "after epoch 3: $right of 1000 are right" log/confusion.svg
check "as many mistakes as there are, at most 24" test "$(grep -c '<image' log/mistakes.svg)" -eq \
    "$([ $((1000 - right)) -lt 24 ] && echo $((1000 - right)) || echo 24)"
check "no epoch" says 0 "weights saved" train --data data --epochs 0 --log zero --save zero.safetensors
check "its log has the initial weights" grep -q '^{"epoch": 0, "step": 0, "train_loss": null' zero/metrics.jsonl
check "and pictures" is_picture zero/loss.svg

check "a file where the log should be" says 1 "it is not a folder" train --data data --log lenet.safetensors --save x
check "no folder to make it in" says 1 "none/log: cannot make this folder" train --data data --log none/log --save x
mkdir -p taken/metrics.jsonl
check "a folder where its lines should be" says 1 "it is a folder" train --data data --log taken --save x
check "no data: no folder is left" says 1 "could not be fetched" train --data nodata --log left --save x
check "" test ! -e left
{ (ulimit -f 0 && exec "$net" train --data data --log full --save x; ) 2>&1; echo "status $?"; } | cat >out
check "no room for a log is said" grep -qx "status 3" out
check "before training" sh -c 'grep -q "metrics.jsonl: cannot write" out && ! grep -q "^epoch" out'
check "and nothing is left of it" test -z "$(ls full)"
check "none of these trained" test ! -e x

# Blocks of 512 bytes: enough for the weights, not for the sheet of mistakes.
(ulimit -f 70 && exec "$net" train --data data --epochs 2 --log small --save small.safetensors) >out 2>err
check "a picture that cannot be written is an error at the end" test $? -eq 3
check "which says so" grep -q "small/mistakes.svg: cannot write" err
check "after the training" sh -c 'grep -q "weights saved" err && [ "$(grep -c epoch\": small/metrics.jsonl)" -eq 2 ]'
check "the other pictures are there, and nothing else" test "$(ls small | tr '\n' ' ')" = "accuracy.svg confusion.svg loss.svg metrics.jsonl "

"$net" train --data data --epochs 1000000 --log cut --save x >out 2>err &
cut=$! waited=0
while [ $waited -lt 600 ] && [ "$(wc -l 2>/dev/null <cut/metrics.jsonl || echo 0)" -lt 4 ]; do
    sleep 0.1
    waited=$((waited + 1))
done
kill -TERM $cut
wait $cut
check "an interrupted run" test $? -eq 143
check "has the lines of its epochs" is_json cut/metrics.jsonl
check "as many as it has made" test "$(grep -c '^epoch' err)" -eq "$(($(wc -l <cut/metrics.jsonl) - 1))"
for picture in cut/*.svg; do
    check "$picture is a picture" is_picture "$picture"
done

# A run that is resumed reads as one: what the break has cost is made anew, with the same numbers.
numbers() { sed 's/, "seconds".*//; 1d' "$1"; }
if "$net" help train | grep -q -- --resume; then
    check "half of a run" says 0 "weights saved" train --data data --epochs 2 --lr 0.03 --log two --checkpoint two.state --save x
    cp -r two one
    "$net" train --data data --epochs 3 --lr 0.03 --log one --checkpoint one.state --save x >out 2>err
    cp one/metrics.jsonl whole
    cp one/metrics.jsonl two/metrics.jsonl  # as if the third epoch had been lost behind the checkpoint
    check "the other half" says 0 "weights saved" train --data data --epochs 3 --log two --resume two.state --save x
    numbers whole >expected
    numbers two/metrics.jsonl >found
    check "their log is that of one run" cmp expected found
    check "a log that a resumed run begins" says 0 "weights saved" train --data data --epochs 4 --log later --resume two.state --save x
    check "has its rate, not the spec's" grep -q '^{"net": .*"lr": 0.03,' later/metrics.jsonl
    check "the pictures show all of it" test "$(grep -c '<circle' two/loss.svg)" -eq 6
    rm x
fi

# ---- eval

check "eval names classes and numbers" says 0 "precision" eval --data data
check "a row for each class" test "$(grep -c '^  [0-9]  *[0-9.]* %  *[0-9.]* %  *[0-9.]* %  *[0-9]*$' out)" -eq 10
check "the weighted mean of the recalls is the accuracy" test \
    "$(awk '/^test loss/ { print $5 }' out)" = "$(awk '/^  weighted mean/ { print $5 }' out)"
check "the images are counted" test "$(awk '/^  [0-9] / { n += $NF } END { print n }' out)" = 1000
check "eval as JSON" says 0 '"macro": {"precision": ' eval --data data --progress json
check "is JSON" is_json out
check "eval --json too" sh -c "'$net' eval --data data --json 2>err | sed 's/eval_seconds[^,]*//' >json; sed 's/eval_seconds[^,]*//' out | cmp json -"
check "with all classes" test "$(grep -o '{"name": "[0-9]", "precision": [0-9.e-]*, "recall": [0-9.e-]*, "f1": [0-9.e-]*, "support": [0-9]*}' out | wc -l)" -eq 10

# ---- predict: the image is a 7

for picture in grey.png palette.png alpha.png wide.png bits.png plain.pgm text.pgm; do
    check "predict $picture" says 0 "p/$picture: 7  " predict "p/$picture"
    check "in one line" test "$(wc -l <out)" -eq 1
done
check "predict an IDX file" says 0 "p/large.idx[0]: 7  " predict p/large.idx
check "predict rows of values" says 0 "p/rows.idx[0]: 7  " predict p/rows.idx
check "predict several images of a file" says 0 "p/four.idx[3]: 0  " predict p/four.idx
check "each in a line" test "$(sed 's/:.*//' out | tr '\n' ' ')" = "p/four.idx[0] p/four.idx[1] p/four.idx[2] p/four.idx[3] "
gzip -k p/four.idx
check "predict a compressed one" says 0 "p/four.idx.gz[1]: 2  " predict p/four.idx.gz
for picture in paper.png colour.png; do
    check "$picture --invert" says 0 "p/$picture: 7  " predict --invert "p/$picture"
    check "no hint" test ! -s err
    check "without it" says 0 "hint: p/$picture is mostly bright, and mnist is bright on black: for dark on bright there is --invert" \
        predict "p/$picture"
done
check "--top" says 0 ", " predict p/grey.png --top 3
check "three classes" test "$(tr ',' '\n' <out | wc -l)" -eq 3
check "all of them" says 0 "7  " predict p/grey.png --top 99
check "their probabilities sum to 1" sh -c "grep -o '[0-9.]* %' out | awk '{ n++; sum += \$1 } END { exit !(n == 10 && sum > 99.9 && sum < 100.1) }'"
check "--json" says 0 '{"file": "p/grey.png", "index": 7, "class": "7", "probability": 0.9' predict --json p/grey.png p/plain.pgm
check "is JSON" is_json out
check "an object a line" test "$(wc -l <out)" -eq 2
check "--json --top of IDX" says 0 '{"file": "p/four.idx", "image": 2, "index": 1, "class": "1", "probability": 0.9' predict --json --top 2 p/four.idx
check "is JSON" is_json out
cp p/grey.png 'p/"\.png'
check "a strange name" says 0 '{"file": "p/\"\\.png", ' predict --json 'p/"\.png'
check "is JSON" is_json out
cp p/grey.png ./--top
check "a file that looks like an option" says 0 "--top: 7  " predict -- --top

# What one image says does not depend on the way it comes in.
"$net" predict --json p/grey.png p/palette.png p/alpha.png p/plain.pgm p/text.pgm p/rows.idx p/four.idx 2>err |
    grep -v '"image": [123],' | sed 's/.*"probability": //' | sort -u >out
check "all say the same" test "$(wc -l <out)" -eq 1
"$net" predict data/t10k-images-idx3-ubyte 2>err | sed 's/.*: //; s/ .*//' >classes
tail -c +9 data/t10k-labels-idx1-ubyte | od -An -v -tu1 -w1 | tr -d ' ' >labels
check "predict and eval agree" test "$(paste classes labels | awk '$1 == $2' | wc -l)" -eq "$right"

# ---- what cannot be read

head -c 60 p/grey.png >p/cut.png
head -c 3000 p/four.idx >p/cut.idx
head -c 40 p/four.idx.gz >p/cut.idx.gz
{ cat p/four.idx; echo; } >p/more.idx
echo hello >p/hello.txt
: >p/empty.png
check "what cannot be read is reported, the others go on" says 1 "4 of 6 files could not be used" \
    predict p/grey.png p/cut.png p/deep.png p/hello.txt p/nothing.png p/plain.pgm
check "" test "$(sed 's/:.*//' out | tr '\n' ' ')" = "p/grey.png p/plain.pgm "
for text in "p/cut.png: damaged" "p/deep.png: found 16 bits a channel" "p/hello.txt: neither a PNG nor a PGM" \
    "p/nothing.png: cannot open"; do
    check "$text" grep -qF "lenet: error: $text" err
done
check "a single file says it once" says 1 "lenet: error: p/cut.png: damaged" predict p/cut.png
check "" test "$(grep -c error err)" -eq 1
check "an IDX file that ends" says 1 "p/cut.idx: the file ends within image 3 of 4" predict p/cut.idx
check "what was there is said" test "$(wc -l <out)" -eq 3
check "a compressed one that ends" says 1 "p/cut.idx.gz" predict p/cut.idx.gz
check "more than its images" says 1 "found more bytes" predict p/more.idx
check "labels" says 1 "these look like labels" predict data/t10k-labels-idx1-ubyte
check "an empty file" says 1 "p/empty.png: neither" predict p/empty.png
check "a folder" says 1 "p: " predict p
check "no file" says 2 "found no file" predict
check "no weights" says 1 "lenet train writes weights" predict p/grey.png --weights none
check "other weights" says 1 "not a safetensors file" predict p/grey.png --weights p/four.idx
if [ -e /dev/full ]; then
    "$net" predict p/grey.png >/dev/full 2>err
    check "an answer that cannot be written" test $? -eq 3
fi

# ---- classes with names, colour, and a row of values

cd "$root" || exit 3
cat >"$temp/folder.net" <<'END'
net pets {
    input 3x28x28
    flatten
    linear(-> 2)
}
data folder {
    root = "pets"
    batch_size = 2
}
train {
    loss = cross_entropy
    optimizer = sgd(lr=0.1)
    epochs = 2
}
END
for part in train test; do
    for class in "a<&\"cat" dog; do
        mkdir -p "$temp/pets/$part/$class"
        for picture in grey palette; do
            cp "$temp/p/$picture.png" "$temp/pets/$part/$class"
        done
    done
done
check "a network for a folder builds" trainer "$temp/folder.net" "$temp/folder" --cpu=native -- EXTRA_CFLAGS="${EXTRA_CFLAGS:-}"
cd "$temp" || exit 3
net=$temp/folder/pets
check "it trains" says 0 "weights saved" train --log pets.log
for picture in pets.log/*.svg; do
    check "$picture is a picture" is_picture "$picture"
done
check "names are escaped" grep -qF 'a&lt;&amp;&quot;cat' pets.log/confusion.svg
check "eval names the classes" says 0 '  a<&"cat  ' eval
check "the sheet shows those that are wrong" test "$(grep -c '<image' pets.log/mistakes.svg)" -eq \
    "$((4 - $(sed -n 's/.*(\([0-9]*\) of 4).*/\1/p' out)))"
check "and in the matrix" grep -q '^  0 a<&"cat: ' out
check "predict names the class" says 0 "p/colour.png: " predict p/colour.png --top 2
check "by the folder's name" grep -qF 'a<&"cat  ' out
check "a folder that is named has to be there" says 1 "found no folder none/train" predict p/colour.png --data none
check "as here" says 0 'a<&"cat  ' predict p/colour.png --data pets --top 2
mv pets away
check "without the folder" says 0 "" predict p/colour.png --top 2
check "by its number" grep -qx "p/colour.png: [01]  [0-9.]* %, [01]  [0-9.]* %" out

cd "$root" || exit 3
check "a network for rows builds" trainer specs/mlp.net "$temp/mlp" --cpu=native -- EXTRA_CFLAGS="${EXTRA_CFLAGS:-}"
cd "$temp" || exit 3
net=$temp/mlp/mlp
check "it trains" says 0 "weights saved" train --data data --epochs 2 --log mlp.log
check "its mistakes are pictures" grep -q '<image' mlp.log/mistakes.svg
check "it predicts a picture" says 0 "p/paper.png: 7  " predict p/paper.png --invert
check "it predicts a row" says 0 "p/rows.idx[0]: 7  " predict p/rows.idx
# ---- classes that several labels become

cd "$root" || exit 3
sed 's/transform *= .*/&\
    target_transform = [modulo(2)]/; s/^net lenet/net parity/; s/linear(320 -> 10)/linear(320 -> 2)/' specs/lenet.net >"$temp/parity.net"
check "a network of two classes builds" trainer "$temp/parity.net" "$temp/parity" --cpu=native -- EXTRA_CFLAGS="${EXTRA_CFLAGS:-}"
cd "$temp" || exit 3
net=$temp/parity/parity
check "it trains" says 0 "weights saved" train --data data --epochs 2 --log parity.log
check "its classes have the labels' names" says 0 "p/grey.png: 1/3/5/7/9  " predict p/grey.png
check "in the log too" grep -qF '"classes": ["0/2/4/6/8", "1/3/5/7/9"]' parity.log/metrics.jsonl
check "and in eval" says 0 "0/2/4/6/8" eval --data data

# ---- random transforms are left out, the others done

cd "$root" || exit 3
sed 's/transform *= .*/transform = [random_crop(28, padding=2), to_tensor, random_erasing(p=1), normalize(mean=0.1307, std=0.3081)]/
    s/^net lenet/net cropped/' specs/lenet.net >"$temp/cropped.net"
check "a network with random transforms builds" trainer "$temp/cropped.net" "$temp/cropped" --cpu=native -- EXTRA_CFLAGS="${EXTRA_CFLAGS:-}"
cd "$temp" || exit 3
net=$temp/cropped/cropped
check "it trains" says 0 "weights saved" train --data data --epochs 3 --log cropped.log --lr 0.03
check "it predicts an image twice as large" says 0 "p/large.idx[0]: 7  " predict p/large.idx
"$net" eval --data data >out 2>err
right=$(sed -n 's/.*(\([0-9]*\) of.*/\1/p' out)
"$net" predict data/t10k-images-idx3-ubyte 2>err | sed 's/.*: //; s/ .*//' >classes
check "predict and eval agree" test "$(paste classes labels | awk '$1 == $2' | wc -l)" -eq "$right"
cd "$root" || exit 3
finish use
