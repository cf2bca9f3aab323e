/* units, compiled by netc 0.1.0 for CUDA from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char units_fused_source[], units_fused_source_end[];
__asm__(".section .rodata\n"
        "units_fused_source: .incbin \"units_fused.cu\"\n"
        "units_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "conv1.weight", 4, { 8, 1, 5, 5 }, { 28, 28, 5, 1 }, 0, .fan_in = 25 },
    { "conv1.bias", 1, { 8 }, { 1 }, 224, .fan_in = 25 },
    { "conv2.weight", 4, { 12, 4, 3, 3 }, { 48, 12, 3, 1 }, 232, .fan_in = 36 },
    { "conv2.bias", 1, { 12 }, { 1 }, 808, .fan_in = 36 },
    { "fc.weight", 2, { 7, 2700 }, { 2700, 1 }, 832, .fan_in = 2700 },
    { "fc.bias", 1, { 7 }, { 1 }, 824, .fan_in = 2700 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 3328 },
    { "kept_flatten_1", .block_bytes = 10800 },
    { "kept_d_fc", .block_bytes = 28 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int units_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int units_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int units_evaluate_fused_uses[] = { 4, 3 };
static const int units_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "units_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 100048, .sample_flop = 899716, .sample_bytes = 14605, .step_bytes = 78236,
            .buffers = units_step_fused_uses, .buffer_count = 5 },
    { "units_reduce", "reduce_gradients, fc_backward_weight, results", .units = 156, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 37800, .sample_bytes = 14164, .step_bytes = 315712,
            .buffers = units_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "units_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 98032, .sample_flop = 350150, .sample_bytes = 449, .step_bytes = 78236,
            .buffers = units_evaluate_fused_uses, .buffer_count = 2 },
    { "units_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = units_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "units_fused.cu",
    .source = units_fused_source, .source_end = units_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 19736,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "units_update", "update", .units = 78, .samples = 1, .threads = 256, .step_flop = 78944, .step_bytes = 394720,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char units_cuda_source[], units_cuda_source_end[];
__asm__(".section .rodata\n"
        "units_cuda_source: .incbin \"units_cuda.cu\"\n"
        "units_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "conv1.weight", 4, { 8, 1, 5, 5 }, { 28, 28, 5, 1 }, 0, .fan_in = 25 },
    { "conv1.bias", 1, { 8 }, { 1 }, 224, .fan_in = 25 },
    { "conv2.weight", 4, { 12, 4, 3, 3 }, { 48, 12, 3, 1 }, 232, .fan_in = 36 },
    { "conv2.bias", 1, { 12 }, { 1 }, 808, .fan_in = 36 },
    { "fc.weight", 2, { 7, 2700 }, { 2700, 1 }, 820, .fan_in = 2700 },
    { "fc.bias", 1, { 7 }, { 1 }, 19720, .fan_in = 2700 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "relu_1", .block_bytes = 295936 },
    { "conv2", .block_bytes = 345600 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_fc", .block_bytes = 896 },
    { "d_conv2", .block_bytes = 345600 },
    { "d_conv1", .block_bytes = 295936 },
    { "conv2_partial", .block_bytes = 7056 },
    { "conv1_partial", .block_bytes = 15776 },
    { "fc", .block_bytes = 896 },
};
static const int units_conv1_forward_cuda_uses[] = { 0 };
static const int units_conv2_forward_cuda_uses[] = { 0, 1 };
static const int units_fc_forward_cuda_uses[] = { 1, 2, 3, 4, 5 };
static const int units_train_4_cuda_uses[] = { 5, 0, 6, 7 };
static const int units_conv1_backward_weight_cuda_uses[] = { 6, 8 };
static const int units_train_6_cuda_uses[] = { 4, 1, 8, 7, 3, 2 };
static const int units_evaluate_fc_forward_cuda_uses[] = { 1, 9, 2, 3 };
static const int units_results_cuda_uses[] = { 3, 2, 9 };
static const int update_cuda_uses[] = { 3, 2 };

static const struct cuda_kernel train_cuda[] = {
    { "units_conv1_forward", "conv1_forward", .units = 0, .block_units = 36, .samples = 32, .threads = 160,
            .shared_bytes = 16856, .sample_flop = 117912, .sample_bytes = 9248, .step_bytes = 832,
            .buffers = units_conv1_forward_cuda_uses, .buffer_count = 1 },
    { "units_conv2_forward", "conv2_forward", .units = 0, .block_units = 96, .samples = 32, .threads = 256,
            .shared_bytes = 16768, .sample_flop = 194400, .sample_bytes = 20048, .step_bytes = 1776,
            .buffers = units_conv2_forward_cuda_uses, .buffer_count = 2 },
    { "units_fc_forward", "fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 224, .sample_flop = 75673, .sample_bytes = 21636, .step_bytes = 75628,
            .buffers = units_fc_forward_cuda_uses, .buffer_count = 5 },
    { "units_train_4", "conv2_backward_input, conv2_backward_weight", .units = 0, .block_units = 132, .samples = 32,
            .threads = 192, .shared_bytes = 18432, .sample_flop = 391112, .sample_bytes = 29516, .step_bytes = 1728,
            .buffers = units_train_4_cuda_uses, .buffer_count = 4 },
    { "units_conv1_backward_weight", "conv1_backward_weight", .units = 0, .block_units = 17, .samples = 32,
            .threads = 256, .shared_bytes = 13860, .sample_flop = 115600, .sample_bytes = 9741, .step_bytes = 0,
            .buffers = units_conv1_backward_weight_cuda_uses, .buffer_count = 2 },
    { "units_train_6", "fc_backward_weight, conv1_weight_update, conv2_weight_update, step_results", .units = 174,
            .block_units = 0, .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 37800,
            .sample_bytes = 11549, .step_bytes = 78236, .buffers = units_train_6_cuda_uses, .buffer_count = 6 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "units_conv1_forward", "conv1_forward", .units = 0, .block_units = 36, .samples = 32, .threads = 160,
            .shared_bytes = 16856, .sample_flop = 117912, .sample_bytes = 9248, .step_bytes = 832,
            .buffers = units_conv1_forward_cuda_uses, .buffer_count = 1 },
    { "units_conv2_forward", "conv2_forward", .units = 0, .block_units = 96, .samples = 32, .threads = 256,
            .shared_bytes = 16768, .sample_flop = 194400, .sample_bytes = 20048, .step_bytes = 1776,
            .buffers = units_conv2_forward_cuda_uses, .buffer_count = 2 },
    { "units_evaluate_fc_forward", "evaluate_fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 224, .sample_flop = 37838, .sample_bytes = 10836, .step_bytes = 75628,
            .buffers = units_evaluate_fc_forward_cuda_uses, .buffer_count = 4 },
    { "units_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 36, .step_bytes = 0, .buffers = units_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "units_cuda.cu",
    .source = units_cuda_source, .source_end = units_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 19728,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "units_update", "update", .units = 78, .samples = 32, .threads = 256, .step_flop = 78912, .step_bytes = 394560,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const units_cuda[];
const struct cuda_code *const units_cuda[] = { &code_fused, &code_cuda, NULL };
