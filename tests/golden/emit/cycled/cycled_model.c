/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The tables that the runtime reads. */
#include "cycled.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 1, .shape = { 40 } },
    { "linear_1", "linear", .rank = 1, .shape = { 6 }, .parameters = 246, .forward_flop = 480, .backward_flop = 486 },
};

#define AT(member) (offsetof(struct cycled_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "linear_1.weight", 2, { 6, 40 }, { 1, 8 }, AT(linear_1_weight), .fan_in = 40 },
    { "linear_1.bias", 1, { 6 }, { 1 }, AT(linear_1_bias), .fan_in = 40 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = cycled_train_block },
    { "update", .units = 1, .everywhere = true, .run = cycled_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 80, .block_bytes = 328 * sizeof(real) + 328 },
    { "linear_1_forward", "blocks", .sample_flop = 480, .block_bytes = 694 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 63, .block_bytes = 128 * sizeof(real) },
    { "linear_1_backward_weight", "blocks", .sample_flop = 480, .block_bytes = 688 * sizeof(real) },
    { "linear_1_backward_bias", "blocks", .sample_flop = 6, .block_bytes = 54 * sizeof(real) },
    { "update", "update", .step_flop = 2952, .block_bytes = 328 * sizeof(real), .step_bytes = 1312 * sizeof(real),
            .everywhere = true },
    { "cross_entropy_maximum", "evaluate", .sample_flop = 6, .block_bytes = 72 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 27, .block_bytes = 72 * sizeof(real) },
};

extern const struct cuda_code *const cycled_cuda[];

const struct model cycled_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "cycled",
    .spec = "cycled.net",
    .target = "avx2",
    .compiler = "netc 0.1.0",

    .channels = 40, .height = 1, .width = 1, .flat = true,
    .classes = 6,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct cycled_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct cycled_scratch),
    .batch_bytes = sizeof(struct cycled_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = cycled_evaluate_block },
    .predict_bytes = sizeof(struct cycled_image), .prepare_predict = cycled_prepare_predict, .predict = cycled_predict,
    .visit_bytes = sizeof(struct cycled_layers), .visit_layers = cycled_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = cycled_cuda,

    .dataset = "idx", .root = "data",
    .download = false, .shuffle = false, .test_shuffle = false,
    .batch_size = 32, .test_batch_size = 32,
    .sgd = { .lr = 0.1, .momentum = 0.0, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .schedule = { .kind = SCHEDULE_ONE_CYCLE, .pct_start = 0.3, .div_factor = 25.0, .final_div_factor = 1e+04,
            .base_momentum = 0.8, .max_momentum = 0.95 },
    .epochs = 1,
    .checkpoints = 1,
    .device = "auto",
    .seed = 1u,
};
