#!/bin/sh
# Writes the specs of this folder: tests/tuned/specs.sh [FOLDER]. Each holds what a tuned kernel may get wrong: sizes that
# tiles do not divide, windows that overlap or stick out, values that are read twice. Numbers that come in are
# multiples of 1/64 (compare.c says why).
set -eu
cd "${1:-$(dirname "$0")}"

# features NAME BATCH COMMENT INPUT LAYER...: a spec of these layers alone. What $moves has is done to its images; $more are
# settings of train.
moves='' loss=cross_entropy more=''
features()
{
    name=$1 batch=$2 comment=$3 input=$4
    shift 4
    {
        printf '# %s\nnet %s {\n    input %s\n' "$comment" "$name" "$input"
        printf '    %s\n' "$@"
        printf '}\ndata idx { root = "data"; transform = [%sto_tensor, normalize(mean=128.0/255, std=64.0/255)]; ' "$moves"
        printf 'batch_size = %s; shuffle = true }\n' "$batch"
        printf 'train { loss = %s; optimizer = sgd(%s); %sepochs = 1 }\n' "$loss" "$sgd" "$more"
    } >"$name.net"
}

# spec NAME BATCH COMMENT INPUT LAYER...: the same, and behind them a layer for five classes.
spec()
{
    case "$*" in
    *flatten*) features "$@" "linear(-> 5)" ;;
    *)         features "$@" flatten "linear(-> 5)" ;;
    esac
}

sgd="lr=0.05, momentum=0.5"

# ---- convolution, pool and relu in one: the kernel's sizes

pool="max_pool2d(2)"
sizes="The same kernel twice: with a gradient to hand back, and as the first layer, without."
spec kernel_1   16 "$sizes" 2x9x8   "conv2d(-> 5, kernel_size=1)"      "$pool" relu "conv2d(-> 6, kernel_size=1)"      "$pool" relu
spec kernel_2    3 "$sizes" 1x10x11 "conv2d(-> 5, kernel_size=2)"      "$pool" relu "conv2d(-> 8, kernel_size=2)"      "$pool" relu
spec kernel_3   16 "$sizes" 1x14x13 "conv2d(-> 8, kernel_size=3)"      "$pool" relu "conv2d(-> 10, kernel_size=3)"     "$pool" relu
spec kernel_4    7 "$sizes" 3x13x15 "conv2d(-> 4, kernel_size=4)"      "$pool" relu "conv2d(-> 6, kernel_size=4)"      "$pool" relu
spec kernel_5   16 "$sizes" 1x18x18 "conv2d(-> 10, kernel_size=5)"     "$pool" relu "conv2d(-> 20, kernel_size=5)"     "$pool" relu
spec kernel_7    9 "$sizes" 1x22x21 "conv2d(-> 3, kernel_size=7)"      "$pool" relu "conv2d(-> 5, kernel_size=7)"      relu
spec kernel_3x5 16 "$sizes" 2x12x14 "conv2d(-> 5, kernel_size=(3, 5))" "$pool" relu "conv2d(-> 7, kernel_size=(2, 4))" "$pool" relu
spec kernel_5x1  5 "$sizes" 1x16x9  "conv2d(-> 6, kernel_size=(5, 1))" "$pool" relu "conv2d(-> 6, kernel_size=(3, 1))" "$pool" relu
spec kernel_1x7 16 "$sizes" 1x9x19  "conv2d(-> 3, kernel_size=(1, 7))" "$pool" relu "conv2d(-> 9, kernel_size=(1, 3))" "$pool" relu
spec kernel_whole 4 "The second kernel is as large as what it reads." 2x9x7 \
    "conv2d(-> 6, kernel_size=3)" relu "conv2d(-> 12, kernel_size=(7, 5))" relu

# ---- strides, padding, dilation

