/* Vectors of LANES reals, one of each of LANES samples: the generated code defines LANES before it includes this. GCC
 * vector extensions throughout: the compiler maps them to whatever registers the target has. A double build has as many
 * lanes in longer vectors. Every sum over lanes has one order, so that results do not depend on the compiler. */
#ifndef NETC_LANES_H
#define NETC_LANES_H

#include "real.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Intrinsics where vectors of floats fill the CPU's registers; everywhere else the compiler's own code. */
#if !defined NETC_DOUBLE && LANES == 16 && defined __AVX512F__
#define LANES_AVX512
#elif !defined NETC_DOUBLE && LANES == 8 && defined __AVX2__
#define LANES_AVX2
#endif
#if defined LANES_AVX512 || defined LANES_AVX2
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
#ifdef LANES_AVX512
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

/* One lane of a vector in memory: read there, where v[lane] may make the compiler load all of it first. */
typedef real real_of_vf __attribute__((may_alias));
static inline real lanes_at(const vf *v, int lane) { return ((const real_of_vf *)v)[lane]; }

/* ---- choosing by lane: what a maximum's place decides */

/* In which lanes something holds. Combined by | and &. */
#ifdef LANES_AVX512
typedef __mmask16 lanes_mask;
static inline lanes_mask lanes_equal(vi a, int b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, _mm512_set1_epi32(b));
}
static inline lanes_mask lanes_at_least(vi a, int b)
{
    return _mm512_cmpge_epi32_mask((__m512i)a, _mm512_set1_epi32(b));
}
#else
typedef vi lanes_mask;
static inline lanes_mask lanes_equal(vi a, int b)    { return a == b; }
static inline lanes_mask lanes_at_least(vi a, int b) { return a >= b; }
#endif

/* yes where the mask is set, else no: lanes_select in one instruction. */
static inline vf lanes_blend(lanes_mask mask, vf yes, vf no)
{
#if defined LANES_AVX512
    return (vf)_mm512_mask_blend_ps(mask, (__m512)no, (__m512)yes);
#elif defined LANES_AVX2
    return (vf)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)mask);
#else
    return lanes_select(mask, yes, no);
#endif
}

/* ---- values of one sample side by side: a vector is LANES neighbours in memory */

#ifdef NETC_DOUBLE
typedef int64_t lane_int;
#else
typedef int32_t lane_int;
#endif

typedef real     vf_anywhere __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef lane_int vi_anywhere __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));

static inline vf   lanes_load(const real *from)             { return *(const vf_anywhere *)from; }
static inline vi   lanes_load_int(const lane_int *from)     { return *(const vi_anywhere *)from; }
static inline void lanes_store(real *to, vf value)          { *(vf_anywhere *)to = value; }
static inline void lanes_store_int(lane_int *to, vi value)  { *(vi_anywhere *)to = value; }

#if LANES >= 8
/* Vectors of two pieces, of neighbours each: piece i stands at from + at[i], goes to to + at[i]. */
typedef real vf_half __attribute__((vector_size(LANES / 2 * sizeof(real))));

static inline vf lanes_join(vf_half low, vf_half high)
{
#if LANES == 8
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}

static inline vf lanes_load_2(const real *from, const int *at)
{
    vf_half low, high;
    memcpy(&low, from + at[0], sizeof low);
    memcpy(&high, from + at[1], sizeof high);
    return lanes_join(low, high);
}

static inline void lanes_store_2(real *to, const int *at, vf v)
{
    memcpy(to + at[0], &v, sizeof v / 2);
    memcpy(to + at[1], (const char *)&v + sizeof v / 2, sizeof v / 2);
}
#endif

#if LANES >= 16
/* Of four pieces. */
typedef real vf_quarter __attribute__((vector_size(LANES / 4 * sizeof(real))));

static inline vf lanes_load_4(const real *from, const int *at)
{
    vf_quarter part[4];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        memcpy(&part[i], from + at[i], sizeof part[i]);
    return lanes_join(__builtin_shufflevector(part[0], part[1], 0, 1, 2, 3, 4, 5, 6, 7),
                      __builtin_shufflevector(part[2], part[3], 0, 1, 2, 3, 4, 5, 6, 7));
}

