/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The tables that the runtime reads. */
#include "branches.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 3, 9, 9 } },
    { "entry", "conv2d", .rank = 3, .shape = { 4, 9, 9 }, .arguments = "kernel_size=3, padding=1, padding_mode=reflect",
            .parameters = 112, .forward_flop = 17496, .backward_flop = 17820 },
    { "side", "conv2d", .rank = 3, .shape = { 6, 5, 5 },
            .arguments = "kernel_size=3, stride=2, padding=1, groups=2, bias=false", .parameters = 108,
            .forward_flop = 5400, .backward_flop = 10800 },
    { "relu_1", "relu", .rank = 3, .shape = { 6, 5, 5 }, .forward_flop = 150 },
    { "sum", "conv2d", .rank = 3, .shape = { 6, 5, 5 }, .arguments = "kernel_size=(3, 1), padding=same",
            .parameters = 114, .forward_flop = 5550, .backward_flop = 11400 },
    { "add_1", "add", .rank = 3, .shape = { 6, 5, 5 }, .from = "side, sum" },
    { "concat_1", "concat", .rank = 3, .shape = { 12, 5, 5 }, .from = "add_1, side" },
    { "max_pool2d_1", "max_pool2d", .rank = 3, .shape = { 12, 3, 3 },
            .arguments = "kernel_size=3, stride=2, padding=1, ceil_mode=true", .forward_flop = 588,
            .backward_flop = 588 },
    { "flatten_1", "flatten", .rank = 1, .shape = { 108 } },
    { "linear_1", "linear", .rank = 1, .shape = { 5 }, .parameters = 545, .forward_flop = 1080, .backward_flop = 2165 },
};

#define AT(member) (offsetof(struct branches_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "entry.weight", 4, { 4, 3, 3, 3 }, { 27, 1, 9, 3 }, AT(entry_weight), .fan_in = 27 },
    { "entry.bias", 1, { 4 }, { 1 }, AT(entry_bias), .fan_in = 27 },
    { "side.weight", 4, { 6, 2, 3, 3 }, { 18, 1, 6, 2 }, AT(side_weight), .fan_in = 18 },
    { "sum.weight", 4, { 6, 6, 3, 1 }, { 18, 1, 6, 6 }, AT(sum_weight), .fan_in = 18 },
    { "sum.bias", 1, { 6 }, { 1 }, AT(sum_bias), .fan_in = 18 },
    { "linear_1.weight", 2, { 5, 108 }, { 1, 8 }, AT(linear_1_weight), .fan_in = 108 },
    { "linear_1.bias", 1, { 5 }, { 1 }, AT(linear_1_bias), .fan_in = 108 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = branches_train_block },
    { "update", .units = 2, .everywhere = true, .run = branches_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 486, .block_bytes = 976 * sizeof(real) + 976 },
    { "transform_entry_weight_f5x3", "blocks", .step_flop = 1512, .step_bytes = 360 * sizeof(real),
            .everywhere = true },
    { "entry_pad", "blocks", .block_bytes = 2424 * sizeof(real) },
    { "entry_forward", "blocks", .sample_flop = 17496, .block_bytes = 3004 * sizeof(real) },
    { "side_pad", "blocks", .block_bytes = 3232 * sizeof(real) },
    { "side_forward", "blocks", .sample_flop = 5400, .block_bytes = 2644 * sizeof(real) },
    { "relu_1_forward", "blocks", .sample_flop = 150, .block_bytes = 1200 * sizeof(real) },
    { "sum_pad", "blocks", .block_bytes = 1440 * sizeof(real) },
    { "sum_forward", "blocks", .sample_flop = 5550, .block_bytes = 2154 * sizeof(real) },
    { "concat_1_forward_1", "blocks", .block_bytes = 1800 * sizeof(real) },
    { "concat_1_forward_2", "blocks", .block_bytes = 1800 * sizeof(real) },
    { "max_pool2d_1_forward", "blocks", .sample_flop = 588, .block_bytes = 2064 * sizeof(real) },
    { "flatten_1_forward", "blocks", .block_bytes = 864 * sizeof(real) },
    { "linear_1_forward", "blocks", .sample_flop = 1080, .block_bytes = 1321 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 53, .block_bytes = 56 * sizeof(real) },
    { "linear_1_backward_input", "blocks", .sample_flop = 1080, .block_bytes = 1316 * sizeof(real) },
    { "linear_1_backward_weight", "blocks", .sample_flop = 1080, .block_bytes = 1316 * sizeof(real) },
    { "linear_1_backward_bias", "blocks", .sample_flop = 5, .block_bytes = 25 * sizeof(real) },
    { "flatten_1_backward", "blocks", .block_bytes = 864 * sizeof(real) },
    { "max_pool2d_1_backward", "blocks", .sample_flop = 588, .block_bytes = 2064 * sizeof(real) },
    { "concat_1_backward_1", "blocks", .block_bytes = 1800 * sizeof(real) },
    { "concat_1_backward_2", "blocks", .block_bytes = 1800 * sizeof(real) },
    { "sum_backward_input", "blocks", .sample_flop = 5400, .block_bytes = 1548 * sizeof(real) },
    { "sum_backward_weight", "blocks", .sample_flop = 5400, .block_bytes = 1548 * sizeof(real) },
    { "sum_backward_bias", "blocks", .sample_flop = 150, .block_bytes = 606 * sizeof(real) },
    { "sum_backward_pad", "blocks", .sample_flop = 450, .block_bytes = 3240 * sizeof(real) },
    { "side_backward_input", "blocks", .sample_flop = 5400, .block_bytes = 2644 * sizeof(real) },
    { "side_backward_weight", "blocks", .sample_flop = 5400, .block_bytes = 2644 * sizeof(real) },
    { "side_backward_pad", "blocks", .block_bytes = 3232 * sizeof(real) },
    { "entry_backward_weight", "blocks", .sample_flop = 17496, .block_bytes = 2856 * sizeof(real) },
    { "entry_backward_bias", "blocks", .sample_flop = 324, .block_bytes = 1300 * sizeof(real) },
    { "update", "update", .step_flop = 13288, .block_bytes = 1208 * sizeof(real), .step_bytes = 4832 * sizeof(real),
            .everywhere = true },
    { "evaluate_max_pool2d_1_forward", "evaluate", .sample_flop = 588, .block_bytes = 1632 * sizeof(real) },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 5, .block_bytes = 32 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 23, .block_bytes = 32 * sizeof(real) },
};

extern const struct cuda_code *const branches_cuda[];

const struct model branches_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "branches",
    .spec = "branches.net",
    .target = "generic",
    .compiler = "netc 0.1.0",

    .channels = 3, .height = 9, .width = 9, .flat = false,
    .classes = 5,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct branches_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct branches_scratch),
    .batch_bytes = sizeof(struct branches_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = branches_evaluate_block },
    .predict_bytes = sizeof(struct branches_image), .prepare_predict = branches_prepare_predict, .predict = branches_predict,
    .visit_bytes = sizeof(struct branches_layers), .visit_layers = branches_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = branches_cuda,

    .dataset = "idx", .root = "images",
    .download = false, .shuffle = false, .test_shuffle = false,
    .batch_size = 6, .test_batch_size = 6,
    .normalize = "mean=[0.5, 0.4, -0.1], std=[0.25, 0.2, 1]",
    .sgd = { .lr = 0.1, .momentum = 0.9, .dampening = 0.0, .weight_decay = 0.0005, .nesterov = true },
    .epochs = 1,
    .checkpoints = 1,
    .device = "cpu",
    .seed = 1u,
};
