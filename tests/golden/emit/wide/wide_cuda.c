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

/* Bytes for each 32 samples. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 98304 },
    { "a_padded", .block_bytes = 124416 },
    { "relu_1", .block_bytes = 524288 },
    { "b_padded", .block_bytes = 663552 },
    { "relu_2", .block_bytes = 786432 },
    { "relu_3", .block_bytes = 100352 },
    { "flatten_1", .block_bytes = 100352 },
    { "fc", .block_bytes = 1280 },
    { "maximum", .block_bytes = 128 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "exp_sum", .block_bytes = 128 },
    { "d_fc", .block_bytes = 1280 },
    { "d_flatten_1", .block_bytes = 100352 },
    { "d_c_", .block_bytes = 100352 },
    { "d_b_", .block_bytes = 786432 },
    { "d_b_padded", .block_bytes = 663552 },
    { "d_a_", .block_bytes = 524288 },
};
static const int wide_load_input_cuda_uses[] = { 0 };
static const int wide_a_pad_cuda_uses[] = { 0, 1 };
static const int wide_a_forward_cuda_uses[] = { 1, 2 };
static const int wide_b_pad_cuda_uses[] = { 2, 3 };
static const int wide_b_forward_cuda_uses[] = { 3, 4 };
static const int wide_c_forward_cuda_uses[] = { 4, 5 };
static const int wide_flatten_1_forward_cuda_uses[] = { 5, 6 };
static const int wide_fc_forward_cuda_uses[] = { 6, 7 };
static const int wide_cross_entropy_maximum_cuda_uses[] = { 7, 8, 9 };
static const int wide_cross_entropy_forward_cuda_uses[] = { 7, 8, 10, 11 };
static const int wide_cross_entropy_backward_cuda_uses[] = { 7, 8, 11, 12 };
static const int wide_train_12_cuda_uses[] = { 12, 13, 6 };
static const int wide_flatten_1_backward_cuda_uses[] = { 5, 13, 14 };
static const int wide_train_14_cuda_uses[] = { 14, 4, 15 };
static const int wide_train_15_cuda_uses[] = { 15, 16, 3 };
static const int wide_b_backward_pad_cuda_uses[] = { 2, 16, 17 };
static const int wide_train_17_cuda_uses[] = { 17, 1 };
static const int wide_evaluate_cross_entropy_forward_cuda_uses[] = { 7, 8, 10 };
static const int wide_results_cuda_uses[] = { 10, 9, 7 };
static const int update_cuda_uses[] = { 10, 9 };

static const struct cuda_kernel train_cuda[] = {
    { "wide_load_input", "load_input", .units = 0, .block_units = 24, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 3072, .step_bytes = 0,
            .buffers = wide_load_input_cuda_uses, .buffer_count = 1 },
    { "wide_a_pad", "a_pad", .units = 0, .block_units = 122, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 6960, .step_bytes = 0, .buffers = wide_a_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_a_forward", "a_forward", .units = 0, .block_units = 512, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 225280, .sample_bytes = 20272, .step_bytes = 1792,
            .buffers = wide_a_forward_cuda_uses, .buffer_count = 2 },
    { "wide_b_pad", "b_pad", .units = 0, .block_units = 648, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 37120, .step_bytes = 0,
            .buffers = wide_b_pad_cuda_uses, .buffer_count = 2 },
    { "wide_b_forward", "b_forward", .units = 0, .block_units = 768, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 1775616, .sample_bytes = 45312, .step_bytes = 13920,
            .buffers = wide_b_forward_cuda_uses, .buffer_count = 2 },
    { "wide_c_forward", "c_forward", .units = 0, .block_units = 98, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 339472, .sample_bytes = 27712, .step_bytes = 13888,
            .buffers = wide_c_forward_cuda_uses, .buffer_count = 2 },
    { "wide_flatten_1_forward", "flatten_1_forward", .units = 0, .block_units = 98, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 6272, .step_bytes = 0,
            .buffers = wide_flatten_1_forward_cuda_uses, .buffer_count = 2 },
    { "wide_fc_forward", "fc_forward", .units = 0, .block_units = 2, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 15680, .sample_bytes = 3176, .step_bytes = 31400,
            .buffers = wide_fc_forward_cuda_uses, .buffer_count = 2 },
    { "wide_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 10, .sample_bytes = 48, .step_bytes = 0,
            .buffers = wide_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "wide_cross_entropy_forward", "cross_entropy_forward", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 43, .sample_bytes = 52, .step_bytes = 0,
            .buffers = wide_cross_entropy_forward_cuda_uses, .buffer_count = 4 },
    { "wide_cross_entropy_backward", "cross_entropy_backward", .units = 0, .block_units = 2, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 50, .sample_bytes = 88, .step_bytes = 0,
            .buffers = wide_cross_entropy_backward_cuda_uses, .buffer_count = 4 },
    { "wide_train_12", "fc_backward_input, fc_backward_weight, fc_backward_bias", .units = 982, .block_units = 98,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 31370, .sample_bytes = 6312,
            .step_bytes = 62760, .buffers = wide_train_12_cuda_uses, .buffer_count = 3 },
    { "wide_flatten_1_backward", "flatten_1_backward", .units = 0, .block_units = 98, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 784, .sample_bytes = 9408, .step_bytes = 0,
            .buffers = wide_flatten_1_backward_cuda_uses, .buffer_count = 3 },
    { "wide_train_14", "c_backward_input, c_backward_weight, c_backward_bias", .units = 434, .block_units = 768,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 684304, .sample_bytes = 52288,
            .step_bytes = 27712, .buffers = wide_train_14_cuda_uses, .buffer_count = 3 },
    { "wide_train_15", "b_backward_input, b_backward_weight, b_backward_bias", .units = 435, .block_units = 648,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 3545088, .sample_bytes = 66048,
            .step_bytes = 27744, .buffers = wide_train_15_cuda_uses, .buffer_count = 3 },
    { "wide_b_backward_pad", "b_backward_pad", .units = 0, .block_units = 512, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 4096, .sample_bytes = 53504, .step_bytes = 0,
            .buffers = wide_b_backward_pad_cuda_uses, .buffer_count = 3 },
    { "wide_train_17", "a_backward_weight, a_backward_bias", .units = 56, .block_units = 0, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 225280, .sample_bytes = 20272, .step_bytes = 1792,
            .buffers = wide_train_17_cuda_uses, .buffer_count = 2 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "wide_load_input", "load_input", .units = 0, .block_units = 24, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 3072, .step_bytes = 0,
            .buffers = wide_load_input_cuda_uses, .buffer_count = 1 },
    { "wide_a_pad", "a_pad", .units = 0, .block_units = 122, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 6960, .step_bytes = 0, .buffers = wide_a_pad_cuda_uses,
            .buffer_count = 2 },
    { "wide_a_forward", "a_forward", .units = 0, .block_units = 512, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 225280, .sample_bytes = 20272, .step_bytes = 1792,
            .buffers = wide_a_forward_cuda_uses, .buffer_count = 2 },
    { "wide_b_pad", "b_pad", .units = 0, .block_units = 648, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 37120, .step_bytes = 0,
            .buffers = wide_b_pad_cuda_uses, .buffer_count = 2 },
    { "wide_b_forward", "b_forward", .units = 0, .block_units = 768, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 1775616, .sample_bytes = 45312, .step_bytes = 13920,
            .buffers = wide_b_forward_cuda_uses, .buffer_count = 2 },
    { "wide_c_forward", "c_forward", .units = 0, .block_units = 98, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 339472, .sample_bytes = 27712, .step_bytes = 13888,
            .buffers = wide_c_forward_cuda_uses, .buffer_count = 2 },
    { "wide_flatten_1_forward", "flatten_1_forward", .units = 0, .block_units = 98, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 6272, .step_bytes = 0,
            .buffers = wide_flatten_1_forward_cuda_uses, .buffer_count = 2 },
    { "wide_fc_forward", "fc_forward", .units = 0, .block_units = 2, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 15680, .sample_bytes = 3176, .step_bytes = 31400,
            .buffers = wide_fc_forward_cuda_uses, .buffer_count = 2 },
    { "wide_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 10, .sample_bytes = 48, .step_bytes = 0,
            .buffers = wide_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "wide_evaluate_cross_entropy_forward", "evaluate_cross_entropy_forward", .units = 0, .block_units = 1,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 43, .sample_bytes = 48,
            .step_bytes = 0, .buffers = wide_evaluate_cross_entropy_forward_cuda_uses, .buffer_count = 3 },
    { "wide_results", "results", .units = 1, .block_units = 1, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 48, .step_bytes = 0, .buffers = wide_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "wide_cuda.cu",
    .source = wide_cuda_source, .source_end = wide_cuda_source_end,
    .block = 32, .eval_samples = 1856,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 17700,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = false,
    .update = {
        "wide_update", "update", .units = 70, .samples = 32, .take = 1, .threads = 256, .step_flop = 70800,
                .step_bytes = 354000, .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const wide_cuda[];
const struct cuda_code *const wide_cuda[] = { &code_cuda, NULL };
