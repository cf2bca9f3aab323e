#!/bin/sh
# Trainings that are interrupted, killed, resumed, refused: in the root of the source tree.
. tests/lib.sh

some_mnist "$temp/data" 640 300
some_mnist "$temp/fewer" 500 300
data="--data $temp/data"

# Three trainers with one build of the runtime. `kept` uses what a spec can say of a training's course; `newest` is small.
trainer specs/lenet.net "$temp/lenet" --cpu=native >/dev/null 2>&1 || exit 1
net='input 1x28x28
    flatten
    linear(-> 10)'
cat >"$temp/kept.net" <<END
net kept {
    input 1x28x28
    conv2d(-> 4, kernel_size=5, stride=2)
    relu
    flatten
    linear(-> 10)
}
data mnist {
    transform = [random_crop(28, padding=2), random_rotation(10), to_tensor, normalize(mean=0.1307, std=0.3081)]
    valid = 100
    drop_last = true
    sampler = balanced
    batch_size = 32
}
train {
    loss = cross_entropy
    optimizer = sgd(lr=0.05, momentum=0.9)
    lr_scheduler = [warmup(steps=20, start_factor=0.1), cosine]
    clip_grad_norm = 1.0
    keep = best
    patience = 5
    epochs = 6
}
END
cat >"$temp/cycled.net" <<END
net cycled {
    $net
}
data mnist { batch_size = 64; shuffle = true }
train { loss = cross_entropy; optimizer = sgd(lr=0.05); lr_scheduler = one_cycle; epochs = 3 }
END
cat >"$temp/newest.net" <<END
net newest {
    $net
}
data mnist { batch_size = 64; shuffle = true }
train { loss = cross_entropy; optimizer = sgd(lr=0.01, momentum=0.9); keep = 3; epochs = 4 }
END
for name in kept cycled newest; do
    mkdir -p "$temp/$name/build" && cp -rp "$temp/lenet/build/runtime" "$temp/$name/build/" &&
        trainer "$temp/$name.net" "$temp/$name" --cpu=native >/dev/null 2>&1 || exit 1
done
lenet=$temp/lenet/lenet kept=$temp/kept/kept cycled=$temp/cycled/cycled newest=$temp/newest/newest
cd "$temp" || exit 3

# says STATUS TEXT COMMAND...: exits so, and says so on standard error.
says() {
    wanted=$1 text=$2
    shift 2
    "$@" >"$temp/says.out" 2>"$temp/says.err"
    got=$?
    [ $got -eq "$wanted" ] && grep -qF -- "$text" "$temp/says.err" && return 0
    echo "exit status $got, expected $wanted; '$text' was looked for in:"
    cat "$temp/says.err"
    return 1
}
quiet() { "$@" --progress off; }
files() { [ "$(cd "$1" && echo *)" = "$2" ] || { ls -l "$1"; return 1; }; }

# ---- after an epoch, and in the middle of one: any number of threads before and after

check "three epochs" quiet $lenet train $data --epochs 3 --threads 2 --save whole
check "two of them, and a checkpoint" quiet $lenet train $data --epochs 2 --threads 1 --save two --checkpoint c
check "resumed after an epoch" quiet $lenet train $data --epochs 3 --threads 3 --save resumed --resume c
check "the same weights after an epoch" cmp whole resumed
check "13 steps of 30" quiet $lenet train $data --steps 13 --threads 2 --save part --checkpoint c
check "resumed in the middle of an epoch" quiet $lenet train $data --epochs 3 --threads 1 --save resumed --resume c
check "the same weights in the middle of an epoch" cmp whole resumed

losses() { sed 's/, "seconds.*//' "$1"; }
$lenet train $data --epochs 2 --progress json --save x >whole.json 2>err
$lenet train $data --steps 13 --progress off --save x --checkpoint c
$lenet train $data --epochs 2 --progress json --save x --resume c >resumed.json 2>err
losses whole.json | tail -n 1 >expected
losses resumed.json >found
check "an epoch's losses do not show the break" cmp expected found

check "six epochs of augmented images, the weights of the best one" quiet $kept train $data --threads 1 --save whole
for steps in 7 16 40; do
    check "$steps steps of them" quiet $kept train $data --steps $steps --threads 2 --save x --checkpoint c
    check "resumed after $steps steps" quiet $kept train $data --threads 3 --save resumed --resume c
    check "the same weights after a break at step $steps" cmp whole resumed
done
check "three epochs whose steps have momenta of their own" quiet $cycled train $data --threads 1 --save whole
for steps in 4 17; do
    check "$steps steps of them" quiet $cycled train $data --steps $steps --threads 2 --save x --checkpoint c
    check "resumed after $steps steps" quiet $cycled train $data --threads 1 --save resumed --resume c
    check "the same weights after a break at step $steps, whatever its momentum" cmp whole resumed
