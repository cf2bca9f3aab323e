/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The tables that the runtime reads. */
#include "units.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 1, 21, 21 } },
    { "conv1", "conv2d", .rank = 3, .shape = { 8, 17, 17 }, .arguments = "kernel_size=5", .parameters = 208,
            .forward_flop = 117912, .backward_flop = 117912 },
    { "relu_1", "relu", .rank = 3, .shape = { 8, 17, 17 } },
    { "conv2", "conv2d", .rank = 3, .shape = { 12, 15, 15 }, .arguments = "kernel_size=3, groups=2", .parameters = 444,
            .forward_flop = 194400, .backward_flop = 393812 },
    { "flatten_1", "flatten", .rank = 1, .shape = { 2700 } },
    { "fc", "linear", .rank = 1, .shape = { 7 }, .parameters = 18907, .forward_flop = 37800, .backward_flop = 75607 },
};

#define AT(member) (offsetof(struct units_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "conv1.weight", 4, { 8, 1, 5, 5 }, { 25, 1, 5, 1 }, AT(conv1_weight), .fan_in = 25 },
    { "conv1.bias", 1, { 8 }, { 1 }, AT(conv1_bias), .fan_in = 25 },
    { "conv2.weight", 4, { 12, 4, 3, 3 }, { 36, 1, 12, 4 }, AT(conv2_weight), .fan_in = 36 },
    { "conv2.bias", 1, { 12 }, { 1 }, AT(conv2_bias), .fan_in = 36 },
    { "fc.weight", 2, { 7, 2700 }, { 2704, 1 }, AT(fc_weight), .fan_in = 2700 },
    { "fc.bias", 1, { 7 }, { 1 }, AT(fc_bias), .fan_in = 2700 },
};

static const struct phase train[] = {
    { "blocks_1", .units = 10, .block_units = 1, .run = units_train_block_1 },
    { "blocks_2", .block_units = 6, .run = units_train_block_2 },
    { "blocks_3", .block_units = 6, .run = units_train_block_3 },
    { "blocks_4", .block_units = 1, .run = units_train_block_4 },
    { "blocks_5", .block_units = 6, .run = units_train_block_5 },
    { "blocks_6", .block_units = 6, .run = units_train_block_6 },
    { "update", .units = 20, .everywhere = true, .run = units_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks_1", .sample_flop = 882, .block_bytes = 7072 * sizeof(real) + 7072 },
    { "transform_conv1_weight_f4x5", "blocks_1", .step_flop = 3200, .step_bytes = 520 * sizeof(real),
            .everywhere = true },
    { "transform_conv2_weight_f5x3", "blocks_1", .step_flop = 6048, .step_bytes = 1440 * sizeof(real),
            .everywhere = true },
    { "conv1_forward", "blocks_2", .sample_flop = 117912, .block_bytes = 44376 * sizeof(real) },
    { "conv2_forward", "blocks_3", .sample_flop = 194400, .block_bytes = 81212 * sizeof(real) },
    { "flatten_1_forward", "blocks_4", .block_bytes = 86400 * sizeof(real) },
    { "fc_forward", "blocks_4", .sample_flop = 37800, .block_bytes = 62247 * sizeof(real) },
    { "cross_entropy_forward", "blocks_4", .sample_flop = 73, .block_bytes = 288 * sizeof(real) },
    { "fc_backward_input", "blocks_4", .sample_flop = 37800, .block_bytes = 62240 * sizeof(real) },
    { "fc_backward_weight", "blocks_4", .sample_flop = 37800, .block_bytes = 62240 * sizeof(real) },
    { "fc_backward_bias", "blocks_4", .sample_flop = 7, .block_bytes = 119 * sizeof(real) },
    { "flatten_1_backward", "blocks_4", .block_bytes = 86400 * sizeof(real) },
    { "conv2_backward_bias", "blocks_4", .sample_flop = 2700, .block_bytes = 43212 * sizeof(real) },
    { "conv2_backward_input", "blocks_5", .sample_flop = 196712, .block_bytes = 118192 * sizeof(real) },
    { "conv2_backward_weight", "blocks_5", .sample_flop = 194400, .block_bytes = 80624 * sizeof(real) },
    { "conv1_backward_weight", "blocks_6", .sample_flop = 115600, .block_bytes = 44248 * sizeof(real) },
    { "conv1_backward_bias", "blocks_6", .sample_flop = 2312, .block_bytes = 37000 * sizeof(real) },
    { "update", "update", .step_flop = 137200, .block_bytes = 19600 * sizeof(real), .step_bytes = 78400 * sizeof(real),
            .everywhere = true },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 7, .block_bytes = 160 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 31, .block_bytes = 160 * sizeof(real) },
};

extern const struct cuda_code *const units_cuda[];

const struct model units_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "units",
    .spec = "units.net",
    .target = "avx512",
    .compiler = "netc 0.1.0",

    .channels = 1, .height = 21, .width = 21, .flat = false,
    .classes = 7,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct units_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct units_scratch),
    .batch_bytes = sizeof(struct units_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = units_evaluate_block },
    .predict_bytes = sizeof(struct units_image), .prepare_predict = units_prepare_predict, .predict = units_predict,
    .visit_bytes = sizeof(struct units_layers), .visit_layers = units_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = units_cuda,

    .dataset = "idx", .root = "digits",
    .download = false, .shuffle = true, .test_shuffle = false,
    .batch_size = 20, .test_batch_size = 20,
    .normalize = "mean=0.5, std=0.25",
    .sgd = { .lr = 0.01, .momentum = 0.5, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .epochs = 3,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
