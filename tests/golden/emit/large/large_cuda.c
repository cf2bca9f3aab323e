/* large, compiled by netc 0.1.0 for CUDA from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char large_cuda_source[], large_cuda_source_end[];
__asm__(".section .rodata\n"
        "large_cuda_source: .incbin \"large_cuda.cu\"\n"
        "large_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "hidden.weight", 2, { 400, 1000 }, { 1000, 1 }, 0, .fan_in = 1000 },
    { "hidden.bias", 1, { 400 }, { 1 }, 400000, .fan_in = 1000 },
    { "fc.weight", 2, { 10, 400 }, { 400, 1 }, 400400, .fan_in = 400 },
    { "fc.bias", 1, { 10 }, { 1 }, 404400, .fan_in = 400 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 128000 },
    { "relu_1", .block_bytes = 51200 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_fc", .block_bytes = 1280 },
    { "d_hidden", .block_bytes = 51200 },
    { "fc", .block_bytes = 1280 },
};
static const int large_load_input_cuda_uses[] = { 0 };
static const int large_hidden_forward_cuda_uses[] = { 0, 1 };
static const int large_fc_forward_cuda_uses[] = { 1, 2, 3, 4, 5 };
static const int large_train_4_cuda_uses[] = { 4, 1, 5, 0, 3, 2 };
static const int large_evaluate_fc_forward_cuda_uses[] = { 1, 6, 2, 3 };
static const int large_results_cuda_uses[] = { 3, 2, 6 };
static const int update_cuda_uses[] = { 3, 2 };

static const struct cuda_kernel train_cuda[] = {
    { "large_load_input", "load_input", .units = 0, .block_units = 32, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 4000, .step_bytes = 0, .buffers = large_load_input_cuda_uses,
            .buffer_count = 1 },
    { "large_hidden_forward", "hidden_forward", .units = 0, .block_units = 50, .samples = 32, .threads = 256,
            .shared_bytes = 8192, .sample_flop = 800400, .sample_bytes = 5600, .step_bytes = 1601600,
            .buffers = large_hidden_forward_cuda_uses, .buffer_count = 2 },
    { "large_fc_forward", "fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320,
            .shared_bytes = 320, .sample_flop = 16503, .sample_bytes = 3248, .step_bytes = 16040,
            .buffers = large_fc_forward_cuda_uses, .buffer_count = 5 },
    { "large_train_4", "fc_backward_weight, hidden_backward_weight, step_results", .units = 138, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 18432, .sample_flop = 808000, .sample_bytes = 7248,
            .step_bytes = 1617640, .buffers = large_train_4_cuda_uses, .buffer_count = 6 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "large_load_input", "load_input", .units = 0, .block_units = 32, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 4000, .step_bytes = 0, .buffers = large_load_input_cuda_uses,
            .buffer_count = 1 },
    { "large_hidden_forward", "hidden_forward", .units = 0, .block_units = 50, .samples = 32, .threads = 256,
            .shared_bytes = 8192, .sample_flop = 800400, .sample_bytes = 5600, .step_bytes = 1601600,
            .buffers = large_hidden_forward_cuda_uses, .buffer_count = 2 },
    { "large_evaluate_fc_forward", "evaluate_fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320,
            .shared_bytes = 320, .sample_flop = 8053, .sample_bytes = 1648, .step_bytes = 16040,
            .buffers = large_evaluate_fc_forward_cuda_uses, .buffer_count = 4 },
    { "large_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 48, .step_bytes = 0, .buffers = large_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "large_cuda.cu",
    .source = large_cuda_source, .source_end = large_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 404412,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "large_update", "update", .units = 1580, .samples = 32, .threads = 256, .step_flop = 1617648,
                .step_bytes = 8088240, .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const large_cuda[];
const struct cuda_code *const large_cuda[] = { &code_cuda, NULL };
