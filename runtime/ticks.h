/* A clock that costs a few nanoseconds to read, for times of single functions: the processor's counter where it has
 * one. Its unit is its own; who wants seconds reads another clock beside it. */
#ifndef NETC_TICKS_H
#define NETC_TICKS_H

#include <stdint.h>

#if !defined __x86_64__ && !defined __i386__ && !defined __aarch64__
#include <time.h>
#endif

static inline uint64_t ticks_now(void)
{
#if defined __x86_64__ || defined __i386__
    return __builtin_ia32_rdtsc();
#elif defined __aarch64__
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

#endif