static inline void lanes_store_4(real *to, const int *at, vf v)
{
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        memcpy(to + at[i], (const char *)&v + i * (sizeof v / 4), sizeof v / 4);
}
#endif

#if LANES == 16
#define LANES_LOW   0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define LANES_HIGH  8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LANES_LOW   0, 8, 1, 9, 2, 10, 3, 11
#define LANES_HIGH  4, 12, 5, 13, 6, 14, 7, 15
#else
#define LANES_LOW   0, 4, 1, 5
#define LANES_HIGH  2, 6, 3, 7
#endif

/* Lane j of row i becomes lane i of row j. Each step interleaves the first half of the rows with the second, which
 * rotates the bits of (row, lane) by one. */
INLINE void lanes_transpose(vf row[LANES])
{
    UNROLL(4)
    for (int step = 1; step < LANES; step *= 2) {
        vf next[LANES];
        UNROLL(8)
        for (int i = 0; i < LANES / 2; i++) {
            next[2*i] = __builtin_shufflevector(row[i], row[i + LANES / 2], LANES_LOW);
            next[2*i + 1] = __builtin_shufflevector(row[i], row[i + LANES / 2], LANES_HIGH);
        }
        UNROLL(16)
        for (int i = 0; i < LANES; i++)
            row[i] = next[i];
    }
}

#undef LANES_LOW
#undef LANES_HIGH

#ifdef LANES_AVX2
/* For each set of lanes, a bit for a lane, their numbers one after another, a byte for each. */
#define KEPT_0(v) v, (v) << 8
#define KEPT_1(v) KEPT_0(v), KEPT_0((v) << 8 | 1)
#define KEPT_2(v) KEPT_1(v), KEPT_1((v) << 8 | 2)
#define KEPT_3(v) KEPT_2(v), KEPT_2((v) << 8 | 3)
#define KEPT_4(v) KEPT_3(v), KEPT_3((v) << 8 | 4)
#define KEPT_5(v) KEPT_4(v), KEPT_4((v) << 8 | 5)
#define KEPT_6(v) KEPT_5(v), KEPT_5((v) << 8 | 6)
static const uint64_t lanes_kept[256] = { KEPT_6(0ull), KEPT_6(7ull) };
#endif

/* Appends the values that are not zero to a list of `count`, and to a second list what stands at the same place of
 * `beside`. Returns the new count. Up to LANES elements behind it are overwritten. */
INLINE int lanes_append(vf value, vi beside, real *values, lane_int *besides, int count)
{
#if defined LANES_AVX512
    __mmask16 kept = _mm512_cmp_ps_mask((__m512)value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    lanes_store(values + count, (vf)_mm512_maskz_compress_ps(kept, (__m512)value));
    lanes_store_int(besides + count, (vi)_mm512_maskz_compress_epi32(kept, (__m512i)beside));
    return count + __builtin_popcount(kept);
#elif defined LANES_AVX2
    int kept = _mm256_movemask_ps(_mm256_cmp_ps((__m256)value, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)&lanes_kept[kept]));
    lanes_store(values + count, (vf)_mm256_permutevar8x32_ps((__m256)value, order));
    lanes_store_int(besides + count, (vi)_mm256_permutevar8x32_epi32((__m256i)beside, order));
    return count + __builtin_popcount((unsigned)kept);
#else
    UNROLL(16)
    for (int i = 0; i < LANES; i++) {
        values[count] = value[i];
        besides[count] = beside[i];
        count += value[i] != 0;
    }
    return count;
#endif
}

/* ---- of what all samples share, or of the only one */

static inline bool real_exceeds(real value, real largest) { return value > largest || value != value; }
static inline real real_larger(real value, real largest)  { return real_exceeds(value, largest) ? value : largest; }
static inline real real_max(real a, real b) { return a < b ? b : a; }
static inline real real_min(real a, real b) { return b < a ? b : a; }
static inline real real_abs(real a)         { return a < 0 ? -a : a; }
static inline int64_t int_max(int64_t a, int64_t b) { return a < b ? b : a; }
static inline int64_t int_min(int64_t a, int64_t b) { return b < a ? b : a; }
static inline int64_t int_abs(int64_t a)            { return a < 0 ? -a : a; }

#include "lanes_math.h"

#endif