done
# at this rate what a break in the middle of an epoch finds is better than all that follows
check "six epochs that get worse" quiet $kept train $data --lr 0.3 --save whole
for steps in 12 20; do
    check "$steps steps of them" quiet $kept train $data --lr 0.3 --steps $steps --save x --checkpoint c
    check "resumed" quiet $kept train $data --save resumed --resume c
    check "a part of an epoch is none of the epochs to choose from" cmp whole resumed
done

# ---- signals: the run says how to go on, and that is what is done, until it is over

# `timeout` runs them in the foreground: a shell's jobs in the background ignore SIGINT.
stopped() { timeout --foreground --preserve-status -s "$@"; }
check "100 epochs" quiet $lenet train $data --epochs 100 --save whole
go="$lenet train $data --epochs 100 --save 'with signals' --checkpoint 'the checkpoint' --progress off"
interruptions=0
for signal in INT.130 TERM.143 HUP.129 INT.130 TERM.143; do
    stopped ${signal%.*} 0.4 sh -c "exec $go" 2>err
    status=$?
    [ $status -eq 0 ] && break
    check "${signal%.*} ends it with its status" test $status -eq ${signal#*.}
    next=$(sed -n '/interrupted after step .*; this goes on:$/,$s/^  //p' err)
    [ -n "$next" ] && go=$next interruptions=$((interruptions + 1))
done
[ $status -eq 0 ] || check "what it says goes on" sh -c "exec $go"
check "it was interrupted, and said how to go on" test $interruptions -gt 0
check "the same weights after all the signals" cmp whole 'with signals'
stopped INT 0.4 $lenet train $data --epochs 100000 --save x --progress off 2>err
check "without a checkpoint it says what could have been" grep -q 'with --checkpoint FILE a run can go on' err

# ---- kill -9 at any moment: there is always a checkpoint that loads

rm -f c x
check "400 epochs" quiet $newest train $data --epochs 400 --save whole
quiet $newest train $data --epochs 1 --save x --checkpoint c
loaded=0 kills=0
while [ $kills -lt 100 ]; do
    $newest train $data --epochs 400 --save x --resume c --progress off &
    sleep 0.0$((kills % 10))5
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    kills=$((kills + 1))
    quiet $newest eval $data --weights c >/dev/null 2>&1 && loaded=$((loaded + 1))
done
check "a checkpoint loads after each of 100 kills" test $loaded -eq 100
check "the last of them goes on" quiet $newest train $data --epochs 400 --save killed --resume c
check "the same weights after 100 kills" cmp whole killed
rm -f c c.* ./*.tmp

# ---- a full disk loses nothing that was there

mkdir full
quiet $lenet train $data --epochs 1 --save full/w --checkpoint full/c
cp full/c before
(ulimit -f 100 && says 3 'cannot write' $lenet train $data --epochs 2 --save full/w --resume full/c)
check "a full disk ends it with status 3" test $? -eq 0
check "and leaves the checkpoint as it was" cmp before full/c
check "and nothing else" files full "c w"
quiet $newest train $data --epochs 3 --save n --checkpoint full/n
for i in n n.1 n.2; do cp full/$i before.$i; done
for i in 1 2; do
    (ulimit -f 20 && says 3 'full/n holds the state after step 30' $newest train $data --epochs 9 --save n --resume full/n)
    check "nor does it cost any of several checkpoints" test $? -eq 0
done
check "they are all there" sh -c 'for i in n n.1 n.2; do cmp full/$i before.$i || exit 1; done'
check "and nothing besides" files full "c n n.1 n.2 w"
check "what a killed process with the same number left is no hindrance" \
    sh -c 'touch full/p.$$.tmp && exec "$@"' sh $newest train $data --epochs 1 --save n --checkpoint full/p --progress off
check "nor is it left there" test "$(echo full/p*)" = full/p

# ---- what is refused

quiet $kept train $data --steps 3 --save x --checkpoint other
check "another network" says 1 'network: found kept, expected lenet' $lenet train $data --resume other
check "and all that differs" says 1 'batches: found of 32, balanced' $lenet train $data --resume other
check "another dataset" says 1 '640 training images' $lenet train --data fewer --resume before
check "weights" says 1 'this is no checkpoint' $lenet train $data --resume whole
check "another seed" says 2 '--seed 5 contradicts --resume' $lenet train $data --resume before --seed 5
check "the same seed" quiet $lenet train $data --resume before --seed 1 --epochs 1 --save x
check "other weights to start from" says 2 '--resume and --init' $lenet train $data --resume before --init whole
check "--every without a checkpoint" says 2 '--every' $lenet train $data --every 2
head -c 20000 before >cut
check "a part of one" says 1 'cut' $lenet train $data --resume cut
sed 's/"netc.step":"10"/"netc.step":"1x"/' before >damaged
check "a damaged number" says 1 "netc.step is '1x', expected a whole number" $lenet train $data --resume damaged
sed 's/"netc.step":"10"/"netc.step":"99"/' before >damaged
check "a step of no epoch" says 1 'damaged checkpoint: step 99' $lenet train $data --resume damaged
check "no such file" says 1 'none: cannot open' $lenet train $data --resume none
check "weights in its place" says 2 'both the checkpoint and the weights' $lenet train $data --resume before --save ./before
check "where they are by default" says 2 'both the checkpoint' $lenet train $data --checkpoint lenet.safetensors
check "what to start from is looked for before the data" says 1 'nowhere: cannot open' $lenet train --data nowhere --init nowhere
check "a folder" says 1 '.: a folder, not a file' $lenet train $data --resume .
check "no place for it" says 1 'nowhere/c' $lenet train $data --checkpoint nowhere/c

# ---- what is kept

mkdir newest.d
check "the last three checkpoints" quiet $newest train $data --save whole --checkpoint newest.d/c
check "three files" files newest.d "c c.1 c.2"
check "of four epochs and three" sh -c 'grep -aq "netc.epoch\":\"4\"" newest.d/c && grep -aq "netc.epoch\":\"3\"" newest.d/c.1'
check "the one before goes on" quiet $newest train $data --save resumed --resume newest.d/c.1
check "to the same weights" cmp whole resumed
check "every second epoch" quiet $newest train $data --save x --checkpoint e --every 2
check "two files" test -e e -a -e e.1 -a ! -e e.2
check "a checkpoint is a file of weights" quiet $newest eval $data --weights e
check "nothing is left to train" says 0 'nothing is left to train' $newest train $data --save x --resume e
check "with more epochs there is" says 0 'epoch 5/5' $newest train $data --save x --resume e --epochs 5

quiet $kept train $data --epochs 2 --save x --checkpoint s
check "the schedule of more epochs is another one" says 0 'goes on with a learning rate of 0.025 in place of 0: the schedule' \
    $kept train $data --epochs 4 --save x --resume s --checkpoint s2
check "that of as many is not" says 0 'weights saved' $kept train $data --epochs 4 --save x --resume s2 --checkpoint s3
check "and nothing is said" sh -c '! grep "in place of" says.err'
check "the best epoch" says 0 'the best one, valid accuracy' $kept train $data --save best
epoch=$(sed -n 's/.*those of epoch \([0-9]*\),.*/\1/p' says.err)
rate() { sed -n "s/^epoch *$1.*valid accuracy \([0-9.]*\).*/\1/p" says.err; }
check "has the highest accuracy" test "$(for i in 1 2 3 4 5 6; do rate $i; done | sort -n | tail -n 1)" = "$(rate "$epoch")"
check "without progress it stops early" says 0 'stopped early: no epoch since epoch 1 was better (patience = 5)' \
    $kept train $data --save x --lr 0 --epochs 50
check "after six epochs" sh -c 'grep -q "^epoch *6/50" says.err && ! grep -q "^epoch *7/50" says.err'

# ---- can it learn at all

rm -f lenet.safetensors
check "each image of a batch is learned, whatever the sampler" says 0 'all 32 images right after 400 steps' \
    $kept train $data --overfit --steps 400
check "a batch is learned" says 0 'the batch is learned: all 64 images right' $lenet train $data --overfit
check "or not" says 0 'the batch is not learned' $lenet train $data --overfit --lr 0
check "and nothing is saved" test ! -e lenet.safetensors
check "it goes with no checkpoint" says 2 '--overfit and --checkpoint' $lenet train $data --overfit --checkpoint c
check "a loss that is not finite ends it" says 1 'the first layer that is not finite is conv2' $lenet train $data --overfit --lr 1e30
check "at once" grep -q 'after 1 step$' says.err

# ---- a loss that is not finite

quiet $lenet train $data --epochs 1 --save w --checkpoint c
cp c before
check "a loss that is not finite" says 1 'training diverged: the loss of step' $lenet train $data --epochs 5 --lr 1e30 --save w2 --resume c
check "says where it comes from" grep -Eq 'first (gives|holds)|holds|not finite|infinite|NaN' says.err
check "leaves the good checkpoint" cmp c before
check "and saves no weights" test ! -e w2
check "the last step of an epoch may do it" says 1 'the loss of the test images is no finite number' \
    $lenet train $data --steps 1 --lr 1e30 --save w2
check "the layer is named as well" grep -q 'the first layer that is not finite is conv2 (conv2d): .* for test sample 0' says.err
check "it goes on at another rate" says 0 'goes on with lr 0.02 in place of 0.01' $lenet train $data --epochs 2 --lr 0.02 --save w2 --resume c
check "and keeps it, but says so" says 0 'goes on with lr 0.02, as c has it' $lenet train $data --epochs 3 --save w2 --resume c

echo "survive: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