spec stride_2    16 "Windows two apart, with a pool behind and without." 1x19x18 \
    "conv2d(-> 5, kernel_size=3, stride=2)" "$pool" relu "conv2d(-> 7, kernel_size=2, stride=2)" relu
spec stride_2x1  6 "Other strides down than across." 2x17x11 \
    "conv2d(-> 4, kernel_size=3, stride=(2, 1))" "$pool" relu "conv2d(-> 6, kernel_size=2, stride=(1, 2))" "$pool" relu
spec stride_3    16 "Windows farther apart than they are wide: parts of the image are not read." 1x26x25 \
    "conv2d(-> 8, kernel_size=2, stride=3)" relu "conv2d(-> 8, kernel_size=2, stride=3)" relu
spec stride_2_padded 5 "Stride and padding: the gradient is a transposed convolution." 2x11x13 \
    "conv2d(-> 6, kernel_size=5, stride=2, padding=2)" relu "conv2d(-> 8, kernel_size=3, stride=2, padding=1)" relu
spec stride_2_wide 16 "Kernels of five two apart, of channels that fill vectors." 3x16x16 \
    "conv2d(-> 16, kernel_size=5, stride=2, padding=2)" relu "conv2d(-> 32, kernel_size=5, stride=2, padding=2)" relu

for mode in zeros reflect replicate circular; do
    spec padded_$mode 16 "padding_mode=$mode, as much as the kernel reaches." 2x10x11 \
        "conv2d(-> 5, kernel_size=3, padding=1, padding_mode=$mode)" "$pool" relu \
        "conv2d(-> 6, kernel_size=(3, 5), padding=(1, 2), padding_mode=$mode)" relu
    spec strided_$mode 5 "padding_mode=$mode with strides and dilation." 1x13x12 \
        "conv2d(-> 4, kernel_size=3, stride=2, padding=2, padding_mode=$mode)" relu \
        "conv2d(-> 6, kernel_size=2, padding=1, dilation=2, padding_mode=$mode)" "$pool" relu
done
spec padding_same 16 "padding=same of an even kernel: one more on the far side." 1x12x11 \
    "conv2d(-> 5, kernel_size=4, padding=same)" "$pool" relu "conv2d(-> 6, kernel_size=(2, 3), padding=same)" "$pool" relu
spec padding_deep 4 "More padding than the kernel is wide: windows of nothing but zeros." 1x6x7 \
    "conv2d(-> 5, kernel_size=2, padding=3)" "$pool" relu "conv2d(-> 6, kernel_size=3, padding=(4, 3))" relu
spec dilation_2  16 "Elements of the kernel two apart." 1x16x15 \
    "conv2d(-> 5, kernel_size=3, dilation=2)" "$pool" relu "conv2d(-> 6, kernel_size=2, dilation=2)" "$pool" relu
spec dilation_2x3 5 "Dilations unlike down and across, with padding and stride." 2x15x16 \
    "conv2d(-> 4, kernel_size=3, dilation=(2, 3), padding=(2, 3))" "$pool" relu \
    "conv2d(-> 6, kernel_size=(3, 2), dilation=(2, 3), padding=2, stride=2)" relu

# ---- groups, bias

spec groups_2    16 "Two groups." 2x11x12 \
    "conv2d(-> 6, kernel_size=3, groups=2)" "$pool" relu "conv2d(-> 10, kernel_size=3, groups=2)" relu
spec groups_5     6 "Five groups of unlike widths in and out." 1x10x11 \
    "conv2d(-> 15, kernel_size=3)" "$pool" relu "conv2d(-> 10, kernel_size=2, groups=5)" "$pool" relu
spec groups_wide 16 "Groups of sixteen channels." 1x8x8 \
    "conv2d(-> 32, kernel_size=3, padding=1)" relu "conv2d(-> 32, kernel_size=3, padding=1, groups=2)" "$pool" relu
