/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The tables that the runtime reads. */
#include "lenet.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 1, 28, 28 } },
    { "conv1", "conv2d", .rank = 3, .shape = { 10, 24, 24 }, .arguments = "kernel_size=5", .parameters = 260,
            .forward_flop = 288000, .backward_flop = 289440 },
    { "max_pool2d_1", "max_pool2d", .rank = 3, .shape = { 10, 12, 12 }, .arguments = "kernel_size=2",
            .forward_flop = 7200 },
    { "relu_1", "relu", .rank = 3, .shape = { 10, 12, 12 } },
    { "conv2", "conv2d", .rank = 3, .shape = { 20, 8, 8 }, .arguments = "kernel_size=5", .parameters = 5020,
            .forward_flop = 640000, .backward_flop = 1281760 },
    { "max_pool2d_2", "max_pool2d", .rank = 3, .shape = { 20, 4, 4 }, .arguments = "kernel_size=2",
            .forward_flop = 1600 },
    { "relu_2", "relu", .rank = 3, .shape = { 20, 4, 4 } },
    { "flatten_1", "flatten", .rank = 1, .shape = { 320 }, .backward_flop = 320 },
    { "fc", "linear", .rank = 1, .shape = { 10 }, .parameters = 3210, .forward_flop = 6400, .backward_flop = 12810 },
};

#define AT(member) (offsetof(struct lenet_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "conv1.weight", 4, { 10, 1, 5, 5 }, { 25, 1, 5, 1 }, AT(conv1_weight), .fan_in = 25 },
    { "conv1.bias", 1, { 10 }, { 1 }, AT(conv1_bias), .fan_in = 25 },
    { "conv2.weight", 4, { 20, 10, 5, 5 }, { 250, 1, 50, 10 }, AT(conv2_weight), .fan_in = 250 },
    { "conv2.bias", 1, { 20 }, { 1 }, AT(conv2_bias), .fan_in = 250 },
    { "fc.weight", 2, { 10, 320 }, { 320, 1 }, AT(fc_weight), .fan_in = 320 },
    { "fc.bias", 1, { 10 }, { 1 }, AT(fc_bias), .fan_in = 320 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = lenet_train_block },
    { "update", .units = 9, .everywhere = true, .run = lenet_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 1568, .block_bytes = 6280 * sizeof(real) + 6280 },
    { "transform_conv1_weight_f4x5", "blocks", .step_flop = 4000, .step_bytes = 650 * sizeof(real),
            .everywhere = true },
    { "transform_conv2_weight_f4x5", "blocks", .step_flop = 80000, .step_bytes = 13000 * sizeof(real),
            .everywhere = true },
    { "conv1_forward", "blocks", .sample_flop = 295200, .block_bytes = 29722 * sizeof(real) },
    { "conv2_forward", "blocks", .sample_flop = 641600, .block_bytes = 24660 * sizeof(real) },
    { "flatten_1_forward", "blocks", .block_bytes = 5120 * sizeof(real) },
    { "fc_forward", "blocks", .sample_flop = 6400, .block_bytes = 5850 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 103, .block_bytes = 192 * sizeof(real) },
    { "fc_backward_input", "blocks", .sample_flop = 6400, .block_bytes = 5840 * sizeof(real) },
    { "fc_backward_weight", "blocks", .sample_flop = 6400, .block_bytes = 5840 * sizeof(real) },
    { "fc_backward_bias", "blocks", .sample_flop = 10, .block_bytes = 90 * sizeof(real) },
    { "flatten_1_backward", "blocks", .sample_flop = 320, .block_bytes = 7680 * sizeof(real) },
    { "conv2_backward_input", "blocks", .sample_flop = 641440, .block_bytes = 36160 * sizeof(real) },
    { "conv2_backward_weight", "blocks", .sample_flop = 640000, .block_bytes = 21640 * sizeof(real) },
    { "conv2_backward_bias", "blocks", .sample_flop = 320, .block_bytes = 2580 * sizeof(real) },
    { "conv1_backward_weight", "blocks", .sample_flop = 288000, .block_bytes = 29562 * sizeof(real) },
    { "conv1_backward_bias", "blocks", .sample_flop = 1440, .block_bytes = 11530 * sizeof(real) },
    { "update", "update", .step_flop = 110448, .block_bytes = 8496 * sizeof(real), .step_bytes = 33984 * sizeof(real),
            .everywhere = true },
    { "evaluate_conv1_forward", "evaluate", .sample_flop = 295200, .block_bytes = 18202 * sizeof(real) },
    { "evaluate_conv2_forward", "evaluate", .sample_flop = 641600, .block_bytes = 22100 * sizeof(real) },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 10, .block_bytes = 104 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 43, .block_bytes = 104 * sizeof(real) },
};

extern const struct cuda_code *const lenet_cuda[];

const struct model lenet_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "lenet",
    .spec = "lenet.net",
    .target = "avx2",
    .compiler = "netc 0.1.0",

    .channels = 1, .height = 28, .width = 28, .flat = false,
    .classes = 10,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct lenet_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct lenet_scratch),
    .batch_bytes = sizeof(struct lenet_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = lenet_evaluate_block },
    .predict_bytes = sizeof(struct lenet_image), .prepare_predict = lenet_prepare_predict, .predict = lenet_predict,
    .visit_bytes = sizeof(struct lenet_layers), .visit_layers = lenet_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = lenet_cuda,

    .dataset = "mnist", .root = "data/mnist",
    .download = true, .shuffle = true, .test_shuffle = false,
    .batch_size = 64, .test_batch_size = 64,
    .normalize = "mean=0.1307, std=0.3081",
    .sgd = { .lr = 0.01, .momentum = 0.5, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .epochs = 10,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
