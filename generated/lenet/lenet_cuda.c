/* lenet, compiled by netc 0.1.0 for CUDA from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char lenet_fused_source[], lenet_fused_source_end[];
__asm__(".section .rodata\n"
        "lenet_fused_source: .incbin \"lenet_fused.cu\"\n"
        "lenet_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "conv1.weight", 4, { 10, 1, 5, 5 }, { 28, 28, 5, 1 }, 0, .fan_in = 25 },
    { "conv1.bias", 1, { 10 }, { 1 }, 280, .fan_in = 25 },
    { "conv2.weight", 4, { 20, 10, 5, 5 }, { 280, 28, 5, 1 }, 296, .fan_in = 250 },
    { "conv2.bias", 1, { 20 }, { 1 }, 5896, .fan_in = 250 },
    { "fc.weight", 2, { 10, 320 }, { 320, 1 }, 5936, .fan_in = 320 },
    { "fc.bias", 1, { 10 }, { 1 }, 5920, .fan_in = 320 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 23744 },
    { "kept_flatten_1", .block_bytes = 1280 },
    { "kept_d_fc", .block_bytes = 40 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int lenet_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int lenet_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int lenet_evaluate_fused_uses[] = { 4, 3 };
static const int lenet_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "lenet_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 68032, .sample_flop = 2521233, .sample_bytes = 25856, .step_bytes = 33960,
            .buffers = lenet_step_fused_uses, .buffer_count = 5 },
    { "lenet_reduce", "reduce_gradients, fc_backward_weight, results", .units = 73, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 6400, .sample_bytes = 25072, .step_bytes = 146176,
            .buffers = lenet_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "lenet_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 51488, .sample_flop = 943253, .sample_bytes = 792, .step_bytes = 33960,
            .buffers = lenet_evaluate_fused_uses, .buffer_count = 2 },
    { "lenet_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = lenet_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "lenet_fused.cu",
    .source = lenet_fused_source, .source_end = lenet_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 9136,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "lenet_update", "update", .units = 36, .samples = 1, .threads = 256, .step_flop = 36544, .step_bytes = 182720,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char lenet_cuda_source[], lenet_cuda_source_end[];
__asm__(".section .rodata\n"
        "lenet_cuda_source: .incbin \"lenet_cuda.cu\"\n"
        "lenet_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "conv1.weight", 4, { 10, 1, 5, 5 }, { 28, 28, 5, 1 }, 0, .fan_in = 25 },
    { "conv1.bias", 1, { 10 }, { 1 }, 280, .fan_in = 25 },
    { "conv2.weight", 4, { 20, 10, 5, 5 }, { 280, 28, 5, 1 }, 292, .fan_in = 250 },
    { "conv2.bias", 1, { 20 }, { 1 }, 5892, .fan_in = 250 },
    { "fc.weight", 2, { 10, 320 }, { 320, 1 }, 5912, .fan_in = 320 },
    { "fc.bias", 1, { 10 }, { 1 }, 9112, .fan_in = 320 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "relu_1", .block_bytes = 184320 },
    { "max_pool2d_1_indices", .block_bytes = 46080 },
    { "relu_2", .block_bytes = 40960 },
    { "max_pool2d_2_indices", .block_bytes = 10240 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_fc", .block_bytes = 1280 },
    { "d_max_pool2d_2", .block_bytes = 40960 },
    { "d_max_pool2d_1", .block_bytes = 184320 },
    { "conv2_partial", .block_bytes = 22480 },
    { "conv1_partial", .block_bytes = 14016 },
    { "fc", .block_bytes = 1280 },
};
static const int lenet_conv1_forward_cuda_uses[] = { 0, 1 };
static const int lenet_conv2_forward_cuda_uses[] = { 0, 2, 3 };
static const int lenet_fc_forward_cuda_uses[] = { 2, 4, 5, 6, 7 };
static const int lenet_train_4_cuda_uses[] = { 3, 7, 0, 8, 9 };
static const int lenet_conv1_backward_weight_cuda_uses[] = { 1, 8, 10 };
static const int lenet_train_6_cuda_uses[] = { 6, 2, 10, 9, 5, 4 };
static const int lenet_evaluate_conv1_forward_cuda_uses[] = { 0 };
static const int lenet_evaluate_conv2_forward_cuda_uses[] = { 0, 2 };
static const int lenet_evaluate_fc_forward_cuda_uses[] = { 2, 11, 4, 5 };
static const int lenet_results_cuda_uses[] = { 5, 4, 11 };
static const int update_cuda_uses[] = { 5, 4 };

static const struct cuda_kernel train_cuda[] = {
    { "lenet_conv1_forward", "conv1_forward", .units = 0, .block_units = 60, .samples = 32, .threads = 192,
            .shared_bytes = 22400, .sample_flop = 295200, .sample_bytes = 7200, .step_bytes = 1040,
            .buffers = lenet_conv1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_conv2_forward", "conv2_forward", .units = 0, .block_units = 80, .samples = 32, .threads = 160,
            .shared_bytes = 12480, .sample_flop = 641600, .sample_bytes = 7360, .step_bytes = 20080,
            .buffers = lenet_conv2_forward_cuda_uses, .buffer_count = 3 },
    { "lenet_fc_forward", "fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320,
            .shared_bytes = 320, .sample_flop = 13223, .sample_bytes = 2608, .step_bytes = 12840,
            .buffers = lenet_fc_forward_cuda_uses, .buffer_count = 5 },
    { "lenet_train_4", "conv2_backward_input, conv2_backward_weight", .units = 0, .block_units = 85, .samples = 32,
            .threads = 160, .shared_bytes = 20480, .sample_flop = 1281440, .sample_bytes = 13822, .step_bytes = 20000,
            .buffers = lenet_train_4_cuda_uses, .buffer_count = 5 },
    { "lenet_conv1_backward_weight", "conv1_backward_weight", .units = 0, .block_units = 12, .samples = 32,
            .threads = 320, .shared_bytes = 21504, .sample_flop = 288000, .sample_bytes = 7638, .step_bytes = 0,
            .buffers = lenet_conv1_backward_weight_cuda_uses, .buffer_count = 3 },
    { "lenet_train_6", "fc_backward_weight, conv1_weight_update, conv2_weight_update, step_results", .units = 45,
            .block_units = 0, .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 6400,
            .sample_bytes = 2468, .step_bytes = 33960, .buffers = lenet_train_6_cuda_uses, .buffer_count = 6 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "lenet_evaluate_conv1_forward", "evaluate_conv1_forward", .units = 0, .block_units = 60, .samples = 32,
            .threads = 192, .shared_bytes = 22400, .sample_flop = 295200, .sample_bytes = 5760, .step_bytes = 1040,
            .buffers = lenet_evaluate_conv1_forward_cuda_uses, .buffer_count = 1 },
    { "lenet_evaluate_conv2_forward", "evaluate_conv2_forward", .units = 0, .block_units = 80, .samples = 32,
            .threads = 160, .shared_bytes = 12480, .sample_flop = 641600, .sample_bytes = 7040, .step_bytes = 20080,
            .buffers = lenet_evaluate_conv2_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_evaluate_fc_forward", "evaluate_fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320,
            .shared_bytes = 320, .sample_flop = 6453, .sample_bytes = 1328, .step_bytes = 12840,
            .buffers = lenet_evaluate_fc_forward_cuda_uses, .buffer_count = 4 },
    { "lenet_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 48, .step_bytes = 0, .buffers = lenet_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "lenet_cuda.cu",
    .source = lenet_cuda_source, .source_end = lenet_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 9124,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "lenet_update", "update", .units = 36, .samples = 32, .threads = 256, .step_flop = 36496, .step_bytes = 182480,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const lenet_cuda[];
const struct cuda_code *const lenet_cuda[] = { &code_fused, &code_cuda, NULL };
