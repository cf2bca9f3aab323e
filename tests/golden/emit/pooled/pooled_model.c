/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The tables that the runtime reads. */
#include "pooled.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 1, 12, 12 } },
    { "conv", "conv2d", .rank = 3, .shape = { 6, 10, 10 }, .arguments = "kernel_size=3", .parameters = 60,
            .forward_flop = 10800, .backward_flop = 10950 },
    { "max_pool2d_1", "max_pool2d", .rank = 3, .shape = { 6, 5, 5 }, .arguments = "kernel_size=2",
            .forward_flop = 750 },
    { "relu_1", "relu", .rank = 3, .shape = { 6, 5, 5 } },
    { "flatten_1", "flatten", .rank = 1, .shape = { 150 }, .backward_flop = 150 },
    { "fc", "linear", .rank = 1, .shape = { 7 }, .parameters = 1057, .forward_flop = 2100, .backward_flop = 4207 },
};

#define AT(member) (offsetof(struct pooled_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "conv.weight", 4, { 6, 1, 3, 3 }, { 9, 1, 3, 1 }, AT(conv_weight), .fan_in = 9 },
    { "conv.bias", 1, { 6 }, { 1 }, AT(conv_bias), .fan_in = 9 },
    { "fc.weight", 2, { 7, 150 }, { 1, 8 }, AT(fc_weight), .fan_in = 150 },
    { "fc.bias", 1, { 7 }, { 1 }, AT(fc_bias), .fan_in = 150 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = pooled_train_block },
    { "update", .units = 2, .everywhere = true, .run = pooled_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 288, .block_bytes = 1160 * sizeof(real) + 1160 },
    { "conv_forward", "blocks", .sample_flop = 11550, .block_bytes = 3612 * sizeof(real) },
    { "flatten_1_forward", "blocks", .block_bytes = 2400 * sizeof(real) },
    { "fc_forward", "blocks", .sample_flop = 2100, .block_bytes = 2463 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 73, .block_bytes = 144 * sizeof(real) },
    { "fc_backward_input", "blocks", .sample_flop = 2100, .block_bytes = 2456 * sizeof(real) },
    { "fc_backward_weight", "blocks", .sample_flop = 2100, .block_bytes = 2456 * sizeof(real) },
    { "fc_backward_bias", "blocks", .sample_flop = 7, .block_bytes = 63 * sizeof(real) },
    { "flatten_1_backward", "blocks", .sample_flop = 150, .block_bytes = 3600 * sizeof(real) },
    { "conv_backward_weight", "blocks", .sample_flop = 10800, .block_bytes = 3606 * sizeof(real) },
    { "conv_backward_bias", "blocks", .sample_flop = 150, .block_bytes = 1206 * sizeof(real) },
    { "update", "update", .step_flop = 10176, .block_bytes = 1272 * sizeof(real), .step_bytes = 5088 * sizeof(real),
            .everywhere = true },
    { "evaluate_conv_forward", "evaluate", .sample_flop = 11550, .block_bytes = 2412 * sizeof(real) },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 7, .block_bytes = 80 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 31, .block_bytes = 80 * sizeof(real) },
};

extern const struct cuda_code *const pooled_cuda[];

const struct model pooled_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "pooled",
    .spec = "pooled.net",
    .target = "avx2",
    .compiler = "netc 0.1.0",

    .channels = 1, .height = 12, .width = 12, .flat = false,
    .classes = 7,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct pooled_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct pooled_scratch),
    .batch_bytes = sizeof(struct pooled_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = pooled_evaluate_block },
    .predict_bytes = sizeof(struct pooled_image), .prepare_predict = pooled_prepare_predict, .predict = pooled_predict,
    .visit_bytes = sizeof(struct pooled_layers), .visit_layers = pooled_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = pooled_cuda,

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
