/* settings, compiled by netc 0.1.0 for CUDA from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: 0e0abb9dcdae3210cf21faa78e2e8be1db28f64ecc66a1f3f927c5d3691503f0
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
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_linear_1", .block_bytes = 512 },
    { "linear_1", .block_bytes = 512 },
};
static const int settings_load_input_cuda_uses[] = { 0 };
static const int settings_linear_1_forward_cuda_uses[] = { 0, 1, 2, 3 };
static const int settings_train_3_cuda_uses[] = { 3, 0, 2, 1 };
static const int settings_evaluate_linear_1_forward_cuda_uses[] = { 0, 4, 1, 2 };
static const int settings_results_cuda_uses[] = { 2, 1, 4 };
static const int update_cuda_uses[] = { 2, 1 };

static const struct cuda_kernel train_cuda[] = {
    { "settings_load_input", "load_input", .units = 0, .block_units = 6, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 768, .step_bytes = 0,
            .buffers = settings_load_input_cuda_uses, .buffer_count = 1 },
    { "settings_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 128, .sample_flop = 1579, .sample_bytes = 792, .step_bytes = 3088,
            .buffers = settings_linear_1_forward_cuda_uses, .buffer_count = 4 },
    { "settings_train_3", "linear_1_backward_weight, step_results", .units = 13, .block_units = 0, .samples = 32,
            .threads = 256, .shared_bytes = 4608, .sample_flop = 1536, .sample_bytes = 792, .step_bytes = 3088,
            .buffers = settings_train_3_cuda_uses, .buffer_count = 4 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "settings_load_input", "load_input", .units = 0, .block_units = 6, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 768, .step_bytes = 0,
            .buffers = settings_load_input_cuda_uses, .buffer_count = 1 },
    { "settings_evaluate_linear_1_forward", "evaluate_linear_1_forward", .units = 0, .block_units = 4, .samples = 32,
            .threads = 256, .shared_bytes = 128, .sample_flop = 1559, .sample_bytes = 792, .step_bytes = 3088,
            .buffers = settings_evaluate_linear_1_forward_cuda_uses, .buffer_count = 4 },
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
    .update = {
        "settings_update", "update", .units = 4, .samples = 32, .threads = 256, .step_flop = 3088, .step_bytes = 15440,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const settings_cuda[];
const struct cuda_code *const settings_cuda[] = { &code_cuda, NULL };