spec depthwise   16 "A group for each channel, pointwise behind it." 3x12x10 \
    "conv2d(-> 3, kernel_size=3, padding=1, groups=3)" relu "conv2d(-> 17, kernel_size=1)" relu \
    "conv2d(-> 17, kernel_size=3, groups=17)" "$pool" relu
spec depthwise_2  5 "Two outputs for each channel, two apart." 2x13x11 \
    "conv2d(-> 4, kernel_size=3, groups=2)" relu "conv2d(-> 8, kernel_size=3, stride=2, padding=1, groups=4)" relu
spec bias_none   16 "No bias anywhere." 1x12x13 \
    "conv2d(-> 5, kernel_size=3, bias=false)" "$pool" relu "conv2d(-> 8, kernel_size=2, bias=false)" "$pool" relu
spec bias_second  3 "A bias behind the pool alone." 1x12x12 \
    "conv2d(-> 6, kernel_size=3, bias=false)" "$pool" "conv2d(-> 7, kernel_size=3)" "$pool" relu

# ---- channels that tiles and vectors do not divide

channels()  # NAME BATCH IMAGE MIDDLE LAST: two convolutions, the first with a pool
{
    spec "channels_$1" "$2" "Channels $3 -> $4 -> $5." "$3x8x9" \
        "conv2d(-> $4, kernel_size=3, padding=1)" "$pool" relu "conv2d(-> $5, kernel_size=3)" "$pool" relu
}
channels 1_1    16 1 1 2
channels 2_3     4 2 3 5
channels 3_5    16 3 5 8
channels 5_8     5 5 8 10
channels 8_10   16 8 10 16
channels 10_16   7 10 16 17
channels 16_17  16 16 17 20
channels 17_20   3 17 20 32
channels 20_32  16 20 32 33
channels 32_33   5 32 33 2
channels 33_1   16 33 1 16
channels 33_64   2 33 64 48

# ---- pools

spec pool_2x3    16 "Windows of two by three." 1x12x17 \
    "conv2d(-> 5, kernel_size=3)" "max_pool2d((2, 3))" relu "conv2d(-> 8, kernel_size=2)" "max_pool2d((1, 2))" relu
spec pool_3       5 "Windows of three, whose last ones are cut off." 1x16x17 \
    "conv2d(-> 6, kernel_size=3)" "max_pool2d(3)" relu "conv2d(-> 5, kernel_size=2)" "max_pool2d(3)" relu
spec pool_4      16 "Windows of four." 2x16x18 "conv2d(-> 7, kernel_size=3)" "max_pool2d(4)" relu
spec pool_overlap 16 "Windows one apart overlap: an element wins several times." 1x10x11 \
    "conv2d(-> 5, kernel_size=3)" "max_pool2d(2, stride=1)" relu "conv2d(-> 6, kernel_size=2)" "max_pool2d(3, stride=2)" relu
spec pool_gap     5 "Windows three apart: some elements are in none." 1x14x13 \
    "conv2d(-> 5, kernel_size=2)" "max_pool2d(2, stride=3)" relu "conv2d(-> 6, kernel_size=2)" "max_pool2d(1, stride=2)" relu
spec pool_padded 16 "Windows that stick out on all sides." 1x11x12 \
    "conv2d(-> 5, kernel_size=2)" "max_pool2d(2, padding=1)" relu "conv2d(-> 6, kernel_size=2)" "max_pool2d(3, stride=2, padding=1)" relu
spec pool_ceil    6 "ceil_mode: the last windows stick out." 1x12x11 \
    "conv2d(-> 5, kernel_size=2)" "max_pool2d(2, ceil_mode=true)" relu "conv2d(-> 6, kernel_size=2)" "max_pool2d(3, ceil_mode=true)" relu
spec pool_dilated 16 "Windows of elements two apart." 1x13x12 \
    "conv2d(-> 5, kernel_size=3)" "max_pool2d(2, dilation=2)" relu "conv2d(-> 6, kernel_size=2)" "max_pool2d(2, stride=1, dilation=(1, 2))" relu
