#include "cuda_sources.h"

/* Included for the sake of make, which then knows that this file depends on it. What it declares is no C. */
#define NETC_CUDA_KERNELS_H
#define NETC_CUDA_TRANSFORM_H
#include "cuda_kernels.h"
#include "cuda_step.h"
#include "cuda_transform.h"
#include "optim.h"
#include "transform_image.h"

/* The assembler finds the file in the folders that the compiler was given with -I. */
#define EMBED(label, file)                                      \
    __asm__(".pushsection .rodata\n"                            \
            ".globl netc_header_" #label "\n"                   \
            "netc_header_" #label ":\n"                         \
            ".incbin \"" file "\"\n"                            \
            ".byte 0\n"                                         \
            ".popsection\n");                                   \
    extern const char netc_header_##label[] __attribute__((visibility("hidden")));

EMBED(both, "both.h")
EMBED(cuda_kernels, "cuda_kernels.h")
EMBED(cuda_step, "cuda_step.h")
EMBED(cuda_transform, "cuda_transform.h")
EMBED(optim, "optim.h")
EMBED(random, "random.h")
EMBED(real, "real.h")
EMBED(sampler, "sampler.h")
EMBED(transform, "transform.h")
EMBED(transform_blend, "transform_blend.h")
EMBED(transform_draw, "transform_draw.h")
EMBED(transform_image, "transform_image.h")
EMBED(transform_move, "transform_move.h")
EMBED(transform_pass, "transform_pass.h")

/* NVRTC knows no headers of a system. On those where the trainer runs, an int64_t is a long. */
static const char stdint[] =
    "#pragma once\n"
    "typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long int64_t;\n"
    "typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t;\n"
    "typedef unsigned long uint64_t; typedef unsigned long uintptr_t;\n";

const char *const cuda_header_names[] = {
    "both.h", "cuda_kernels.h", "cuda_step.h", "cuda_transform.h", "optim.h", "random.h", "real.h", "sampler.h",
    "transform.h", "transform_blend.h", "transform_draw.h", "transform_image.h", "transform_move.h", "transform_pass.h",
    "stdint.h", "stdbool.h", "stddef.h",
};

const char *const cuda_header_texts[] = {
    netc_header_both, netc_header_cuda_kernels, netc_header_cuda_step, netc_header_cuda_transform, netc_header_optim,
    netc_header_random, netc_header_real, netc_header_sampler, netc_header_transform, netc_header_transform_blend,
    netc_header_transform_draw, netc_header_transform_image, netc_header_transform_move, netc_header_transform_pass,
    stdint, "", "",
};

const int cuda_header_count = sizeof cuda_header_names / sizeof *cuda_header_names;
