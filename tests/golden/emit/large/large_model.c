/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The tables that the runtime reads. */
#include "large.h"

static const struct layer layers[] = {
    { "input", "input", 1, { 1000 }, .parameters = 0, .forward_flop = 0, .backward_flop = 0 },
    { "hidden", "linear", 1, { 400 }, .parameters = 400400, .forward_flop = 800400, .backward_flop = 800400 },
    { "relu_1", "relu", 1, { 400 }, .parameters = 0, .forward_flop = 0, .backward_flop = 0 },
    { "fc", "linear", 1, { 10 }, .parameters = 4010, .forward_flop = 8000, .backward_flop = 16410 },
};

#define AT(member) (offsetof(struct large_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "hidden.weight", 2, { 400, 1000 }, { 1000, 1 }, AT(hidden_weight), .fan_in = 1000 },
    { "hidden.bias", 1, { 400 }, { 1 }, AT(hidden_bias), .fan_in = 1000 },
    { "fc.weight", 2, { 10, 400 }, { 400, 1 }, AT(fc_weight), .fan_in = 400 },
    { "fc.bias", 1, { 10 }, { 1 }, AT(fc_bias), .fan_in = 400 },
};

static const struct phase train[] = {
    { "blocks", .units = 13, .blocks = true, .run = large_train_block },
    { "weights", .units = 42, .blocks = false, .run = large_sum_weights },
    { "update", .units = 396, .blocks = false, .run = large_update },
};

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
    .evaluate = { "evaluate", .blocks = true, .run = large_evaluate_block },

    .dataset = "idx", .root = "features",
    .download = false, .shuffle = false, .test_shuffle = false,
    .batch_size = 50, .test_batch_size = 50,
    .sgd = { .lr = 0.1, .momentum = 0.0, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .epochs = 1,
    .device = "auto",
    .seed = 1u,
};
