/* branches, compiled by netc 0.1.0 for CUDA from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The tables of the CUDA code that the runtime reads, and that code itself. */
#include "cuda_model.h"

extern const char branches_fused_source[], branches_fused_source_end[];
__asm__(".section .rodata\n"
        "branches_fused_source: .incbin \"branches_fused.cu\"\n"
        "branches_fused_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_fused[] = {
    { "entry.weight", 4, { 4, 3, 3, 3 }, { 36, 12, 3, 1 }, 0, .fan_in = 27 },
    { "entry.bias", 1, { 4 }, { 1 }, 144, .fan_in = 27 },
    { "side.weight", 4, { 6, 2, 3, 3 }, { 24, 12, 3, 1 }, 152, .fan_in = 18 },
    { "sum.weight", 4, { 6, 6, 3, 1 }, { 24, 4, 1, 1 }, 296, .fan_in = 18 },
    { "sum.bias", 1, { 6 }, { 1 }, 440, .fan_in = 18 },
    { "linear_1.weight", 2, { 5, 108 }, { 108, 1 }, 456, .fan_in = 108 },
    { "linear_1.bias", 1, { 5 }, { 1 }, 448, .fan_in = 108 },
};

/* Bytes for each 1 sample, or for the step. */
static const struct cuda_buffer buffers_fused[] = {
    { "sample_gradients", .block_bytes = 1824 },
    { "kept_flatten_1", .block_bytes = 432 },
    { "kept_d_linear_1", .block_bytes = 20 },
    { "loss", .block_bytes = 4 },
    { "correct", .block_bytes = 4 },
};
static const int branches_step_fused_uses[] = { 4, 3, 1, 2, 0 };
static const int branches_reduce_fused_uses[] = { 0, 2, 1, 3, 4 };
static const int branches_evaluate_fused_uses[] = { 4, 3 };
static const int branches_results_fused_uses[] = { 3, 4 };
static const int update_fused_uses[] = { 3, 4 };

static const struct cuda_kernel train_fused[] = {
    { "branches_step", "the whole step of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 21712, .sample_flop = 72010, .sample_bytes = 2527, .step_bytes = 3516,
            .buffers = branches_step_fused_uses, .buffer_count = 5 },
    { "branches_reduce", "reduce_gradients, linear_1_backward_weight, results", .units = 10, .block_units = 0,
            .samples = 32, .threads = 256, .shared_bytes = 0, .sample_flop = 1080, .sample_bytes = 2284,
            .step_bytes = 15936, .buffers = branches_reduce_fused_uses, .buffer_count = 5 },
};

static const struct cuda_kernel evaluate_fused[] = {
    { "branches_evaluate", "the evaluation of a sample", .units = 0, .block_units = 1, .samples = 1, .threads = 384,
            .shared_bytes = 10224, .sample_flop = 30292, .sample_bytes = 251, .step_bytes = 3516,
            .buffers = branches_evaluate_fused_uses, .buffer_count = 2 },
    { "branches_results", "evaluate_results", .units = 1, .block_units = 0, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 8, .step_bytes = 0,
            .buffers = branches_results_fused_uses, .buffer_count = 2 },
};

