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

/* Bytes for each 1 sample. */
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
    { "lenet_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .take = 1, .threads = 384,
            .shared_bytes = 68032, .sample_flop = 2521233, .sample_bytes = 25856, .step_bytes = 33960,
            .buffers = lenet_step_fused_uses, .buffer_count = 5 },
    { "lenet_reduce", "reduce_gradients, fc_backward_weight, results", .units = 73, .block_units = 0, .samples = 32,
            .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 6400, .sample_bytes = 25072,
            .step_bytes = 146176, .buffers = lenet_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "lenet_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .take = 1,
            .threads = 384, .shared_bytes = 51488, .sample_flop = 943253, .sample_bytes = 792, .step_bytes = 33960,
            .buffers = lenet_evaluate_fused_uses, .buffer_count = 2 },
    { "lenet_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .take = 1, .threads = 256,
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
        "lenet_update", "update", .units = 36, .samples = 1, .take = 1, .threads = 256, .step_flop = 36544,
                .step_bytes = 182720, .buffers = update_fused_uses, .buffer_count = 2,
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

/* Bytes for each 32 samples. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 100352 },
    { "conv1", .block_bytes = 737280 },
    { "relu_1", .block_bytes = 184320 },
    { "max_pool2d_1_indices", .block_bytes = 46080 },
    { "conv2", .block_bytes = 163840 },
    { "relu_2", .block_bytes = 40960 },
    { "max_pool2d_2_indices", .block_bytes = 10240 },
    { "flatten_1", .block_bytes = 40960 },
    { "fc", .block_bytes = 1280 },
    { "maximum", .block_bytes = 128 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "exp_sum", .block_bytes = 128 },
    { "d_fc", .block_bytes = 1280 },
    { "d_flatten_1", .block_bytes = 40960 },
    { "d_max_pool2d_2", .block_bytes = 40960 },
    { "d_conv2", .block_bytes = 163840 },
    { "d_max_pool2d_1", .block_bytes = 184320 },
    { "d_conv1", .block_bytes = 737280 },
};
static const int lenet_load_input_cuda_uses[] = { 0 };
static const int lenet_conv1_forward_cuda_uses[] = { 0, 1 };
static const int lenet_max_pool2d_1_forward_cuda_uses[] = { 1, 2, 3 };
static const int lenet_conv2_forward_cuda_uses[] = { 2, 4 };
static const int lenet_max_pool2d_2_forward_cuda_uses[] = { 4, 5, 6 };
static const int lenet_flatten_1_forward_cuda_uses[] = { 5, 7 };
static const int lenet_fc_forward_cuda_uses[] = { 7, 8 };
static const int lenet_cross_entropy_maximum_cuda_uses[] = { 8, 9, 10 };
static const int lenet_cross_entropy_forward_cuda_uses[] = { 8, 9, 11, 12 };
static const int lenet_cross_entropy_backward_cuda_uses[] = { 8, 9, 12, 13 };
static const int lenet_train_11_cuda_uses[] = { 13, 14, 7 };
static const int lenet_flatten_1_backward_cuda_uses[] = { 5, 14, 15 };
static const int lenet_train_13_cuda_uses[] = { 6, 15, 16 };
static const int lenet_train_14_cuda_uses[] = { 16, 2, 17 };
static const int lenet_train_15_cuda_uses[] = { 3, 17, 18 };
static const int lenet_conv1_backward_weight_cuda_uses[] = { 18, 0 };
static const int lenet_evaluate_max_pool2d_1_forward_cuda_uses[] = { 1, 2 };
static const int lenet_evaluate_max_pool2d_2_forward_cuda_uses[] = { 4, 5 };
static const int lenet_evaluate_cross_entropy_forward_cuda_uses[] = { 8, 9, 11 };
static const int lenet_results_cuda_uses[] = { 11, 10, 8 };
static const int update_cuda_uses[] = { 11, 10 };

static const struct cuda_kernel train_cuda[] = {
    { "lenet_load_input", "load_input", .units = 0, .block_units = 25, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 3136, .step_bytes = 0,
            .buffers = lenet_load_input_cuda_uses, .buffer_count = 1 },
    { "lenet_conv1_forward", "conv1_forward", .units = 0, .block_units = 720, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 288000, .sample_bytes = 26176, .step_bytes = 1040,
            .buffers = lenet_conv1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_max_pool2d_1_forward", "max_pool2d_1_forward", .units = 0, .block_units = 180, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 7200, .sample_bytes = 30240, .step_bytes = 0,
            .buffers = lenet_max_pool2d_1_forward_cuda_uses, .buffer_count = 3 },
    { "lenet_conv2_forward", "conv2_forward", .units = 0, .block_units = 160, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 640000, .sample_bytes = 10880, .step_bytes = 20080,
            .buffers = lenet_conv2_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_max_pool2d_2_forward", "max_pool2d_2_forward", .units = 0, .block_units = 40, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 1600, .sample_bytes = 6720, .step_bytes = 0,
            .buffers = lenet_max_pool2d_2_forward_cuda_uses, .buffer_count = 3 },
    { "lenet_flatten_1_forward", "flatten_1_forward", .units = 0, .block_units = 40, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 2560, .step_bytes = 0,
            .buffers = lenet_flatten_1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_fc_forward", "fc_forward", .units = 0, .block_units = 2, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 6400, .sample_bytes = 1320, .step_bytes = 12840,
            .buffers = lenet_fc_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 10, .sample_bytes = 48, .step_bytes = 0,
            .buffers = lenet_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "lenet_cross_entropy_forward", "cross_entropy_forward", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 43, .sample_bytes = 52, .step_bytes = 0,
            .buffers = lenet_cross_entropy_forward_cuda_uses, .buffer_count = 4 },
    { "lenet_cross_entropy_backward", "cross_entropy_backward", .units = 0, .block_units = 2, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 50, .sample_bytes = 88, .step_bytes = 0,
            .buffers = lenet_cross_entropy_backward_cuda_uses, .buffer_count = 4 },
    { "lenet_train_11", "fc_backward_input, fc_backward_weight, fc_backward_bias", .units = 402, .block_units = 40,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 12810, .sample_bytes = 2600,
            .step_bytes = 25640, .buffers = lenet_train_11_cuda_uses, .buffer_count = 3 },
    { "lenet_flatten_1_backward", "flatten_1_backward", .units = 0, .block_units = 40, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 320, .sample_bytes = 3840, .step_bytes = 0,
            .buffers = lenet_flatten_1_backward_cuda_uses, .buffer_count = 3 },
    { "lenet_train_13", "max_pool2d_2_backward, conv2_backward_bias", .units = 3, .block_units = 160, .samples = 32,
            .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 320, .sample_bytes = 6720, .step_bytes = 80,
            .buffers = lenet_train_13_cuda_uses, .buffer_count = 3 },
    { "lenet_train_14", "conv2_backward_input, conv2_backward_weight", .units = 625, .block_units = 180, .samples = 32,
            .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 1281440, .sample_bytes = 16640,
            .step_bytes = 40000, .buffers = lenet_train_14_cuda_uses, .buffer_count = 3 },
    { "lenet_train_15", "max_pool2d_1_backward, conv1_backward_bias", .units = 2, .block_units = 720, .samples = 32,
            .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 1440, .sample_bytes = 30240, .step_bytes = 40,
            .buffers = lenet_train_15_cuda_uses, .buffer_count = 3 },
    { "lenet_conv1_backward_weight", "conv1_backward_weight", .units = 32, .block_units = 0, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 288000, .sample_bytes = 26176, .step_bytes = 1000,
            .buffers = lenet_conv1_backward_weight_cuda_uses, .buffer_count = 2 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "lenet_load_input", "load_input", .units = 0, .block_units = 25, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 3136, .step_bytes = 0,
            .buffers = lenet_load_input_cuda_uses, .buffer_count = 1 },
    { "lenet_conv1_forward", "conv1_forward", .units = 0, .block_units = 720, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 288000, .sample_bytes = 26176, .step_bytes = 1040,
            .buffers = lenet_conv1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_evaluate_max_pool2d_1_forward", "evaluate_max_pool2d_1_forward", .units = 0, .block_units = 180,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 7200, .sample_bytes = 28800,
            .step_bytes = 0, .buffers = lenet_evaluate_max_pool2d_1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_conv2_forward", "conv2_forward", .units = 0, .block_units = 160, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 640000, .sample_bytes = 10880, .step_bytes = 20080,
            .buffers = lenet_conv2_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_evaluate_max_pool2d_2_forward", "evaluate_max_pool2d_2_forward", .units = 0, .block_units = 40,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 1600, .sample_bytes = 6400,
            .step_bytes = 0, .buffers = lenet_evaluate_max_pool2d_2_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_flatten_1_forward", "flatten_1_forward", .units = 0, .block_units = 40, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 2560, .step_bytes = 0,
            .buffers = lenet_flatten_1_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_fc_forward", "fc_forward", .units = 0, .block_units = 2, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 6400, .sample_bytes = 1320, .step_bytes = 12840,
            .buffers = lenet_fc_forward_cuda_uses, .buffer_count = 2 },
    { "lenet_cross_entropy_maximum", "cross_entropy_maximum", .units = 0, .block_units = 1, .samples = 32, .take = 1,
            .threads = 256, .shared_bytes = 0, .sample_flop = 10, .sample_bytes = 48, .step_bytes = 0,
            .buffers = lenet_cross_entropy_maximum_cuda_uses, .buffer_count = 3 },
    { "lenet_evaluate_cross_entropy_forward", "evaluate_cross_entropy_forward", .units = 0, .block_units = 1,
            .samples = 32, .take = 1, .threads = 256, .shared_bytes = 0, .sample_flop = 43, .sample_bytes = 48,
            .step_bytes = 0, .buffers = lenet_evaluate_cross_entropy_forward_cuda_uses, .buffer_count = 3 },
    { "lenet_results", "results", .units = 1, .block_units = 1, .samples = 32, .take = 1, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 48, .step_bytes = 0,
            .buffers = lenet_results_cuda_uses, .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "lenet_cuda.cu",
    .source = lenet_cuda_source, .source_end = lenet_cuda_source_end,
    .block = 32, .eval_samples = 3424,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 9124,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = false,
    .update = {
        "lenet_update", "update", .units = 36, .samples = 32, .take = 1, .threads = 256, .step_flop = 36496,
                .step_bytes = 182480, .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const lenet_cuda[];
const struct cuda_code *const lenet_cuda[] = { &code_fused, &code_cuda, NULL };
