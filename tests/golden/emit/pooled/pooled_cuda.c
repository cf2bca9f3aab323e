/* pooled, compiled by netc 0.1.0 for CUDA from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char pooled_fused_source[], pooled_fused_source_end[];
__asm__(".section .rodata\n"
        "pooled_fused_source: .incbin \"pooled_fused.cu\"\n"
        "pooled_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "conv.weight", 4, { 6, 1, 3, 3 }, { 12, 12, 3, 1 }, 0, .fan_in = 9 },
    { "conv.bias", 1, { 6 }, { 1 }, 72, .fan_in = 9 },
    { "fc.weight", 2, { 7, 150 }, { 150, 1 }, 88, .fan_in = 150 },
    { "fc.bias", 1, { 7 }, { 1 }, 80, .fan_in = 150 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 352 },
    { "kept_flatten_1", .block_bytes = 600 },
    { "kept_d_fc", .block_bytes = 28 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int pooled_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int pooled_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int pooled_evaluate_fused_uses[] = { 4, 3 };
static const int pooled_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "pooled_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 256,
            .shared_bytes = 6640, .sample_flop = 26930, .sample_bytes = 1132, .step_bytes = 4468,
            .buffers = pooled_step_fused_uses, .buffer_count = 5 },
    { "pooled_reduce", "reduce_gradients, fc_backward_weight, results", .units = 35, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 2100, .sample_bytes = 988, .step_bytes = 18208,
            .buffers = pooled_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "pooled_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 256,
            .shared_bytes = 5744, .sample_flop = 13688, .sample_bytes = 152, .step_bytes = 4468,
            .buffers = pooled_evaluate_fused_uses, .buffer_count = 2 },
    { "pooled_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = pooled_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "pooled_fused.cu",
    .source = pooled_fused_source, .source_end = pooled_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 1144,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "pooled_update", "update", .units = 5, .samples = 1, .threads = 256, .step_flop = 4576, .step_bytes = 22880,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char pooled_cuda_source[], pooled_cuda_source_end[];
__asm__(".section .rodata\n"
        "pooled_cuda_source: .incbin \"pooled_cuda.cu\"\n"
        "pooled_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "conv.weight", 4, { 6, 1, 3, 3 }, { 12, 12, 3, 1 }, 0, .fan_in = 9 },
    { "conv.bias", 1, { 6 }, { 1 }, 72, .fan_in = 9 },
    { "fc.weight", 2, { 7, 150 }, { 150, 1 }, 80, .fan_in = 150 },
    { "fc.bias", 1, { 7 }, { 1 }, 1132, .fan_in = 150 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "relu_1", .block_bytes = 19200 },
    { "max_pool2d_1_indices", .block_bytes = 4800 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_fc", .block_bytes = 896 },
    { "d_max_pool2d_1", .block_bytes = 19200 },
    { "conv_partial", .block_bytes = 1600 },
    { "fc", .block_bytes = 896 },
};
static const int pooled_conv_forward_cuda_uses[] = { 0, 1 };
static const int pooled_fc_forward_cuda_uses[] = { 0, 2, 3, 4, 5 };
static const int pooled_conv_backward_weight_cuda_uses[] = { 1, 5, 6 };
static const int pooled_train_4_cuda_uses[] = { 4, 0, 6, 3, 2 };
static const int pooled_evaluate_conv_forward_cuda_uses[] = { 0 };
static const int pooled_evaluate_fc_forward_cuda_uses[] = { 0, 7, 2, 3 };
static const int pooled_results_cuda_uses[] = { 3, 2, 7 };
static const int update_cuda_uses[] = { 3, 2 };

static const struct cuda_kernel train_cuda[] = {
    { "pooled_conv_forward", "conv_forward", .units = 0, .block_units = 15, .samples = 32, .threads = 96,
            .shared_bytes = 6432, .sample_flop = 11550, .sample_bytes = 750, .step_bytes = 240,
            .buffers = pooled_conv_forward_cuda_uses, .buffer_count = 2 },
    { "pooled_fc_forward", "fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 224, .sample_flop = 4423, .sample_bytes = 1236, .step_bytes = 4228,
            .buffers = pooled_fc_forward_cuda_uses, .buffer_count = 5 },
    { "pooled_conv_backward_weight", "conv_backward_weight", .units = 0, .block_units = 5, .samples = 32,
            .threads = 192, .shared_bytes = 6144, .sample_flop = 10800, .sample_bytes = 800, .step_bytes = 0,
            .buffers = pooled_conv_backward_weight_cuda_uses, .buffer_count = 3 },
    { "pooled_train_4", "fc_backward_weight, conv_weight_update, step_results", .units = 12, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 2100, .sample_bytes = 686,
            .step_bytes = 4468, .buffers = pooled_train_4_cuda_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "pooled_evaluate_conv_forward", "evaluate_conv_forward", .units = 0, .block_units = 15, .samples = 32,
            .threads = 96, .shared_bytes = 6432, .sample_flop = 11550, .sample_bytes = 600, .step_bytes = 240,
            .buffers = pooled_evaluate_conv_forward_cuda_uses, .buffer_count = 1 },
    { "pooled_evaluate_fc_forward", "evaluate_fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 224, .sample_flop = 2138, .sample_bytes = 636, .step_bytes = 4228,
            .buffers = pooled_evaluate_fc_forward_cuda_uses, .buffer_count = 4 },
    { "pooled_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 36, .step_bytes = 0, .buffers = pooled_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "pooled_cuda.cu",
    .source = pooled_cuda_source, .source_end = pooled_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 1140,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "pooled_update", "update", .units = 5, .samples = 32, .threads = 256, .step_flop = 4560, .step_bytes = 22800,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const pooled_cuda[];
const struct cuda_code *const pooled_cuda[] = { &code_fused, &code_cuda, NULL };