spec pool_first   5 "The image itself is pooled." 3x13x12 "$pool" "conv2d(-> 5, kernel_size=3)" relu
spec pool_twice  16 "A pool of a pool." 1x18x17 "conv2d(-> 5, kernel_size=3)" "$pool" "$pool" relu "conv2d(-> 6, kernel_size=2)" relu
spec pool_one     4 "A window of one element." 1x8x7 "conv2d(-> 5, kernel_size=3)" "max_pool2d(1)" relu

# ---- relu

spec relu_before 16 "relu before the pool: windows of equal zeros." 1x14x13 \
    "conv2d(-> 8, kernel_size=3)" relu "$pool" "conv2d(-> 10, kernel_size=3)" relu "$pool"
spec relu_both    5 "relu on both sides of the pool, and twice over." 1x13x14 \
    "conv2d(-> 5, kernel_size=3)" relu "$pool" relu "conv2d(-> 6, kernel_size=2)" relu relu "$pool"
spec relu_none   16 "No relu: every window has a gradient." 1x14x14 \
    "conv2d(-> 5, kernel_size=3)" "$pool" "conv2d(-> 8, kernel_size=3)" "$pool"
spec relu_first   4 "relu of the image." 2x9x9 relu "conv2d(-> 5, kernel_size=3)" "$pool" relu

# ---- without a pool

spec plain_conv  16 "Convolution upon convolution." 1x11x10 \
    "conv2d(-> 10, kernel_size=5)" "conv2d(-> 20, kernel_size=5)"
spec plain_relu   6 "Convolutions and relu." 1x11x13 \
    "conv2d(-> 10, kernel_size=3)" relu "conv2d(-> 20, kernel_size=3)" relu "conv2d(-> 5, kernel_size=3)" relu
spec plain_wide  16 "Channels that fill vectors, without a pool." 3x9x8 \
    "conv2d(-> 32, kernel_size=3, padding=1)" relu "conv2d(-> 32, kernel_size=3, padding=1)" relu
spec plain_rows   5 "Images so high and wide that a weight's gradient is summed in strips, the last one lower." 2x37x11 \
    "conv2d(-> 33, kernel_size=3)" relu "conv2d(-> 35, kernel_size=3)" relu
spec plain_strips 3 "Rows so long that they are summed in parts." 1x7x401 \
    "conv2d(-> 32, kernel_size=(3, 2))" relu "conv2d(-> 20, kernel_size=3, stride=2, dilation=(1, 2))" relu
features plain_logits 5 "A convolution gives the logits." 1x9x9 \
    "conv2d(-> 6, kernel_size=5)" relu "conv2d(-> 5, kernel_size=5)" flatten

# ---- values that are read several times

spec twice_conv  16 "A convolution's result is read by a pool and by a sum." 1x10x10 \
    "a: conv2d(-> 6, kernel_size=3)" "$pool" relu "conv2d(-> 6, kernel_size=3, padding=1)" "b: relu" \
    "c: max_pool2d(2) from a" "add from b, c"
spec twice_pool   5 "A pool's result is read by a relu and by a sum." 2x9x11 \
    "conv2d(-> 5, kernel_size=2)" "a: max_pool2d(2)" relu "conv2d(-> 5, kernel_size=3, padding=1)" "add from previous, a" relu
spec twice_relu  16 "A residual block behind convolution, pool and relu." 1x13x12 \
    "conv2d(-> 8, kernel_size=3)" "$pool" "a: relu" "conv2d(-> 8, kernel_size=3, padding=1)" relu \
    "conv2d(-> 8, kernel_size=3, padding=1)" "add from previous, a" relu
spec twice_pools  4 "Two pools of one convolution, joined." 1x11x11 \
    "a: conv2d(-> 5, kernel_size=2)" "b: max_pool2d(2)" "c: max_pool2d(2, stride=2, ceil_mode=true) from a" "concat from b, c" relu \
    "conv2d(-> 6, kernel_size=2)" relu
