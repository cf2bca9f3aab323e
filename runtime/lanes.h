/* Vectors of LANES reals, one of each of LANES samples: the generated code defines LANES before it includes this. GCC
 * vector extensions throughout: the compiler maps them to whatever registers the target has. A double build has as many
 * lanes in longer vectors. Every sum over lanes has one order, so that results do not depend on the compiler. */
#ifndef NETC_LANES_H
#define NETC_LANES_H

#include "real.h"

#include <math.h>
#include <stdint.h>
#if defined __AVX512F__
#include <immintrin.h>
#endif

typedef real vf __attribute__((vector_size(LANES * sizeof(real))));

/* Integers as wide as the reals, and masks: a comparison gives -1 in the lanes where it holds and 0 elsewhere. */
#ifdef NETC_DOUBLE
typedef int64_t vi __attribute__((vector_size(LANES * sizeof(real))));
#else
typedef int32_t vi __attribute__((vector_size(LANES * sizeof(real))));
#endif

/* Unrolls the loop that follows, so that an array of `n` vectors indexed by its counter stays in registers. */
#define LANES_PRAGMA(text) _Pragma(#text)
#define UNROLL(n)          LANES_PRAGMA(GCC unroll n)

/* A part of a kernel: always expanded where it is used. */
#define INLINE static inline __attribute__((always_inline))

static inline vf lanes_of(real x)    { return x - (vf){0}; }
static inline vi lanes_of_int(int x) { return x - (vi){0}; }

static inline vf lanes_real(vi x) { return __builtin_convertvector(x, vf); }

/* yes where the mask is set, else no. */
static inline vf lanes_select(vi mask, vf yes, vf no)     { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
static inline vi lanes_select_int(vi mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }

/* Written lane by lane because compilers make one instruction of it. Where a is NaN the result is, as it is with the
 * functions of single values below. */
static inline vf lanes_max(vf a, vf b)
{
    for (int i = 0; i < LANES; i++)
        a[i] = a[i] < b[i] ? b[i] : a[i];
    return a;
}

static inline vf lanes_min(vf a, vf b)
{
    for (int i = 0; i < LANES; i++)
        a[i] = b[i] < a[i] ? b[i] : a[i];
    return a;
}

static inline vi lanes_max_int(vi a, vi b) { return lanes_select_int(a < b, b, a); }
static inline vi lanes_min_int(vi a, vi b) { return lanes_select_int(b < a, b, a); }
static inline vf lanes_abs(vf a)           { return lanes_max(a, -a); }
static inline vi lanes_abs_int(vi a)       { return lanes_max_int(a, -a); }

/* Where `value` takes the place of `largest` in a running maximum: the first of equals stays, a NaN always wins. */
static inline vi lanes_exceeds(vf value, vf largest) { return (value > largest) | (value != value); }

/* The value where the mask is set, else zero. */
static inline vf lanes_where(vi mask, vf value) { return (vf)(mask & (vi)value); }

/* Goes on with a running maximum: `value`, which stands at `at`. AVX-512 has masks of their own for what other vectors
 * do with integers; compilers do not find that by themselves. */
#if defined __AVX512F__ && LANES == 16 && !defined NETC_DOUBLE
static inline void lanes_take(vf value, int at, vf *largest, vi *place)
{
    __mmask16 taken = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask((__m512)*largest, (__m512)*largest, _CMP_ORD_Q),
                                              (__m512)value, (__m512)*largest, _CMP_NLE_UQ);
    *largest = (vf)_mm512_mask_mov_ps((__m512)*largest, taken, (__m512)value);
    *place = (vi)_mm512_mask_mov_epi32((__m512i)*place, taken, _mm512_set1_epi32(at));
}
#else
static inline void lanes_take(vf value, int at, vf *largest, vi *place)
{
    vi taken = lanes_exceeds(value, *largest);
    *largest = lanes_select(taken, value, *largest);
    *place = lanes_select_int(taken, lanes_of_int(at), *place);
}
#endif

static inline void lanes_take_value(vf value, vf *largest)
{
    vi place = {0};
    lanes_take(value, 0, largest, &place);
}

/* The sum of all lanes. Halves are added to each other until four are left, of these (0 + 2) + (1 + 3). */
static inline real lanes_sum(vf v)
{
    typedef real quad __attribute__((vector_size(4 * sizeof(real))));
    union { vf all; quad part[LANES / 4]; } u = { v };
    UNROLL(4)
    for (int half = LANES / 8; half > 0; half /= 2)
        UNROLL(2)
        for (int i = 0; i < half; i++)
            u.part[i] += u.part[i + half];
    quad q = u.part[0];
    return (q[0] + q[2]) + (q[1] + q[3]);
}

/* The same of what all samples share. */
static inline real real_max(real a, real b) { return a < b ? b : a; }
static inline real real_min(real a, real b) { return b < a ? b : a; }
static inline real real_abs(real a)         { return a < 0 ? -a : a; }
static inline int64_t int_max(int64_t a, int64_t b) { return a < b ? b : a; }
static inline int64_t int_min(int64_t a, int64_t b) { return b < a ? b : a; }
static inline int64_t int_abs(int64_t a)            { return a < 0 ? -a : a; }

#include "lanes_math.h"

#endif
