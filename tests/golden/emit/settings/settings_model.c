/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The tables that the runtime reads. */
#include "settings.h"

/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and
 * the work of a sample. */
static const struct layer layers[] = {
    { "input", "input", .rank = 3, .shape = { 3, 8, 8 } },
    { "flatten_1", "flatten", .rank = 1, .shape = { 192 } },
    { "linear_1", "linear", .rank = 1, .shape = { 4 }, .parameters = 772, .forward_flop = 1536, .backward_flop = 1540 },
};

#define AT(member) (offsetof(struct settings_weights, member) / sizeof(real))

/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */
static const struct parameter parameters[] = {
    { "linear_1.weight", 2, { 4, 192 }, { 1, 8 }, AT(linear_1_weight), .fan_in = 192 },
    { "linear_1.bias", 1, { 4 }, { 1 }, AT(linear_1_bias), .fan_in = 192 },
};

static const struct phase train[] = {
    { "blocks", .block_units = 1, .run = settings_train_block },
    { "gradient", .units = 2, .run = settings_sum_gradient },
    { "norm", .units = 1, .run = settings_clip },
    { "update", .units = 2, .run = settings_update },
};

/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are
 * two flop. */
static const struct kernel kernels[KERNELS] = {
    { "load_block", "blocks", .sample_flop = 384, .block_bytes = 1544 * sizeof(real) + 1544 },
    { "flatten_1_forward", "blocks", .block_bytes = 3072 * sizeof(real) },
    { "linear_1_forward", "blocks", .sample_flop = 1536, .block_bytes = 3108 * sizeof(real) },
    { "cross_entropy_maximum", "blocks", .sample_flop = 4, .block_bytes = 56 * sizeof(real) },
    { "cross_entropy_log_sum_exp", "blocks", .sample_flop = 14, .block_bytes = 48 * sizeof(real) },
    { "cross_entropy_forward", "blocks", .sample_flop = 24, .block_bytes = 64 * sizeof(real) },
    { "cross_entropy_backward", "blocks", .sample_flop = 24, .block_bytes = 96 * sizeof(real) },
    { "linear_1_backward_weight", "blocks", .sample_flop = 1536, .block_bytes = 3104 * sizeof(real) },
    { "linear_1_backward_bias", "blocks", .sample_flop = 4, .block_bytes = 36 * sizeof(real) },
    { "sum_gradient", "gradient", .step_flop = 9264, .block_bytes = 1544 * sizeof(real),
            .step_bytes = 1544 * sizeof(real) },
    { "clip", "norm", .step_flop = 2, .step_bytes = 2 * sizeof(real) },
    { "update", "update", .step_flop = 9264, .step_bytes = 7720 * sizeof(real) },
    { "evaluate_cross_entropy_forward", "evaluate", .sample_flop = 16, .block_bytes = 56 * sizeof(real) },
};

static const float mean[] = { 0.5f, 0.25f, 0.125f };
static const float std[] = { 0.2f, 0.3f, 0.4f };

/* What is done to an image on its way in; what is zero is left out. */
static const struct transform transforms[] = {
    { .kind = TRANSFORM_CENTER_CROP, .size = { 24, 20 } },
    { .kind = TRANSFORM_PAD, .padding = { 1, 2, 3, 4 }, .fill = 9.0f },
    { .kind = TRANSFORM_RESIZE, .size = { 10, 0 } },
    { .kind = TRANSFORM_RANDOM_CROP, .size = { 8, 8 }, .padding = { 1, 1, 1, 1 }, .mode = PADDING_REFLECT,
            .pad_if_needed = true },
    { .kind = TRANSFORM_TO_TENSOR },
    { .kind = TRANSFORM_RANDOM_AFFINE, .bilinear = true, .fill = 0.5f, .degrees = { -10.0f, 20.0f },
            .translate = { 0.1f, 0.2f }, .scale = { 0.9f, 1.25f }, .shear = { 1.0f, 2.0f, 3.0f, 4.0f } },
    { .kind = TRANSFORM_NORMALIZE, .channels = 3, .mean = mean, .std = std },
    { .kind = TRANSFORM_RANDOM_ERASING, .fill = -1.5f, .p = 0.25f, .scale = { 0.02f, 0.33f }, .ratio = { 0.3f, 3.3f } },
};

/* What each label becomes. */
static const int16_t targets[] = {
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
};

static const int64_t milestones[] = { 3, 5 };

static const real class_weights[] = { 1.0, 0.5, 2.0, 0.1 };

extern const struct cuda_code *const settings_cuda[];

const struct model settings_model = {
    .contract = MODEL_CONTRACT,
    .real_bytes = sizeof(real),
    .name = "settings",
    .spec = "settings.net",
    .target = "avx2",
    .compiler = "netc 0.1.0",

    .channels = 3, .height = 8, .width = 8, .flat = false,
    .classes = 4,
    .lanes = LANES,

    .layers = layers, .layer_count = sizeof layers / sizeof *layers,
    .parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,
    .weights_size = sizeof(struct settings_weights) / sizeof(real),
    .state_slots = 1,
    .scratch_bytes = sizeof(struct settings_scratch),
    .batch_bytes = sizeof(struct settings_batch),
    .train = train, .train_count = sizeof train / sizeof *train,
    .evaluate = { "evaluate", .block_units = 1, .run = settings_evaluate_block },
    .predict_bytes = sizeof(struct settings_image), .prepare_predict = settings_prepare_predict, .predict = settings_predict,
    .visit_bytes = sizeof(struct settings_layers), .visit_layers = settings_visit_layers,
    .kernels = kernels, .kernel_count = KERNELS,
    .cuda = settings_cuda,

    .dataset = "cifar10", .root = "data/cifar10",
    .download = false, .shuffle = false, .test_shuffle = false,
    .transforms = transforms, .transform_count = sizeof transforms / sizeof *transforms,
    .prepared = 3,
    .real_images = true,
    .targets = targets,
    .valid = 5000,
    .drop_last = true,
    .balanced = true,
    .batch_size = 32, .test_batch_size = 32,
    .sgd = { .lr = 0.1, .momentum = 0.9, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false },
    .schedule = { .kind = SCHEDULE_MULTI_STEP, .milestones = milestones, .milestone_count = 2, .gamma = 0.2,
            .warmup_steps = 100, .warmup_factor = 0.3333333333333333 },
    .clip_grad_norm = 2.5,
    .label_smoothing = 0.1,
    .class_weights = class_weights,
    .epochs = 6,
    .keep_best = true,
    .checkpoints = 1,
    .patience = 2,
    .device = "auto",
    .seed = 1u,
};