spec twice_image 16 "Two convolutions of the image." 2x9x10 \
    "a: conv2d(-> 5, kernel_size=3)" "b: conv2d(-> 3, kernel_size=3) from input" "concat from a, b" "$pool" relu
spec twice_gates  5 "A relu and what it reads are both read on." 1x10x9 \
    "a: conv2d(-> 6, kernel_size=3)" "b: relu" "conv2d(-> 6, kernel_size=3, padding=1) from b" "add from previous, a" "$pool" relu

# ---- pools whose places are used

spec unpool       5 "A pool's places serve an unpool." 1x11x11 \
    "conv2d(-> 5, kernel_size=2)" "a: max_pool2d(2, return_indices=true)" relu "conv2d(-> 5, kernel_size=3, padding=1)" relu \
    "max_unpool2d(2, indices=a)" "conv2d(-> 4, kernel_size=3)" "$pool" relu
spec unpool_padded 16 "The same with windows that stick out." 2x9x9 \
    "conv2d(-> 6, kernel_size=2)" "a: max_pool2d(2, padding=1, return_indices=true)" "conv2d(-> 6, kernel_size=1)" \
    "max_unpool2d(2, padding=1, indices=a)" relu "conv2d(-> 5, kernel_size=3)" relu

# ---- sizes of images

like_the_seed()     # NAME BATCH IMAGE
{
    spec "$1" "$2" "Layers like the seed network's on $3." "$3" \
        "conv2d(-> 10, kernel_size=5)" "$pool" relu "conv2d(-> 20, kernel_size=5)" "$pool" relu
}
like_the_seed size_28x28 16 1x28x28
like_the_seed size_20x20  3 1x20x20
like_the_seed size_19x23 16 2x19x23
spec size_7x7    16 "A small image." 1x7x7 "conv2d(-> 10, kernel_size=3)" "$pool" relu "conv2d(-> 20, kernel_size=2)" relu
spec size_1x17    5 "A row of pixels." 1x1x17 "conv2d(-> 6, kernel_size=(1, 3))" "max_pool2d((1, 2))" relu "conv2d(-> 7, kernel_size=(1, 2))" relu
spec size_23x1   16 "A column of pixels." 2x23x1 "conv2d(-> 6, kernel_size=(4, 1))" "max_pool2d((2, 1))" relu
spec size_11x13   4 "Odd sizes throughout, cut off by pools." 3x11x13 \
    "conv2d(-> 7, kernel_size=3, padding=1)" "$pool" relu "conv2d(-> 9, kernel_size=3, padding=1)" "$pool" relu
spec size_deep    7 "Four convolutions and a wide linear layer." 3x12x12 \
    "conv2d(-> 16, kernel_size=3, padding=1)" relu "conv2d(-> 16, kernel_size=3, padding=1)" relu "$pool" \
    "conv2d(-> 32, kernel_size=3, padding=1)" relu "conv2d(-> 32, kernel_size=3, padding=1)" relu "$pool" flatten "linear(-> 48)" relu

# ---- linear layers

features linear_1       16 "One feature." 1 "linear(-> 1)" "linear(-> 3)"
features linear_2       21 "Few features, two classes." 2 "linear(-> 6)" relu "linear(-> 2)"
features linear_17      16 "One more than a vector." 17 "linear(-> 33)" relu "linear(-> 17)" relu "linear(-> 9)"
features linear_100      7 "Three layers, the second without bias." 100 "linear(-> 64)" relu "linear(-> 20, bias=false)" relu "linear(-> 10)"
features linear_257     16 "One more than 256." 257 "linear(-> 129)" relu "linear(-> 10)"
features linear_300     37 "As wide as it gets, in and out." 300 "linear(-> 300)" relu "linear(-> 300)" relu "linear(-> 100)"
features linear_through  4 "No relu: layer upon layer." 31 "linear(-> 16)" "linear(-> 8)" "linear(-> 5)"
features linear_image   16 "An image laid flat without a convolution." 3x9x11 flatten "linear(-> 65)" relu "linear(-> 7)"
features linear_twice    5 "What a layer gives is read by two." 20 "a: linear(-> 12)" "b: relu" "linear(-> 12)" "add from previous, b" relu "linear(-> 4)"
features linear_pooled  16 "A pool without relu before a linear layer, sizes in between." 1x12x12 \
    "conv2d(-> 11, kernel_size=3)" "$pool" flatten "linear(-> 50)" relu "linear(-> 26)"

