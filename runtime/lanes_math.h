/* Functions of the C library for vectors; lanes.h includes this. Of floats, exp and log are computed for all lanes at once;
 * the others, and all of doubles, are one call for each lane. */
#ifndef NETC_LANES_MATH_H
#define NETC_LANES_MATH_H

#ifdef NETC_DOUBLE
#define LANES_FUNCTION(name) name
#else
#define LANES_FUNCTION(name) name##f
#endif

#define LANES_MAP(name)                                     \
    static inline vf lanes_##name(vf x)                     \
    {                                                       \
        for (int i = 0; i < LANES; i++)                     \
            x[i] = LANES_FUNCTION(name)(x[i]);              \
        return x;                                           \
    }

LANES_MAP(tanh)
LANES_MAP(sqrt)
LANES_MAP(erf)

#ifdef NETC_DOUBLE

LANES_MAP(exp)
LANES_MAP(log)

#else

typedef uint32_t lanes_bits __attribute__((vector_size(LANES * sizeof(real))));

/* Two to the power n, -126 to 127. */
INLINE vf lanes_power_of_two(vi n) { return (vf)((n + 127) << 23); }

/* The exponential, within 1.1 units in the last place of the true one, and of the
 * smallest denormal where the result is one. It is 0 for -infinity and less than -104, infinity above 88.73, NaN for NaN.
 * x = n * log(2) + r with |r| <= log(2) / 2; log(2) has two parts, of which the first one times n is exact. */
static inline vf lanes_exp(vf x)
{
    const real round = 12582912.0f;     /* 1.5 * 2^23: with it added, a number has no digits behind its point */
    x = lanes_min(lanes_max(x, lanes_of(-105.0f)), lanes_of(90.0f));
    vf shifted = x * 1.44269504f + round, n = shifted - round;
    vf r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    vf p = (((1.3814770e-3f * r + 8.3687380e-3f) * r + 4.1668385e-2f) * r + 0.16666521f) * r + 0.49999994f;
    vf y = (p * r) * r + r + 1.0f;

    /* In two steps, because 2^n alone can be too large or too small for a float where y * 2^n is none of both. */
    vi power = (vi)shifted - 0x4b400000, half = power >> 1;
    return y * lanes_power_of_two(half) * lanes_power_of_two(power - half);
}

/* The natural logarithm, within 1 unit in the last place. It is -infinity for 0, NaN below, infinity for
 * infinity, NaN for NaN. x = 2^n * (1 + f) with 1 + f from sqrt(1/2) to sqrt(2). */
static inline vf lanes_log(vf x)
{
    vi denormal = x < 1.17549435e-38f;
    vf scaled = lanes_select(denormal, x * 8388608.0f, x);
    vi bits = (vi)((lanes_bits)scaled - 0x3f3504f3u);   /* the exponent turns over at sqrt(1/2) */
    vf n = lanes_real((bits >> 23) - (denormal & 23));
    vf f = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
    vf p = (((-7.6355435e-2f * f + 0.12761620f) * f - 0.13159756f) * f + 0.14201717f) * f - 0.16623403f;
    p = ((p * f + 0.20001231f) * f - 0.25000820f) * f + 0.33333331f;
    vf y = n * 0.693359375f + (f + ((p * f - 0.5f) * (f * f) - n * 2.12194440e-4f));

    vi ordinary = (x > 0.0f) & (x < INFINITY);
    vf other = lanes_select(x == 0.0f, lanes_of(-INFINITY), lanes_select(x > 0.0f, x, lanes_of(NAN)));
    return lanes_select(ordinary, y, other);
}

#endif

#undef LANES_MAP
/* The same of one value. */
#define REAL_MAP(name) static inline real real_##name(real x) { return LANES_FUNCTION(name)(x); }

REAL_MAP(exp)
REAL_MAP(log)
REAL_MAP(tanh)
REAL_MAP(sqrt)
REAL_MAP(erf)

#undef REAL_MAP
#undef LANES_FUNCTION

#endif
