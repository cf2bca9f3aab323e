/* cycled, compiled by netc 0.1.0 for CUDA from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char cycled_fused_source[], cycled_fused_source_end[];
__asm__(".section .rodata\n"
        "cycled_fused_source: .incbin \"cycled_fused.cu\"\n"
        "cycled_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "linear_1.weight", 2, { 6, 40 }, { 40, 1 }, 8, .fan_in = 40 },
    { "linear_1.bias", 1, { 6 }, { 1 }, 0, .fan_in = 40 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 32 },
    { "kept_input", .block_bytes = 160 },
    { "kept_d_linear_1", .block_bytes = 24 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int cycled_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int cycled_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int cycled_evaluate_fused_uses[] = { 4, 3 };
static const int cycled_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "cycled_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 128,
            .shared_bytes = 1184, .sample_flop = 549, .sample_bytes = 264, .step_bytes = 984,
            .buffers = cycled_step_fused_uses, .buffer_count = 5 },
    { "cycled_reduce", "reduce_gradients, linear_1_backward_weight, results", .units = 4, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 0, .sample_flop = 480, .sample_bytes = 224,
            .step_bytes = 3968, .buffers = cycled_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "cycled_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 128,
            .shared_bytes = 1184, .sample_flop = 513, .sample_bytes = 48, .step_bytes = 984,
            .buffers = cycled_evaluate_fused_uses, .buffer_count = 2 },
    { "cycled_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = cycled_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "cycled_fused.cu",
    .source = cycled_fused_source, .source_end = cycled_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 248,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "cycled_update", "update", .units = 1, .samples = 1, .threads = 256, .step_flop = 992, .step_bytes = 4960,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char cycled_cuda_source[], cycled_cuda_source_end[];
__asm__(".section .rodata\n"
        "cycled_cuda_source: .incbin \"cycled_cuda.cu\"\n"
        "cycled_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "linear_1.weight", 2, { 6, 40 }, { 40, 1 }, 0, .fan_in = 40 },
    { "linear_1.bias", 1, { 6 }, { 1 }, 240, .fan_in = 40 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 5120 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_linear_1", .block_bytes = 768 },
    { "linear_1", .block_bytes = 768 },
};
static const int cycled_load_input_cuda_uses[] = { 0 };
static const int cycled_linear_1_forward_cuda_uses[] = { 0, 1, 2, 3 };
static const int cycled_train_3_cuda_uses[] = { 3, 0, 2, 1 };
static const int cycled_evaluate_linear_1_forward_cuda_uses[] = { 0, 4, 1, 2 };
static const int cycled_results_cuda_uses[] = { 2, 1, 4 };
static const int update_cuda_uses[] = { 2, 1 };

static const struct cuda_kernel train_cuda[] = {
    { "cycled_load_input", "load_input", .units = 0, .block_units = 2, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 160, .step_bytes = 0, .buffers = cycled_load_input_cuda_uses,
            .buffer_count = 1 },
    { "cycled_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 192, .sample_flop = 543, .sample_bytes = 192, .step_bytes = 984,
            .buffers = cycled_linear_1_forward_cuda_uses, .buffer_count = 4 },
    { "cycled_train_3", "linear_1_backward_weight, step_results", .units = 4, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 4608, .sample_flop = 480, .sample_bytes = 192, .step_bytes = 984,
            .buffers = cycled_train_3_cuda_uses, .buffer_count = 4 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "cycled_load_input", "load_input", .units = 0, .block_units = 2, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 160, .step_bytes = 0, .buffers = cycled_load_input_cuda_uses,
            .buffer_count = 1 },
    { "cycled_evaluate_linear_1_forward", "evaluate_linear_1_forward", .units = 0, .block_units = 4, .samples = 32,
            .threads = 256, .shared_bytes = 192, .sample_flop = 513, .sample_bytes = 192, .step_bytes = 984,
            .buffers = cycled_evaluate_linear_1_forward_cuda_uses, .buffer_count = 4 },
    { "cycled_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 32, .step_bytes = 0, .buffers = cycled_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "cycled_cuda.cu",
    .source = cycled_cuda_source, .source_end = cycled_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 248,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "cycled_update", "update", .units = 1, .samples = 32, .threads = 256, .step_flop = 992, .step_bytes = 4960,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const cycled_cuda[];
const struct cuda_code *const cycled_cuda[] = { &code_fused, &code_cuda, NULL };
