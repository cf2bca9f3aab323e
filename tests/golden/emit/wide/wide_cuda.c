/* wide, compiled by netc 0.1.0 for CUDA from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char wide_cuda_source[], wide_cuda_source_end[];
__asm__(".section .rodata\n"
        "wide_cuda_source: .incbin \"wide_cuda.cu\"\n"
        "wide_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "a.weight", 4, { 16, 3, 3, 3 }, { 36, 12, 3, 1 }, 0, .fan_in = 27 },
    { "a.bias", 1, { 16 }, { 1 }, 576, .fan_in = 27 },
    { "b.weight", 4, { 24, 16, 3, 3 }, { 192, 12, 3, 1 }, 592, .fan_in = 144 },
    { "b.bias", 1, { 24 }, { 1 }, 5200, .fan_in = 144 },
    { "c.weight", 4, { 16, 24, 3, 3 }, { 288, 12, 3, 1 }, 5224, .fan_in = 216 },
    { "c.bias", 1, { 16 }, { 1 }, 9832, .fan_in = 216 },
    { "fc.weight", 2, { 10, 784 }, { 784, 1 }, 9848, .fan_in = 784 },
    { "fc.bias", 1, { 10 }, { 1 }, 17688, .fan_in = 784 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 98304 },
    { "a_padded", .block_bytes = 124416 },
    { "relu_1", .block_bytes = 524288 },
    { "b_padded", .block_bytes = 663552 },
    { "relu_2", .block_bytes = 786432 },
    { "relu_3", .block_bytes = 100352 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_fc", .block_bytes = 1280 },
    { "d_c_", .block_bytes = 100352 },
    { "d_b_", .block_bytes = 786432 },
    { "c_partial", .block_bytes = 129472 },
    { "b_partial", .block_bytes = 18528 },
    { "d_a_", .block_bytes = 524288 },
    { "a_partial", .block_bytes = 18944 },
    { "fc", .block_bytes = 1280 },
};
static const int wide_load_input_cuda_uses[] = { 0 };
static const int wide_a_pad_cuda_uses[] = { 0, 1 };
static const int wide_a_forward_cuda_uses[] = { 1, 2 };
static const int wide_b_pad_cuda_uses[] = { 2, 3 };
static const int wide_b_forward_cuda_uses[] = { 3, 4 };
static const int wide_c_forward_cuda_uses[] = { 4, 5 };
static const int wide_fc_forward_cuda_uses[] = { 5, 6, 7, 8, 9 };
static const int wide_train_8_cuda_uses[] = { 9, 4, 10, 11 };
static const int wide_b_backward_weight_cuda_uses[] = { 3, 10, 12 };
static const int wide_b_backward_input_cuda_uses[] = { 10, 2, 13 };
static const int wide_a_backward_weight_cuda_uses[] = { 1, 13, 14 };
static const int wide_train_12_cuda_uses[] = { 8, 5, 14, 12, 11, 7, 6 };
static const int wide_evaluate_fc_forward_cuda_uses[] = { 5, 15, 6, 7 };
static const int wide_results_cuda_uses[] = { 7, 6, 15 };
static const int update_cuda_uses[] = { 7, 6 };

static const struct cuda_kernel train_cuda[] = {
    { "wide_load_input", "load_input", .units = 0, .block_units = 24, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 3072, .step_bytes = 0, .buffers = wide_load_input_cuda_uses,
            .buffer_count = 1 },
    { "wide_a_pad", "a_pad", .units = 0, .block_units = 122, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 6960, .step_bytes = 0, .buffers = wide_a_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_a_forward", "a_forward", .units = 0, .block_units = 128, .samples = 32, .threads = 192,
            .shared_bytes = 12576, .sample_flop = 225280, .sample_bytes = 20272, .step_bytes = 1792,
            .buffers = wide_a_forward_cuda_uses, .buffer_count = 2 },
    { "wide_b_pad", "b_pad", .units = 0, .block_units = 648, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 37120, .step_bytes = 0, .buffers = wide_b_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_b_forward", "b_forward", .units = 0, .block_units = 96, .samples = 32, .threads = 256,
            .shared_bytes = 17920, .sample_flop = 1775616, .sample_bytes = 45312, .step_bytes = 13920,
            .buffers = wide_b_forward_cuda_uses, .buffer_count = 2 },
    { "wide_c_forward", "c_forward", .units = 0, .block_units = 64, .samples = 32, .threads = 256,
            .shared_bytes = 18688, .sample_flop = 339472, .sample_bytes = 27712, .step_bytes = 13888,
            .buffers = wide_c_forward_cuda_uses, .buffer_count = 2 },
    { "wide_fc_forward", "fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320, .shared_bytes = 320,
            .sample_flop = 32247, .sample_bytes = 6320, .step_bytes = 31400, .buffers = wide_fc_forward_cuda_uses,
            .buffer_count = 5 },
    { "wide_train_8", "c_backward_input, c_backward_weight", .units = 0, .block_units = 1104, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 683520, .sample_bytes = 56334, .step_bytes = 13824,
            .buffers = wide_train_8_cuda_uses, .buffer_count = 4 },
    { "wide_b_backward_weight", "b_backward_weight", .units = 0, .block_units = 96, .samples = 32, .threads = 128,
            .shared_bytes = 0, .sample_flop = 1769472, .sample_bytes = 45891, .step_bytes = 0,
            .buffers = wide_b_backward_weight_cuda_uses, .buffer_count = 3 },
    { "wide_b_backward_input", "b_backward_input", .units = 0, .block_units = 128, .samples = 32, .threads = 192,
            .shared_bytes = 24576, .sample_flop = 1773568, .sample_bytes = 57344, .step_bytes = 13824,
            .buffers = wide_b_backward_input_cuda_uses, .buffer_count = 3 },
    { "wide_a_backward_weight", "a_backward_weight", .units = 0, .block_units = 48, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 221184, .sample_bytes = 20864, .step_bytes = 0,
            .buffers = wide_a_backward_weight_cuda_uses, .buffer_count = 3 },
    { "wide_train_12", "fc_backward_weight, a_weight_update, b_weight_update, c_weight_update, step_results",
            .units = 91, .block_units = 0, .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 15680,
            .sample_bytes = 8401, .step_bytes = 61000, .buffers = wide_train_12_cuda_uses, .buffer_count = 7 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "wide_load_input", "load_input", .units = 0, .block_units = 24, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 3072, .step_bytes = 0, .buffers = wide_load_input_cuda_uses,
            .buffer_count = 1 },
    { "wide_a_pad", "a_pad", .units = 0, .block_units = 122, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 6960, .step_bytes = 0, .buffers = wide_a_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_a_forward", "a_forward", .units = 0, .block_units = 128, .samples = 32, .threads = 192,
            .shared_bytes = 12576, .sample_flop = 225280, .sample_bytes = 20272, .step_bytes = 1792,
            .buffers = wide_a_forward_cuda_uses, .buffer_count = 2 },
    { "wide_b_pad", "b_pad", .units = 0, .block_units = 648, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 37120, .step_bytes = 0, .buffers = wide_b_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_b_forward", "b_forward", .units = 0, .block_units = 96, .samples = 32, .threads = 256,
            .shared_bytes = 17920, .sample_flop = 1775616, .sample_bytes = 45312, .step_bytes = 13920,
            .buffers = wide_b_forward_cuda_uses, .buffer_count = 2 },
    { "wide_c_forward", "c_forward", .units = 0, .block_units = 64, .samples = 32, .threads = 256,
            .shared_bytes = 18688, .sample_flop = 339472, .sample_bytes = 27712, .step_bytes = 13888,
            .buffers = wide_c_forward_cuda_uses, .buffer_count = 2 },
    { "wide_evaluate_fc_forward", "evaluate_fc_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 320,
            .shared_bytes = 320, .sample_flop = 15733, .sample_bytes = 3184, .step_bytes = 31400,
            .buffers = wide_evaluate_fc_forward_cuda_uses, .buffer_count = 4 },
    { "wide_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 48, .step_bytes = 0, .buffers = wide_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "wide_cuda.cu",
    .source = wide_cuda_source, .source_end = wide_cuda_source_end,
    .block = 32, .eval_samples = 2208,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 17700,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "wide_update", "update", .units = 70, .samples = 32, .threads = 256, .step_flop = 70800, .step_bytes = 354000,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const wide_cuda[];
const struct cuda_code *const wide_cuda[] = { &code_cuda, NULL };
