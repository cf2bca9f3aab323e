/* unpool, compiled by netc 0.1.0 for CUDA from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char unpool_fused_source[], unpool_fused_source_end[];
__asm__(".section .rodata\n"
        "unpool_fused_source: .incbin \"unpool_fused.cu\"\n"
        "unpool_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "conv2d_1.weight", 4, { 1, 1, 3, 3 }, { 12, 12, 3, 1 }, 0, .fan_in = 9 },
    { "conv2d_1.bias", 1, { 1 }, { 1 }, 16, .fan_in = 9 },
    { "linear_1.weight", 2, { 4, 100 }, { 100, 1 }, 24, .fan_in = 100 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 96 },
    { "kept_flatten_1", .block_bytes = 400 },
    { "kept_d_linear_1", .block_bytes = 16 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int unpool_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int unpool_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int unpool_evaluate_fused_uses[] = { 4, 3 };
static const int unpool_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "unpool_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 128,
            .shared_bytes = 2432, .sample_flop = 2768, .sample_bytes = 620, .step_bytes = 1640,
            .buffers = unpool_step_fused_uses, .buffer_count = 5 },
    { "unpool_reduce", "reduce_gradients, linear_1_backward_weight, results", .units = 6, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 0, .sample_flop = 800, .sample_bytes = 520,
            .step_bytes = 6784, .buffers = unpool_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "unpool_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 128,
            .shared_bytes = 2208, .sample_flop = 1373, .sample_bytes = 108, .step_bytes = 1640,
            .buffers = unpool_evaluate_fused_uses, .buffer_count = 2 },
    { "unpool_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = unpool_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "unpool_fused.cu",
    .source = unpool_fused_source, .source_end = unpool_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 424,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "unpool_update", "update", .units = 2, .samples = 1, .threads = 256, .step_flop = 1696, .step_bytes = 8480,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char unpool_cuda_source[], unpool_cuda_source_end[];
__asm__(".section .rodata\n"
        "unpool_cuda_source: .incbin \"unpool_cuda.cu\"\n"
        "unpool_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "conv2d_1.weight", 4, { 1, 1, 3, 3 }, { 12, 12, 3, 1 }, 0, .fan_in = 9 },
    { "conv2d_1.bias", 1, { 1 }, { 1 }, 12, .fan_in = 9 },
    { "linear_1.weight", 2, { 4, 100 }, { 100, 1 }, 16, .fan_in = 100 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 12800 },
    { "pool", .block_bytes = 3200 },
    { "pool_indices", .block_bytes = 800 },
    { "conv2d_1_padded", .block_bytes = 6272 },
    { "conv2d_1", .block_bytes = 3200 },
    { "max_unpool2d_1", .block_bytes = 12800 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_linear_1", .block_bytes = 512 },
    { "d_max_unpool2d_1", .block_bytes = 12800 },
    { "d_conv2d_1", .block_bytes = 3200 },
    { "conv2d_1_partial", .block_bytes = 64 },
    { "linear_1", .block_bytes = 512 },
};
static const int unpool_load_input_cuda_uses[] = { 0 };
static const int unpool_pool_forward_cuda_uses[] = { 0, 1, 2 };
static const int unpool_conv2d_1_pad_cuda_uses[] = { 1, 3 };
static const int unpool_conv2d_1_forward_cuda_uses[] = { 3, 4 };
static const int unpool_max_unpool2d_1_forward_cuda_uses[] = { 2, 4, 5 };
static const int unpool_linear_1_forward_cuda_uses[] = { 5, 6, 7, 8, 9 };
static const int unpool_max_unpool2d_1_backward_cuda_uses[] = { 2, 9, 10 };
static const int unpool_conv2d_1_backward_weight_cuda_uses[] = { 3, 10, 11 };
static const int unpool_train_9_cuda_uses[] = { 8, 5, 11, 7, 6 };
static const int unpool_evaluate_linear_1_forward_cuda_uses[] = { 5, 12, 6, 7 };
static const int unpool_results_cuda_uses[] = { 7, 6, 12 };
static const int update_cuda_uses[] = { 7, 6 };

static const struct cuda_kernel train_cuda[] = {
    { "unpool_load_input", "load_input", .units = 0, .block_units = 4, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 400, .step_bytes = 0, .buffers = unpool_load_input_cuda_uses,
            .buffer_count = 1 },
    { "unpool_pool_forward", "pool_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 100, .sample_bytes = 525, .step_bytes = 0,
            .buffers = unpool_pool_forward_cuda_uses, .buffer_count = 3 },
    { "unpool_conv2d_1_pad", "conv2d_1_pad", .units = 0, .block_units = 7, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 296, .step_bytes = 0,
            .buffers = unpool_conv2d_1_pad_cuda_uses, .buffer_count = 2 },
    { "unpool_conv2d_1_forward", "conv2d_1_forward", .units = 0, .block_units = 1, .samples = 32, .threads = 192,
            .shared_bytes = 48, .sample_flop = 450, .sample_bytes = 296, .step_bytes = 40,
            .buffers = unpool_conv2d_1_forward_cuda_uses, .buffer_count = 2 },
    { "unpool_max_unpool2d_1_forward", "max_unpool2d_1_forward", .units = 0, .block_units = 13, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 525, .step_bytes = 0,
            .buffers = unpool_max_unpool2d_1_forward_cuda_uses, .buffer_count = 3 },
    { "unpool_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 128, .sample_flop = 1643, .sample_bytes = 824, .step_bytes = 1600,
            .buffers = unpool_linear_1_forward_cuda_uses, .buffer_count = 5 },
    { "unpool_max_unpool2d_1_backward", "max_unpool2d_1_backward", .units = 0, .block_units = 4, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 100, .sample_bytes = 525, .step_bytes = 0,
            .buffers = unpool_max_unpool2d_1_backward_cuda_uses, .buffer_count = 3 },
    { "unpool_conv2d_1_backward_weight", "conv2d_1_backward_weight", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 450, .sample_bytes = 298, .step_bytes = 0,
            .buffers = unpool_conv2d_1_backward_weight_cuda_uses, .buffer_count = 3 },
    { "unpool_train_9", "linear_1_backward_weight, conv2d_1_weight_update, step_results", .units = 9, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 800, .sample_bytes = 426,
            .step_bytes = 1640, .buffers = unpool_train_9_cuda_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "unpool_load_input", "load_input", .units = 0, .block_units = 4, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 400, .step_bytes = 0, .buffers = unpool_load_input_cuda_uses,
            .buffer_count = 1 },
    { "unpool_pool_forward", "pool_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 100, .sample_bytes = 525, .step_bytes = 0,
            .buffers = unpool_pool_forward_cuda_uses, .buffer_count = 3 },
    { "unpool_conv2d_1_pad", "conv2d_1_pad", .units = 0, .block_units = 7, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 296, .step_bytes = 0,
            .buffers = unpool_conv2d_1_pad_cuda_uses, .buffer_count = 2 },
    { "unpool_conv2d_1_forward", "conv2d_1_forward", .units = 0, .block_units = 1, .samples = 32, .threads = 192,
            .shared_bytes = 48, .sample_flop = 450, .sample_bytes = 296, .step_bytes = 40,
            .buffers = unpool_conv2d_1_forward_cuda_uses, .buffer_count = 2 },
    { "unpool_max_unpool2d_1_forward", "max_unpool2d_1_forward", .units = 0, .block_units = 13, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 525, .step_bytes = 0,
            .buffers = unpool_max_unpool2d_1_forward_cuda_uses, .buffer_count = 3 },
    { "unpool_evaluate_linear_1_forward", "evaluate_linear_1_forward", .units = 0, .block_units = 4, .samples = 32,
            .threads = 256, .shared_bytes = 128, .sample_flop = 823, .sample_bytes = 424, .step_bytes = 1600,
            .buffers = unpool_evaluate_linear_1_forward_cuda_uses, .buffer_count = 4 },
    { "unpool_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 24, .step_bytes = 0, .buffers = unpool_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "unpool_cuda.cu",
    .source = unpool_cuda_source, .source_end = unpool_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 416,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "unpool_update", "update", .units = 2, .samples = 32, .threads = 256, .step_flop = 1664, .step_bytes = 8320,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const unpool_cuda[];
const struct cuda_code *const unpool_cuda[] = { &code_fused, &code_cuda, NULL };