# ---- many parameters: gradients summed over all samples, in a phase of their own

features many_linear    64 "Gradients too large to have one for each block." 256 "linear(-> 480)" relu "linear(-> 320)" relu "linear(-> 10)"
spec     many_conv      70 "The same of a convolution and of linear layers behind it." 1x6x6 \
    "conv2d(-> 16, kernel_size=3)" relu "conv2d(-> 64, kernel_size=5, padding=1)" relu flatten "linear(-> 600)" relu \
    "linear(-> 64)" relu

# ---- batches, optimiser

like_the_seed batch_1    1 1x16x16
like_the_seed batch_3    3 1x16x16
like_the_seed batch_64  64 1x16x16
like_the_seed batch_70  70 1x16x16
features batch_200     200 "Many blocks of a small network." 19 "linear(-> 18)" relu "linear(-> 10)"
sgd="lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=true"
like_the_seed sgd_nesterov 20 1x16x16
sgd="lr=0.05, momentum=0.9, dampening=0.25, weight_decay=0.01"
like_the_seed sgd_damped 33 1x16x16
sgd="lr=0.05"
like_the_seed sgd_alone  17 1x16x16

# ---- images that are moved first

moves="random_crop(12, padding=2, padding_mode=symmetric), random_horizontal_flip, random_vertical_flip, pad(1, fill=128), "
spec     moved 70 "Images that every step moves in another way." 2x14x14 "conv2d(-> 10, kernel_size=5)" "$pool" relu
moves=

# ---- losses with settings, and clipped gradients

sgd="lr=0.05, momentum=0.5"
loss="cross_entropy(weight=[1, 0.5, 2, 0, 4, 1, 0.25], label_smoothing=0.25)"
features loss_targets 20 "Smoothed labels, and classes that count differently." 1x12x12 \
    "conv2d(-> 5, kernel_size=3)" "$pool" relu flatten "linear(-> 7)"
loss=cross_entropy
more="clip_grad_norm = 0.25; "
features clipped 40 "Gradients clipped by the norm of all of them, which are more than one slice of the update." 1x9x9 \
    "conv2d(-> 4, kernel_size=3, bias=false)" "$pool" relu flatten "linear(-> 31)" relu "linear(-> 6)"
features clipped_large 12 \
    "The same, where a gradient is so large that it is summed over all blocks at once: a linear layer's, in tiles." 1000 \
    "linear(-> 1100)" relu "linear(-> 9)"

# ---- momentum that is another one in each step: after the first two of four steps it is at its least, where one of these has none

cycle="pct_start=0.5, div_factor=2, final_div_factor=2"
sgd="lr=0.05, dampening=0.25, weight_decay=0.01"
more="lr_scheduler = one_cycle($cycle, base_momentum=0.3, max_momentum=0.9); "
like_the_seed cycled 20 1x16x16
sgd="lr=0.05, momentum=0.5, nesterov=true"
more="lr_scheduler = one_cycle($cycle, anneal_strategy=linear, base_momentum=0); "
features cycled_many 20 "Updates where gradients are summed, Nesterov's, a step without momentum; and the names of what is called there." 256 \
    "sgd: linear(-> 480)" "sgd_at: relu" "optimizer: linear(-> 20)" "apply_gradient: relu" "sgd_lanes: linear(-> 10)"