static const struct cuda_code code_fused = {
    .name = "fused step", .file = "branches_fused.cu",
    .source = branches_fused_source, .source_end = branches_fused_source_end,
    .block = 1, .eval_samples = 1024,
    .parameters = parameters_fused, .parameter_count = sizeof parameters_fused / sizeof *parameters_fused,
    .weights_size = 1000,
    .buffers = buffers_fused, .buffer_count = sizeof buffers_fused / sizeof *buffers_fused,
    .train = train_fused, .train_count = sizeof train_fused / sizeof *train_fused, .joined = true,
    .update = {
        "branches_update", "update", .units = 4, .samples = 1, .threads = 256, .step_flop = 4000, .step_bytes = 20000,
                .buffers = update_fused_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_fused, .evaluate_count = sizeof evaluate_fused / sizeof *evaluate_fused,
};

extern const char branches_cuda_source[], branches_cuda_source_end[];
__asm__(".section .rodata\n"
        "branches_cuda_source: .incbin \"branches_cuda.cu\"\n"
        "branches_cuda_source_end: .byte 0\n"
        ".text\n");

static const struct parameter parameters_cuda[] = {
    { "entry.weight", 4, { 4, 3, 3, 3 }, { 36, 12, 3, 1 }, 0, .fan_in = 27 },
    { "entry.bias", 1, { 4 }, { 1 }, 144, .fan_in = 27 },
    { "side.weight", 4, { 6, 2, 3, 3 }, { 24, 12, 3, 1 }, 148, .fan_in = 18 },
    { "sum.weight", 4, { 6, 6, 3, 1 }, { 24, 4, 1, 1 }, 292, .fan_in = 18 },
    { "sum.bias", 1, { 6 }, { 1 }, 436, .fan_in = 18 },
    { "linear_1.weight", 2, { 5, 108 }, { 108, 1 }, 444, .fan_in = 108 },
    { "linear_1.bias", 1, { 5 }, { 1 }, 984, .fan_in = 108 },
};

/* Bytes for each 32 samples, or for the step. */
static const struct cuda_buffer buffers_cuda[] = {
    { "input", .block_bytes = 31104 },
    { "entry_padded", .block_bytes = 46464 },
    { "entry", .block_bytes = 41472 },
    { "side_padded", .block_bytes = 61952 },
    { "side", .block_bytes = 19200 },
    { "relu_1", .block_bytes = 19200 },
    { "sum_padded", .block_bytes = 26880 },
    { "add_1", .block_bytes = 19200 },
    { "concat_1", .block_bytes = 38400 },
    { "max_pool2d_1", .block_bytes = 13824 },
    { "max_pool2d_1_indices", .block_bytes = 3456 },
    { "correct", .block_bytes = 128 },
    { "loss", .block_bytes = 128 },
    { "d_linear_1", .block_bytes = 640 },
    { "d_max_pool2d_1", .block_bytes = 13824 },
    { "d_concat_1", .block_bytes = 38400 },
    { "d_add_1", .block_bytes = 19200 },
    { "d_side", .block_bytes = 19200 },
    { "sum_partial", .block_bytes = 3040 },
    { "d_side_sum", .block_bytes = 19200 },
    { "d_side_padded", .block_bytes = 61952 },
    { "side_partial", .block_bytes = 576 },
    { "d_entry", .block_bytes = 41472 },
    { "entry_partial", .block_bytes = 1776 },
    { "linear_1", .block_bytes = 640 },
};
static const int branches_load_input_cuda_uses[] = { 0 };
static const int branches_entry_pad_cuda_uses[] = { 0, 1 };
static const int branches_entry_forward_cuda_uses[] = { 1, 2 };
static const int branches_side_pad_cuda_uses[] = { 2, 3 };
static const int branches_side_forward_cuda_uses[] = { 3, 4 };
static const int branches_relu_1_forward_cuda_uses[] = { 4, 5 };
static const int branches_sum_pad_cuda_uses[] = { 5, 6 };
static const int branches_sum_forward_cuda_uses[] = { 6, 4, 7 };
static const int branches_concat_1_forward_1_cuda_uses[] = { 7, 8 };
static const int branches_concat_1_forward_2_cuda_uses[] = { 4, 8 };
static const int branches_max_pool2d_1_forward_cuda_uses[] = { 8, 9, 10 };
static const int branches_linear_1_forward_cuda_uses[] = { 9, 11, 12, 13, 14 };
static const int branches_max_pool2d_1_backward_cuda_uses[] = { 10, 14, 15 };
static const int branches_train_14_cuda_uses[] = { 15, 16, 17 };
static const int branches_train_15_cuda_uses[] = { 6, 16, 18, 17, 5, 19 };
static const int branches_train_16_cuda_uses[] = { 19, 20, 3, 21 };
static const int branches_side_backward_pad_cuda_uses[] = { 20, 22 };
static const int branches_entry_backward_weight_cuda_uses[] = { 1, 22, 23 };
static const int branches_train_19_cuda_uses[] = { 13, 9, 23, 21, 18, 12, 11 };
static const int branches_evaluate_max_pool2d_1_forward_cuda_uses[] = { 8, 9 };
static const int branches_evaluate_linear_1_forward_cuda_uses[] = { 9, 24, 11, 12 };
static const int branches_results_cuda_uses[] = { 12, 11, 24 };
static const int update_cuda_uses[] = { 12, 11 };

static const struct cuda_kernel train_cuda[] = {
    { "branches_load_input", "load_input", .units = 0, .block_units = 8, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 972, .step_bytes = 0,
            .buffers = branches_load_input_cuda_uses, .buffer_count = 1 },
    { "branches_entry_pad", "entry_pad", .units = 0, .block_units = 46, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 2424, .step_bytes = 0,
            .buffers = branches_entry_pad_cuda_uses, .buffer_count = 2 },
    { "branches_entry_forward", "entry_forward", .units = 0, .block_units = 16, .samples = 32, .threads = 192,
            .shared_bytes = 12576, .sample_flop = 17496, .sample_bytes = 2748, .step_bytes = 448,
            .buffers = branches_entry_forward_cuda_uses, .buffer_count = 2 },
    { "branches_side_pad", "side_pad", .units = 0, .block_units = 61, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 3232, .step_bytes = 0, .buffers = branches_side_pad_cuda_uses,
            .buffer_count = 2 },
    { "branches_side_forward", "side_forward", .units = 0, .block_units = 8, .samples = 32, .threads = 192,
            .shared_bytes = 12480, .sample_flop = 5400, .sample_bytes = 2536, .step_bytes = 432,
            .buffers = branches_side_forward_cuda_uses, .buffer_count = 2 },
    { "branches_relu_1_forward", "relu_1_forward", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 150, .sample_bytes = 1200, .step_bytes = 0,
            .buffers = branches_relu_1_forward_cuda_uses, .buffer_count = 2 },
    { "branches_sum_pad", "sum_pad", .units = 0, .block_units = 27, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 1440, .step_bytes = 0, .buffers = branches_sum_pad_cuda_uses,
            .buffer_count = 2 },
    { "branches_sum_forward", "sum_forward", .units = 0, .block_units = 18, .samples = 32, .threads = 192,
            .shared_bytes = 12480, .sample_flop = 5550, .sample_bytes = 2040, .step_bytes = 456,
            .buffers = branches_sum_forward_cuda_uses, .buffer_count = 3 },
    { "branches_concat_1_forward_1", "concat_1_forward_1", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 1800, .step_bytes = 0,
            .buffers = branches_concat_1_forward_1_cuda_uses, .buffer_count = 2 },
    { "branches_concat_1_forward_2", "concat_1_forward_2", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 1800, .step_bytes = 0,
            .buffers = branches_concat_1_forward_2_cuda_uses, .buffer_count = 2 },
    { "branches_max_pool2d_1_forward", "max_pool2d_1_forward", .units = 0, .block_units = 14, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 588, .sample_bytes = 1740, .step_bytes = 0,
            .buffers = branches_max_pool2d_1_forward_cuda_uses, .buffer_count = 3 },
    { "branches_linear_1_forward", "linear_1_forward", .units = 0, .block_units = 4, .samples = 32, .threads = 256,
            .shared_bytes = 160, .sample_flop = 2213, .sample_bytes = 892, .step_bytes = 2180,
            .buffers = branches_linear_1_forward_cuda_uses, .buffer_count = 5 },
    { "branches_max_pool2d_1_backward", "max_pool2d_1_backward", .units = 0, .block_units = 38, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 588, .sample_bytes = 1740, .step_bytes = 0,
            .buffers = branches_max_pool2d_1_backward_cuda_uses, .buffer_count = 3 },
    { "branches_train_14", "concat_1_backward_1, concat_1_backward_2", .units = 0, .block_units = 38, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 2400, .step_bytes = 0,
            .buffers = branches_train_14_cuda_uses, .buffer_count = 3 },
    { "branches_train_15", "sum_backward_weight, sum_backward_input", .units = 0, .block_units = 36, .samples = 32,
            .threads = 192, .shared_bytes = 23040, .sample_flop = 11250, .sample_bytes = 3335, .step_bytes = 432,
            .buffers = branches_train_15_cuda_uses, .buffer_count = 6 },
    { "branches_train_16", "side_backward_input, side_backward_weight", .units = 0, .block_units = 63, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 10800, .sample_bytes = 4490, .step_bytes = 432,
            .buffers = branches_train_16_cuda_uses, .buffer_count = 4 },
    { "branches_side_backward_pad", "side_backward_pad", .units = 0, .block_units = 41, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 3232, .step_bytes = 0,
            .buffers = branches_side_backward_pad_cuda_uses, .buffer_count = 2 },
    { "branches_entry_backward_weight", "entry_backward_weight", .units = 0, .block_units = 5, .samples = 32,
            .threads = 256, .shared_bytes = 0, .sample_flop = 17496, .sample_bytes = 2803, .step_bytes = 0,
            .buffers = branches_entry_backward_weight_cuda_uses, .buffer_count = 3 },
    { "branches_train_19", "linear_1_backward_weight, entry_weight_update, side_weight_update, sum_weight_update, step_results", .units = 11, .block_units = 0, .samples = 32, .threads = 256, .shared_bytes = 4608, .sample_flop = 1080, .sample_bytes = 628, .step_bytes = 3516, .buffers = branches_train_19_cuda_uses, .buffer_count = 7 },
};

static const struct cuda_kernel evaluate_cuda[] = {
    { "branches_load_input", "load_input", .units = 0, .block_units = 8, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 972, .step_bytes = 0,
            .buffers = branches_load_input_cuda_uses, .buffer_count = 1 },
    { "branches_entry_pad", "entry_pad", .units = 0, .block_units = 46, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 2424, .step_bytes = 0,
            .buffers = branches_entry_pad_cuda_uses, .buffer_count = 2 },
    { "branches_entry_forward", "entry_forward", .units = 0, .block_units = 16, .samples = 32, .threads = 192,
            .shared_bytes = 12576, .sample_flop = 17496, .sample_bytes = 2748, .step_bytes = 448,
            .buffers = branches_entry_forward_cuda_uses, .buffer_count = 2 },
    { "branches_side_pad", "side_pad", .units = 0, .block_units = 61, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 3232, .step_bytes = 0, .buffers = branches_side_pad_cuda_uses,
            .buffer_count = 2 },
    { "branches_side_forward", "side_forward", .units = 0, .block_units = 8, .samples = 32, .threads = 192,
            .shared_bytes = 12480, .sample_flop = 5400, .sample_bytes = 2536, .step_bytes = 432,
            .buffers = branches_side_forward_cuda_uses, .buffer_count = 2 },
    { "branches_relu_1_forward", "relu_1_forward", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 150, .sample_bytes = 1200, .step_bytes = 0,
            .buffers = branches_relu_1_forward_cuda_uses, .buffer_count = 2 },
    { "branches_sum_pad", "sum_pad", .units = 0, .block_units = 27, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 1440, .step_bytes = 0, .buffers = branches_sum_pad_cuda_uses,
            .buffer_count = 2 },
    { "branches_sum_forward", "sum_forward", .units = 0, .block_units = 18, .samples = 32, .threads = 192,
            .shared_bytes = 12480, .sample_flop = 5550, .sample_bytes = 2040, .step_bytes = 456,
            .buffers = branches_sum_forward_cuda_uses, .buffer_count = 3 },
    { "branches_concat_1_forward_1", "concat_1_forward_1", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 1800, .step_bytes = 0,
            .buffers = branches_concat_1_forward_1_cuda_uses, .buffer_count = 2 },
    { "branches_concat_1_forward_2", "concat_1_forward_2", .units = 0, .block_units = 19, .samples = 32, .threads = 256,
            .shared_bytes = 0, .sample_flop = 0, .sample_bytes = 1800, .step_bytes = 0,
            .buffers = branches_concat_1_forward_2_cuda_uses, .buffer_count = 2 },
    { "branches_evaluate_max_pool2d_1_forward", "evaluate_max_pool2d_1_forward", .units = 0, .block_units = 14,
            .samples = 32, .threads = 256, .shared_bytes = 0, .sample_flop = 588, .sample_bytes = 1632, .step_bytes = 0,
            .buffers = branches_evaluate_max_pool2d_1_forward_cuda_uses, .buffer_count = 2 },
    { "branches_evaluate_linear_1_forward", "evaluate_linear_1_forward", .units = 0, .block_units = 4, .samples = 32,
            .threads = 256, .shared_bytes = 160, .sample_flop = 1108, .sample_bytes = 460, .step_bytes = 2180,
            .buffers = branches_evaluate_linear_1_forward_cuda_uses, .buffer_count = 4 },
    { "branches_results", "results", .units = 1, .block_units = 1, .samples = 32, .threads = 256, .shared_bytes = 0,
            .sample_flop = 0, .sample_bytes = 28, .step_bytes = 0, .buffers = branches_results_cuda_uses,
            .buffer_count = 3 },
};

static const struct cuda_code code_cuda = {
    .name = "layer by layer", .file = "branches_cuda.cu",
    .source = branches_cuda_source, .source_end = branches_cuda_source_end,
    .block = 32, .eval_samples = 4096,
    .parameters = parameters_cuda, .parameter_count = sizeof parameters_cuda / sizeof *parameters_cuda,
    .weights_size = 992,
    .buffers = buffers_cuda, .buffer_count = sizeof buffers_cuda / sizeof *buffers_cuda,
    .train = train_cuda, .train_count = sizeof train_cuda / sizeof *train_cuda, .joined = true,
    .update = {
        "branches_update", "update", .units = 4, .samples = 32, .threads = 256, .step_flop = 3968, .step_bytes = 19840,
                .buffers = update_cuda_uses, .buffer_count = 2,
    },
    .evaluate = evaluate_cuda, .evaluate_count = sizeof evaluate_cuda / sizeof *evaluate_cuda,
};

extern const struct cuda_code *const branches_cuda[];
const struct cuda_code *const branches_cuda[] = { &code_fused, &code_cuda, NULL };
