/* What `bench` measures (bench.c) and prints (bench_print.c). */
#ifndef NETC_BENCH_H
#define NETC_BENCH_H

#include "model.h"

struct bench {
    const struct model *model;
    const char *device;                 /* "cpu"; "cuda:0 (NVIDIA L4), fused step" */
    int         threads, busy;          /* asked for; that find work in a training step */
    int64_t     train_count, test_count, steps;     /* images; steps an epoch */
    int64_t     epochs;                 /* measured: the fastest counts */
    double      train_seconds;          /* an epoch */
    double      evaluate_seconds;       /* all test images */
    double      predict_seconds;        /* one image on one thread; NAN where the model has no function for it */
    double      peak_one, peak_all;     /* flop a second: one thread alone, all together */
    double      memory;                 /* bytes, the most so far; NAN where the system does not tell */

    /* Of an epoch and an evaluation whose kernels were timed: seconds of each, all threads together, 0: it did not run. */
    double     *train_kernels, *evaluate_kernels;
    double      timed_seconds;          /* that epoch */
};

/* What a kernel does in an epoch and in an evaluation, and the bytes that it reads and writes in a step. */
double bench_train_flop(const struct bench *bench, int kernel);
double bench_evaluate_flop(const struct bench *bench, int kernel);
double bench_step_bytes(const struct bench *bench, int kernel);

/* To standard output. */
void bench_print(const struct bench *bench);
void bench_print_json(const struct bench *bench);

#endif
