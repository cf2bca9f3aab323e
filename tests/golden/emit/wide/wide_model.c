/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The tables that the runtime reads. */
#include "wide.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 3, 16, 16 } },
    { "a", "conv2d", .rank = 3, .shape = { 16, 16, 16 }, .arguments = "kernel_size=3, padding=1", .parameters = 448,
            .forward_flop = 225280, .backward_flop = 225280 },
    { "relu_1", "relu", .rank = 3, .shape = { 16, 16, 16 } },
    { "b", "conv2d", .rank = 3, .shape = { 24, 16, 16 }, .arguments = "kernel_size=3, padding=1", .parameters = 3480,
            .forward_flop = 1775616, .backward_flop = 3549184 },
    { "relu_2", "relu", .rank = 3, .shape = { 24, 16, 16 } },
    { "c", "conv2d", .rank = 3, .shape = { 16, 7, 7 }, .arguments = "kernel_size=3, stride=2", .parameters = 3472,
            .forward_flop = 339472, .backward_flop = 684304 },
    { "relu_3", "relu", .rank = 3, .shape = { 16, 7, 7 } },
    { "flatten_1", "flatten", .rank = 1, .shape = { 784 }, .backward_flop = 784 },
    { "fc", "linear", .rank = 1, .shape = { 10 }, .parameters = 7850, .forward_flop = 15680, .backward_flop = 31370 },
};

#define AT(member) (offsetof(struct wide_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "a.weight", 4, { 16, 3, 3, 3 }, { 27, 1, 9, 3 }, AT(a_weight), .fan_in = 27 },
    { "a.bias", 1, { 16 }, { 1 }, AT(a_bias), .fan_in = 27 },
    { "b.weight", 4, { 24, 16, 3, 3 }, { 144, 1, 48, 16 }, AT(b_weight), .fan_in = 144 },
    { "b.bias", 1, { 24 }, { 1 }, AT(b_bias), .fan_in = 144 },
    { "c.weight", 4, { 16, 24, 3, 3 }, { 216, 1, 72, 24 }, AT(c_weight), .fan_in = 216 },
    { "c.bias", 1, { 16 }, { 1 }, AT(c_bias), .fan_in = 216 },
    { "fc.weight", 2, { 10, 784 }, { 784, 1 }, AT(fc_weight), .fan_in = 784 },
    { "fc.bias", 1, { 10 }, { 1 }, AT(fc_bias), .fan_in = 784 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = wide_train_block },
    { "update", .units = 15, .everywhere = true, .run = wide_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 1536, .block_bytes = 12304 * sizeof(real) + 12304 },
    { "transform_a_weight_f4x3", "blocks", .step_flop = 5184, .step_bytes = 1296 * sizeof(real), .everywhere = true },
    { "transform_b_weight_f4x3", "blocks", .step_flop = 41472, .step_bytes = 10368 * sizeof(real), .everywhere = true },
    { "a_pad", "blocks", .block_bytes = 27840 * sizeof(real) },
    { "a_forward", "blocks", .sample_flop = 225280, .block_bytes = 81968 * sizeof(real) },
    { "b_pad", "blocks", .block_bytes = 148480 * sizeof(real) },
    { "b_forward", "blocks", .sample_flop = 1775616, .block_bytes = 188184 * sizeof(real) },
    { "c_forward", "blocks", .sample_flop = 339472, .block_bytes = 114320 * sizeof(real) },
    { "flatten_1_forward", "blocks", .block_bytes = 25088 * sizeof(real) },
    { "fc_forward", "blocks", .sample_flop = 15680, .block_bytes = 20554 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 103, .block_bytes = 384 * sizeof(real) },
    { "fc_backward_input", "blocks", .sample_flop = 15680, .block_bytes = 20544 * sizeof(real) },
    { "fc_backward_weight", "blocks", .sample_flop = 15680, .block_bytes = 20544 * sizeof(real) },
    { "fc_backward_bias", "blocks", .sample_flop = 10, .block_bytes = 170 * sizeof(real) },
    { "flatten_1_backward", "blocks", .sample_flop = 784, .block_bytes = 37632 * sizeof(real) },
    { "c_backward_input", "blocks", .sample_flop = 344832, .block_bytes = 212608 * sizeof(real) },
    { "c_backward_weight", "blocks", .sample_flop = 338688, .block_bytes = 114304 * sizeof(real) },
    { "c_backward_bias", "blocks", .sample_flop = 784, .block_bytes = 12560 * sizeof(real) },
    { "b_backward_weight", "blocks", .sample_flop = 1769472, .block_bytes = 184704 * sizeof(real) },
    { "b_backward_bias", "blocks", .sample_flop = 6144, .block_bytes = 98328 * sizeof(real) },
    { "b_backward_input", "blocks", .sample_flop = 1773568, .block_bytes = 236288 * sizeof(real) },
    { "a_backward_weight", "blocks", .sample_flop = 221184, .block_bytes = 81520 * sizeof(real) },
    { "a_backward_bias", "blocks", .sample_flop = 4096, .block_bytes = 65552 * sizeof(real) },
    { "update", "update", .step_flop = 106848, .block_bytes = 15264 * sizeof(real), .step_bytes = 61056 * sizeof(real),
            .everywhere = true },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 10, .block_bytes = 208 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 43, .block_bytes = 208 * sizeof(real) },
};

extern const struct cuda_code *const wide_cuda[];

const struct model wide_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "wide",
    .spec = "wide.net",
    .target = "avx512",
    .compiler = "netc 0.1.0",

    .channels = 3, .height = 16, .width = 16, .flat = false,
    .classes = 10,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct wide_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct wide_scratch),
    .batch_bytes = sizeof(struct wide_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = wide_evaluate_block },
    .predict_bytes = sizeof(struct wide_image), .prepare_predict = wide_prepare_predict, .predict = wide_predict,
    .visit_bytes = sizeof(struct wide_layers), .visit_layers = wide_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = wide_cuda,

    .dataset = "idx", .root = "shapes",
    .download = false, .shuffle = true, .test_shuffle = false,
    .batch_size = 32, .test_batch_size = 32,
    .normalize = "mean=0.5, std=0.25",
    .sgd = { .lr = 0.01, .momentum = 0.5, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .epochs = 3,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
