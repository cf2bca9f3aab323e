/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The tables that the runtime reads. */
#include "unpool.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 1, 10, 10 } },
    { "pool", "max_pool2d", .rank = 3, .shape = { 1, 5, 5 }, .arguments = "kernel_size=2, return_indices=true",
            .forward_flop = 100 },
    { "conv2d_1", "conv2d", .rank = 3, .shape = { 1, 5, 5 },
            .arguments = "kernel_size=3, padding=1, padding_mode=circular", .parameters = 10, .forward_flop = 450,
            .backward_flop = 475 },
    { "max_unpool2d_1", "max_unpool2d", .rank = 3, .shape = { 1, 10, 10 }, .arguments = "kernel_size=2, indices=pool",
            .backward_flop = 100 },
    { "flatten_1", "flatten", .rank = 1, .shape = { 100 } },
    { "linear_1", "linear", .rank = 1, .shape = { 4 }, .arguments = "bias=false", .parameters = 400,
            .forward_flop = 800, .backward_flop = 1600 },
};

#define AT(member) (offsetof(struct unpool_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "conv2d_1.weight", 4, { 1, 1, 3, 3 }, { 9, 1, 3, 1 }, AT(conv2d_1_weight), .fan_in = 9 },
    { "conv2d_1.bias", 1, { 1 }, { 1 }, AT(conv2d_1_bias), .fan_in = 9 },
    { "linear_1.weight", 2, { 4, 100 }, { 112, 1 }, AT(linear_1_weight), .fan_in = 100 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = unpool_train_block },
    { "update", .units = 1, .everywhere = true, .run = unpool_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 200, .block_bytes = 1616 * sizeof(real) + 1616 },
    { "pool_forward", "blocks", .sample_flop = 100, .block_bytes = 2400 * sizeof(real) },
    { "conv2d_1_pad", "blocks", .block_bytes = 1184 * sizeof(real) },
    { "conv2d_1_forward", "blocks", .sample_flop = 450, .block_bytes = 1194 * sizeof(real) },
    { "max_unpool2d_1_forward", "blocks", .block_bytes = 2400 * sizeof(real) },
    { "flatten_1_forward", "blocks", .block_bytes = 3200 * sizeof(real) },
    { "linear_1_forward", "blocks", .sample_flop = 800, .block_bytes = 2112 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 43, .block_bytes = 192 * sizeof(real) },
    { "linear_1_backward_input", "blocks", .sample_flop = 800, .block_bytes = 2112 * sizeof(real) },
    { "linear_1_backward_weight", "blocks", .sample_flop = 800, .block_bytes = 2112 * sizeof(real) },
    { "flatten_1_backward", "blocks", .block_bytes = 3200 * sizeof(real) },
    { "max_unpool2d_1_backward", "blocks", .sample_flop = 100, .block_bytes = 2400 * sizeof(real) },
    { "conv2d_1_backward_weight", "blocks", .sample_flop = 450, .block_bytes = 1193 * sizeof(real) },
    { "conv2d_1_backward_bias", "blocks", .sample_flop = 25, .block_bytes = 401 * sizeof(real) },
    { "update", "update", .step_flop = 2784, .block_bytes = 464 * sizeof(real), .step_bytes = 1856 * sizeof(real),
            .everywhere = true },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 4, .block_bytes = 112 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 19, .block_bytes = 112 * sizeof(real) },
};

extern const struct cuda_code *const unpool_cuda[];

const struct model unpool_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "unpool",
    .spec = "unpool.net",
    .target = "avx512",
    .compiler = "netc 0.1.0",

    .channels = 1, .height = 10, .width = 10, .flat = false,
    .classes = 4,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct unpool_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct unpool_scratch),
    .batch_bytes = sizeof(struct unpool_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = unpool_evaluate_block },
    .predict_bytes = sizeof(struct unpool_image), .prepare_predict = unpool_prepare_predict, .predict = unpool_predict,
    .visit_bytes = sizeof(struct unpool_layers), .visit_layers = unpool_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = unpool_cuda,

    .dataset = "idx", .root = "shapes",
    .download = false, .shuffle = false, .test_shuffle = false,
    .batch_size = 16, .test_batch_size = 16,
    .sgd = { .lr = 0.1, .momentum = 0.5, .dampening = 0.1, .weight_decay = 0.0, .nesterov = false },
    .epochs = 1,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
