/* settings, compiled by netc 0.1.0 for CUDA from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char settings_cuda_source[], settings_cuda_source_end[];
__asm__(".section .rodata\n"
        "settings_cuda_source: .incbin \"settings_cuda.cu\"\n"
        "settings_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "linear_1.weight", 2, { 4, 192 }, { 192, 1 }, 0, .fan_in = 192 },
    { "linear_1.bias", 1, { 4 }, { 1 }, 768, .fan_in = 192 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 24576 },
    { "linear_1", .block_bytes = 512 },
    { "maximum", .block_bytes = 128 },
    { "correct", .block_bytes = 128 },
    { "log_sum_exp", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "target_sum", .block_bytes = 128 },
    { "d_linear_1", .block_bytes = 512 },
    { "squares", .bytes = 64 * sizeof(float) },
};
static const int settings_load_input_cuda_uses[] = { 0 };
static const int settings_linear_1_forward_cuda_uses[] = { 0, 1 };
static const int settings_cross_entropy_maximum_cuda_uses[] = { 1, 2, 3 };
static const int settings_cross_entropy_log_sum_exp_cuda_uses[] = { 1, 2, 4 };
static const int settings_cross_entropy_forward_cuda_uses[] = { 4, 1, 5, 6 };
static const int settings_cross_entropy_backward_cuda_uses[] = { 1, 4, 6, 7 };
static const int settings_train_7_cuda_uses[] = { 7, 0, 5, 3 };
static const int settings_evaluate_cross_entropy_forward_cuda_uses[] = { 4, 1, 5 };
static const int settings_results_cuda_uses[] = { 5, 3, 1 };
static const int update_cuda_uses[] = { 5, 3, 8 };

static const struct cuda_kernel train_cuda[] = {
    { "settings_load_input", "load_input", .units = 0, .block_units = 6, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 768, .step_bytes = 0,
            .buffers = settings_load_input_cuda_uses, .buffer_count = 1 },
    { "settings_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 1, .samples = 32, .threads = 256,
            .shared_bytes = 4096, .sample_flop = 1536, .sample_bytes = 784, .step_bytes = 3088,
            .buffers = settings_linear_1_forward_cuda_uses, .buffer_count = 2 },
    { "settings_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 4, .sample_bytes = 24, .step_bytes = 0,
            .buffers = settings_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "settings_cross_entropy_log_sum_exp", "cross_entropy_log_sum_exp", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 14, .sample_bytes = 24, .step_bytes = 0,
            .buffers = settings_cross_entropy_log_sum_exp_cuda_uses, .buffer_count = 3 },
    { "settings_cross_entropy_forward", "cross_entropy_forward", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 24, .sample_bytes = 28, .step_bytes = 0,
            .buffers = settings_cross_entropy_forward_cuda_uses, .buffer_count = 4 },
    { "settings_cross_entropy_backward", "cross_entropy_backward", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 24, .sample_bytes = 40, .step_bytes = 0,
            .buffers = settings_cross_entropy_backward_cuda_uses, .buffer_count = 4 },
    { "settings_train_7", "linear_1_backward_weight, step_results", .units = 13, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 4608, .sample_flop = 1536, .sample_bytes = 792, .step_bytes = 3088,
            .buffers = settings_train_7_cuda_uses, .buffer_count = 4 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "settings_load_input", "load_input", .units = 0, .block_units = 6, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 768, .step_bytes = 0,
            .buffers = settings_load_input_cuda_uses, .buffer_count = 1 },
    { "settings_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 1, .samples = 32, .threads = 256,
            .shared_bytes = 4096, .sample_flop = 1536, .sample_bytes = 784, .step_bytes = 3088,
            .buffers = settings_linear_1_forward_cuda_uses, .buffer_count = 2 },
    { "settings_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 4, .sample_bytes = 24, .step_bytes = 0,
            .buffers = settings_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "settings_cross_entropy_log_sum_exp", "cross_entropy_log_sum_exp", .units = 0, .block_units = 1, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 14, .sample_bytes = 24, .step_bytes = 0,
            .buffers = settings_cross_entropy_log_sum_exp_cuda_uses, .buffer_count = 3 },
    { "settings_evaluate_cross_entropy_forward", "evaluate_cross_entropy_forward", .units = 0, .block_units = 1,
            .samples = 32, .threads = 256, .shared_bytes = 0, .sample_flop = 16, .sample_bytes = 24, .step_bytes = 0,
            .buffers = settings_evaluate_cross_entropy_forward_cuda_uses, .buffer_count = 3 },
    { "settings_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 24, .step_bytes = 0, .buffers = settings_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "settings_cuda.cu",
    .source = settings_cuda_source, .source_end = settings_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 772,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .norm = {
        "settings_norm", "norm", .units = 64, .samples = 32, .threads = 256, .step_flop = 1544, .step_bytes = 3088,
                .buffers = update_cuda_uses + 2, .buffer_count = 1,
    },
    .update = {
        "settings_update", "update", .units = 4, .samples = 32, .threads = 256, .step_flop = 3088, .step_bytes = 15440,
                .buffers = update_cuda_uses, .buffer_count = 3,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const settings_cuda[];
const struct cuda_code *const settings_cuda[] = { &code_cuda, NULL };
