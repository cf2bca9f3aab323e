/* What lanes.h and load.h compute, for the number of LANES and the real of the file that includes this. */

#include "lanes.h"
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Distance of `value` from the true one, in units of the last place that a real has there. */
static double units_off(real value, double right)
{
    real rounded = (real)right;
    if (isnan(right) || isnan(value))
        return isnan(right) && isnan(value) ? 0 : INFINITY;
    if (value == rounded)
        return 0;
    double above = sizeof(real) == sizeof(float) ? (double)nextafterf(fabsf((float)rounded), INFINITY)
                                                 : nextafter(fabs((double)rounded), INFINITY);
    return fabs((double)value - right) / (above - fabs((double)rounded));
}

/* The largest error of a function over the reals from `first` to `last`, in steps of `step`, and at special values. */
static double worst(vf (*ours)(vf), double (*right)(double), double first, double last, double step)
{
    static const double special[] = { 0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 88.7, 88.73, 1e30, -87.5, -103.9, -104.1,
                                      -1e30, 1e-40, 1.2e-38, 3e38, 0.70710677, 0.70710678 };
    enum { SPECIAL = sizeof special / sizeof *special };
    double most = 0;
    int64_t steps = (int64_t)((last - first) / step);
    for (int64_t at = -SPECIAL; at < steps; at += LANES) {
        vf x = {0};
        for (int i = 0; i < LANES; i++)
            x[i] = (real)(at + i < 0 ? special[at + i + SPECIAL] : first + step * (double)(at + i));
        vf y = ours(x);
        for (int i = 0; i < LANES; i++) {
            double off = units_off(y[i], right((double)x[i]));
            most = off > most ? off : most;
        }
    }
    return most;
}

static void test_exp(void **state)
{
    (void)state;
    assert_true(worst(lanes_exp, exp, -110, 95, 1.7e-4) < 1.1);
}

static void test_log(void **state)
{
    (void)state;
    assert_true(worst(lanes_log, log, 0.5, 2, 1.3e-6) < 1.1);
    assert_true(worst(lanes_log, log, -10, 1e5, 0.0911) < 1.1);
    assert_true(worst(lanes_log, log, 0, 1e-37, 1.1e-43) < 1.1);
}

/* Images of some sizes, the last of which ends in a tile that is not whole; every lane, channel and pixel. */
static void test_load(void **state)
{
    static const struct { int channels, pixels; } sizes[] = { {1, 784}, {3, 25}, {3, 16}, {2, 7}, {5, 1}, {1, 33} };
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int channels = sizes[s].channels, pixels = sizes[s].pixels, size = channels * pixels, samples = 3 * LANES;
        uint8_t *images = malloc((size_t)(size * samples)), *labels = malloc((size_t)samples);
        size_t bytes = (size_t)size * sizeof(vf);
        vf *to = aligned_alloc(sizeof(vf), bytes);
        real factor[5], shift[5];
        vi found;
        for (int i = 0; i < size * samples; i++)
            images[i] = (uint8_t)(i * 37 + i / 251);
        for (int i = 0; i < samples; i++)
            labels[i] = (uint8_t)(i * 11);
        for (int c = 0; c < 5; c++) {
            factor[c] = (real)(c + 1) / 4;      /* exact with every byte, so that the order of operations is no matter */
            shift[c] = (real)(c - 2);
        }

        /* The last block of a step has one lane too few: that one is a copy of its first. */
        struct step step = { .images = images, .labels = labels, .first = 1, .count = 2 * LANES - 1 };
        for (int64_t unit = 0; unit < 2; unit++) {
            const uint8_t *from[LANES];
            load_samples(&step, unit, size, from, &found);
            load_images(from, channels, pixels, factor, shift, to);
            for (int lane = 0; lane < LANES; lane++) {
                int64_t sample = 1 + unit * LANES + (unit == 1 && lane == LANES - 1 ? 0 : lane);
                assert_int_equal(found[lane], labels[sample]);
                for (int c = 0; c < channels; c++)
                    for (int p = 0; p < pixels; p++)
                        assert_true(to[p * channels + c][lane] ==
                                    (real)images[size * sample + c * pixels + p] * factor[c] + shift[c]);
            }
        }
        free(images);
        free(labels);
        free(to);
    }
}

/* ---- across lanes */

static void test_transpose(void **state)
{
    (void)state;
    vf row[LANES];
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            row[i][j] = (real)(100 * i + j);
    lanes_transpose(row);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            assert_true(row[i][j] == (real)(100 * j + i));
}

/* Every set of lanes; a NaN is not zero, zeros of both signs are. */
static void test_append(void **state)
{
    (void)state;
    enum { BEFORE = 3 };
    real values[BEFORE + LANES + LANES];
    lane_int at[BEFORE + LANES + LANES];
    for (int set = 0; set < 1 << LANES; set++) {
        vf value;
        vi beside;
        for (int i = 0; i < LANES; i++) {
            value[i] = set >> i & 1 ? i == 2 ? (real)NAN : (real)(i + 1) : i == 1 ? (real)-0.0 : 0;
            beside[i] = 1000 + i;
        }
        values[BEFORE - 1] = -1;
        int count = lanes_append(value, beside, values, at, BEFORE), want = BEFORE;
        for (int i = 0; i < LANES; i++)
            if (set >> i & 1) {
                assert_true(i == 2 ? isnan(values[want]) : values[want] == (real)(i + 1));
                assert_true(at[want] == 1000 + i);
                want++;
            }
        assert_int_equal(count, want);
        assert_true(values[BEFORE - 1] == -1);
    }
}

static void test_blend(void **state)
{
    (void)state;
    vf low, high;
    vi place;
    for (int i = 0; i < LANES; i++) {
        low[i] = (real)i;
        high[i] = (real)(100 + i);
        place[i] = i % 4;
    }
    vf odd = lanes_blend(lanes_equal(place & 1, 1), high, low), late = lanes_blend(lanes_at_least(place, 2), high, low);
    vf ends = lanes_blend(lanes_equal(place, 0) | lanes_equal(place, 3), high, low);
    for (int i = 0; i < LANES; i++) {
        assert_true(odd[i] == (i % 2 ? high[i] : low[i]));
        assert_true(late[i] == (i % 4 >= 2 ? high[i] : low[i]));
        assert_true(ends[i] == (i % 4 == 0 || i % 4 == 3 ? high[i] : low[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_transpose),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_blend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
