/* Emitters of tuned kernels for GPUs. Each prints the body of its kernel's function; what they share stands in tuned.c. */
#ifndef NETC_CUDA_TUNED_H
#define NETC_CUDA_TUNED_H

#include "cuda/print.h"
#include "plan/gpu_tuned.h"

/* A loop that is unrolled, with one statement or one loop under it, which is indented; and the end of `levels` of them. */
void open_unroll(CudaEmitter *e, const char *name, int64_t extent);
__attribute__((format(printf, 2, 3))) void open_line(CudaEmitter *e, const char *format, ...);
void close_lines(CudaEmitter *e, int levels);

/* "2*i + j" of names and numbers, zero and one as a person would write them. */
const char *sum_c(CudaEmitter *e, const char *a, const char *b);
const char *scale_c(CudaEmitter *e, int64_t factor, const char *a);
const char *number_c(CudaEmitter *e, int64_t number);

/* Declares `block` and what is left of the unit, `part`: "" where a block has one. The parts of a unit by name, the last
 * one counting fastest: those with an extent of 1 are "0" and not declared. */
typedef struct Digit { const char *name; int64_t extent; } Digit;
void print_block(CudaEmitter *e, int64_t units);
void print_digits(CudaEmitter *e, const char *number, const Digit *digits, int count);

/* Where tile `tile` of an axis begins, the last one early where they do not fill it: "2*tile". */
const char *tile_start(CudaEmitter *e, const char *tile, int64_t size, int64_t extent);

/* Declares the variable of the nest's axis `name`, if it has that axis. */
void declare_axis(CudaEmitter *e, const char *name, const char *value);

/* The statements that store what the kernel's nest stores, `value` (and `place`) in place of its reductions, or of loads of
 * `of`, if that is given. The axes are variables. */
void store_value(CudaEmitter *e, const char *value, const char *place, const Tensor *of);

/* How the kernel's code calls a tensor: "w.conv1_weight", "relu_1". */
const char *tensor_c(CudaEmitter *e, const Tensor *tensor);

/* The channel `c` of group g, of groups of `size`. */
const char *channel_c(CudaEmitter *e, int64_t groups, int64_t size, const char *c);

/* Bytes of an image's rows that a thread can load at once: a divisor of all that its loads begin at. */
int64_t load_width(const ConvShape *s, int64_t rows, int64_t step);

void print_gpu_conv(CudaEmitter *e);
void print_gpu_conv_input(CudaEmitter *e);
void print_gpu_conv_weight(CudaEmitter *e);
void print_gpu_linear(CudaEmitter *e);
void print_gpu_classify(CudaEmitter *e);
void print_gpu_linear_weight(CudaEmitter *e);
void print_gpu_sum(CudaEmitter *e);
void print_gpu_step_results(CudaEmitter *e);

#endif
