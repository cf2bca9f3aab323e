/* What `bench` measures of a GPU (cuda_bench.c) and prints (cuda_bench_print.c). */
#ifndef NETC_CUDA_BENCH_H
#define NETC_CUDA_BENCH_H

#include "bench.h"
#include "cuda_model.h"
#include "device.h"

/* A kernel in a step, or in an evaluation of all test images. */
struct cuda_lap {
    const struct cuda_kernel *kernel;
    int64_t blocks;                     /* of threads; of the first piece of an evaluation */
    double  seconds, flop, bytes;
};

struct cuda_bench {
    const struct cuda_code *code;
    int              gpus;
    struct cuda_lap *train, *evaluate;  /* on the first GPU, for its part of the batch */
    int              train_count, evaluate_count;
    double           memory;            /* bytes on each GPU */
    double           transfers;         /* copies between host and device, and waits for it, a training step */
};

/* Times each kernel on its own, by events around it: of a step the median of several, of an evaluation the sum over its
 * pieces. `steps` have been made on the device so far. Trains the device's weights. */
bool cuda_measure(struct device *device, int64_t steps, struct cuda_bench *gpu, struct error *error);

void cuda_bench_free(struct cuda_bench *gpu);

/* To standard output. */
void cuda_bench_print(const struct bench *bench, const struct cuda_bench *gpu);
void cuda_bench_print_json(const struct bench *bench, const struct cuda_bench *gpu);

#endif
