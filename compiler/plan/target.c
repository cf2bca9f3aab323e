#include "plan/plan.h"

#include <string.h>

/* AVX-512 and NEON have 32 registers, AVX2 and SSE 16; without fused multiply-add a product takes one more. Of 16, more
 * than 10 sums leave too few for what is multiplied: with 12, loops spilled and took up to two thirds longer. Blends were
 * measured with AVX-512 and AVX2; SSE makes them of three instructions. */
static const Target targets[] = {
    { "avx512",  16, 20, 0.55, "-march=x86-64-v4", "x86-64 with AVX-512 (F, BW, CD, DQ, VL)" },
    { "avx2",     8, 10, 1.2, "-march=x86-64-v3", "x86-64 with AVX2 and FMA" },
    { "neon",     4, 20, 1, "-march=armv8-a",   "64-bit Arm" },
    { "generic",  4,  8, 1.5, "",                 "any CPU that the compiler knows" },
};

const char *const target_names[] = { "native", "avx512", "avx2", "neon", "generic", NULL };

const Target *target_find(const char *name)
{
    if (strcmp(name, "native") == 0)
        return target_native();
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    return NULL;
}

const Target *target_native(void)
{
#if defined __x86_64__
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
    return target_find(avx512 ? "avx512" : avx2 ? "avx2" : "generic");
#elif defined __aarch64__
    return target_find("neon");
#else
    return target_find("generic");
#endif
}
