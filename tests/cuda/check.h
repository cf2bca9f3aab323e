/* The program that cuda.mk links with many models: check compare FOLDER | kernels |
 * nvrtc all|ends|some|half | train all|tuned. */
#ifndef NETC_CUDA_CHECK_H
#define NETC_CUDA_CHECK_H

#include <stdbool.h>

/* Compares CUDA code, compiled for the host in FOLDER, with the CPU's plain nests (compare.c). Returns the exit status. */
int compare_models(const char *folder);

/* Prints a line for each kernel of each model: file, kernel, threads, bytes of dynamic shared memory, whether it is of the
 * last code, which has to run wherever no other one does, and what it does. */
int print_kernels(void);

/* Compiles each model's CUDA code by NVRTC: for one of the architectures it knows, by turns ("some"), or every
 * second code only so ("half"), for the oldest and the newest ("ends"), or for all (compile.c). */
int compile_models(const char *archs);

/* Trains each model on cuda:0 and on the CPU, and compares what becomes of it (emulated.c); without `plain` only those that
 * are not compiled with --no-tuned. */
int train_models(bool plain);

#endif
