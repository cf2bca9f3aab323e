/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The tables that the runtime reads. */
#include "large.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 1, .shape = { 1000 } },
    { "hidden", "linear", .rank = 1, .shape = { 400 }, .parameters = 400400, .forward_flop = 800400,
            .backward_flop = 800400 },
    { "relu_1", "relu", .rank = 1, .shape = { 400 } },
    { "fc", "linear", .rank = 1, .shape = { 10 }, .parameters = 4010, .forward_flop = 8000, .backward_flop = 16410 },
};

#define AT(member) (offsetof(struct large_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "hidden.weight", 2, { 400, 1000 }, { 1, 400 }, AT(hidden_weight), .fan_in = 1000 },
    { "hidden.bias", 1, { 400 }, { 1 }, AT(hidden_bias), .fan_in = 1000 },
    { "fc.weight", 2, { 10, 400 }, { 1, 12 }, AT(fc_weight), .fan_in = 400 },
    { "fc.bias", 1, { 10 }, { 1 }, AT(fc_bias), .fan_in = 400 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = large_train_block },
    { "weights", .units = 50, .run = large_sum_weights },
    { "update", .units = 6, .run = large_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 2000, .block_bytes = 4004 * sizeof(real) + 4004 },
    { "hidden_forward", "blocks", .sample_flop = 800400, .block_bytes = 406000 * sizeof(real) },
    { "fc_forward", "blocks", .sample_flop = 8000, .block_bytes = 6450 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 103, .block_bytes = 96 * sizeof(real) },
    { "fc_backward_input", "blocks", .sample_flop = 8400, .block_bytes = 8040 * sizeof(real) },
    { "fc_backward_weight", "blocks", .sample_flop = 8000, .block_bytes = 6440 * sizeof(real) },
    { "fc_backward_bias", "blocks", .sample_flop = 10, .block_bytes = 50 * sizeof(real) },
    { "hidden_backward_bias", "blocks", .sample_flop = 400, .block_bytes = 2000 * sizeof(real) },
    { "hidden_backward_weight", "weights", .sample_flop = 800000, .block_bytes = 5600 * sizeof(real),
            .step_bytes = 400000 * sizeof(real) },
    { "update", "update", .step_flop = 78150, .block_bytes = 5210 * sizeof(real), .step_bytes = 10420 * sizeof(real) },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 10, .block_bytes = 52 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 43, .block_bytes = 52 * sizeof(real) },
};

extern const struct cuda_code *const large_cuda[];

const struct model large_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "large",
    .spec = "large.net",
    .target = "neon",
    .compiler = "netc 0.1.0",

    .channels = 1000, .height = 1, .width = 1, .flat = true,
    .classes = 10,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct large_weights) / sizeof(real),
    .state_slots = 0,
    .scratch_bytes = sizeof(struct large_scratch),
    .batch_bytes = sizeof(struct large_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = large_evaluate_block },
    .predict_bytes = sizeof(struct large_image), .prepare_predict = large_prepare_predict, .predict = large_predict,
    .visit_bytes = sizeof(struct large_layers), .visit_layers = large_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = large_cuda,

    .dataset = "idx", .root = "features",
    .download = false, .shuffle = false, .test_shuffle = false,
    .batch_size = 50, .test_batch_size = 50,
    .sgd = { .lr = 0.1, .momentum = 0.0, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .epochs = 1,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
