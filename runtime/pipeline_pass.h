/* Passes over an image on the CPU, one function for each kind: what pass_value tells of each value, in loops along
 * rows. */
#ifndef NETC_PIPELINE_PASS_H
#define NETC_PIPELINE_PASS_H

#include "pipeline.h"

/* The loops are written for bytes and for floats at once: inlined where it is known which. */
#define INLINE static inline __attribute__((always_inline))

void pass_moves(const struct pass *pass, const void *from, void *to);
void pass_resize(const struct pass *pass, const void *from, void *to);
void pass_affine(const struct pass *pass, const void *from, void *to);

/* Makes `count` values from place `at` on the fill. */
void fill_values(void *to, int64_t at, int32_t count, float fill, bool floats);

/* Value i of an image of bytes or floats. */
INLINE float row_value(bool real, const void *image, int64_t i)
{
    return real ? ((const float *)image)[i] : (float)((const uint8_t *)image)[i];
}

INLINE void row_store(bool real, void *to, int64_t i, float value)
{
    if (real)
        ((float *)to)[i] = value;
    else
        ((uint8_t *)to)[i] = (uint8_t)(int32_t)value;
}

#endif
