/* Transforms: what is drawn beside what is expected, pipelines, and what does not fit. */
#include "pipeline.h"
#include "sampler_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- draws */

enum { SAMPLES = 20000 };

static struct pass draw(const struct transform *step, int height, int width, uint64_t seed, uint64_t epoch,
                        uint64_t sample)
{
    struct pipeline     pipeline = {.steps = step, .count = 1, .seed = seed, .epoch = epoch};
    struct sample_shape from = {1, height, width, false};
    struct pass         pass;
    pass_begin(&pipeline, sample, 0, from, &pass);
    return pass;
}

/* Each of `cells` counts of SAMPLES draws is within five standard deviations of the same share. */
static void expect_even(const int *counts, int cells)
{
    double mean = (double)SAMPLES / cells, far = 25 * mean * (1 - 1.0 / cells);
    for (int i = 0; i < cells; i++)
        if ((counts[i] - mean) * (counts[i] - mean) > far)
            fail_msg("cell %d of %d: %d draws, expected about %g", i, cells, counts[i], mean);
}

static void test_crops(void **state)
{
    struct transform crop = {.kind = TRANSFORM_RANDOM_CROP, .size = {8, 6}, .padding = {2, 1, 2, 1}};
    int places[5 * 9] = {0};
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        struct pass pass = draw(&crop, 10, 10, 1, 0, (uint64_t)i);      /* of 12 x 14: offsets of 0 to 4 and 0 to 8 */
        int top = pass.move[0].offset[0] + 1, left = pass.move[0].offset[1] + 2;
        assert_true(top >= 0 && top <= 4 && left >= 0 && left <= 8);
        places[9 * top + left]++;
    }
    expect_even(places, 5 * 9);
    struct transform needed = {.kind = TRANSFORM_RANDOM_CROP, .size = {12, 4}, .pad_if_needed = true};
    for (int i = 0; i < 100; i++) {                                     /* two rows are lacking: two on both sides */
        struct pass pass = draw(&needed, 10, 4, 1, 0, (uint64_t)i);
        assert_in_range(pass.move[0].offset[0] + 2, 0, 2);
        assert_int_equal(pass.move[0].offset[1], 0);
    }
}

static void test_flips(void **state)
{
    (void)state;
    for (int axis = 0; axis < 2; axis++) {
        struct transform flip = {
            .kind = axis ? TRANSFORM_RANDOM_HORIZONTAL_FLIP : TRANSFORM_RANDOM_VERTICAL_FLIP, .p = 0.3f,
        };
        int flipped = 0, never = 0, always = 0;
        for (int i = 0; i < SAMPLES; i++) {
            flip.p = 0.3f;
            struct pass pass = draw(&flip, 4, 4, 1, 0, (uint64_t)i);
            flipped += pass.move[0].reversed[axis];
            assert_false(pass.move[0].reversed[!axis]);
            flip.p = 0;
            never += draw(&flip, 4, 4, 1, 0, (uint64_t)i).move[0].reversed[axis];
            flip.p = 1;
            always += draw(&flip, 4, 4, 1, 0, (uint64_t)i).move[0].reversed[axis];
        }
        assert_in_range(flipped, 6000 - 325, 6000 + 325);               /* five standard deviations of 65 */
        assert_int_equal(never, 0);
        assert_int_equal(always, SAMPLES);
    }
}

static void test_affines(void **state)
{
    struct transform affine = {
        .kind = TRANSFORM_RANDOM_AFFINE, .degrees = {-30, 90}, .translate = {0.2f, 0.1f}, .scale = {0.5f, 2},
    };
    int    angles[12] = {0}, shifts[5] = {0};
    double scales = 0;
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        struct pass pass = draw(&affine, 10, 20, 1, 0, (uint64_t)i);
        for (int k = 0; k < 6; k++)                                     /* back to pixels: half of the image is one */
            pass.matrix[k] *= k < 3 ? 10 : 5;
        double a = pass.matrix[0], b = pass.matrix[1], scale = 1 / sqrt(a * a + b * b);
        double angle = atan2(b, a) * 180 / 3.14159265358979323846;
        double x = -(pass.matrix[2] * a + pass.matrix[5] * pass.matrix[3]) * scale * scale;
        double y = -(pass.matrix[2] * b + pass.matrix[5] * pass.matrix[4]) * scale * scale;
        assert_true(angle > -30.001 && angle < 90.001 && scale > 0.4999 && scale < 2.0001);
        assert_true(fabs(x - rint(x)) < 1e-3 && fabs(y - rint(y)) < 1e-3 && fabs(x) < 4.1 && fabs(y) < 1.1);
        angles[(int)fmin((angle + 30) / 10, 11)]++;
        shifts[(int)rint(y) + 2]++;
        scales += scale;
    }
    expect_even(angles, 12);
    assert_in_range(shifts[1], SAMPLES / 4 - 310, SAMPLES / 4 + 310);   /* round(uniform(-1, 1)): 1/4, 1/2, 1/4 */
    assert_in_range(shifts[2], SAMPLES / 2 - 355, SAMPLES / 2 + 355);
    assert_true(fabs(scales / SAMPLES - 1.25) < 5 * 0.433 / sqrt(SAMPLES));
}

/* Against torchvision's: the mean share of the image and of the ratio's logarithm, and places as even as they come. */
static void test_rectangles(void **state)
{
    struct transform erasing = {
        .kind = TRANSFORM_RANDOM_ERASING, .p = 0.5f, .scale = {0.02f, 0.1f}, .ratio = {0.5f, 2},
    };
    int    erased = 0;
    double share = 0, ratio = 0, places = 0;
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        struct pass pass = draw(&erasing, 100, 200, 1, 0, (uint64_t)i);
        if (pass.height == 0)
            continue;
        erased++;
        share += pass.height * pass.width / 20000.0;
        ratio += log((double)pass.height / pass.width);
        places += (double)pass.top / (100 - pass.height);
        assert_true(pass.top >= 0 && pass.top + pass.height <= 100 && pass.left >= 0 && pass.left + pass.width <= 200);
    }
    assert_in_range(erased, SAMPLES / 2 - 355, SAMPLES / 2 + 355);
    assert_true(fabs(share / erased - 0.06) < 0.0015 && fabs(ratio / erased) < 0.025);
    assert_true(fabs(places / erased - 0.5) < 0.015);
    erasing.p = 1;
    erasing.scale[0] = erasing.scale[1] = 1;                          /* never smaller than the image: none is erased */
    erasing.ratio[0] = erasing.ratio[1] = 1;
    assert_int_equal(draw(&erasing, 10, 10, 1, 0, 0).height, 0);
}

/* The same for the same seed, epoch, sample and place; else something else. */
static void test_keys(void **state)
{
    struct transform    crops[2] = {{.kind = TRANSFORM_RANDOM_CROP, .size = {1, 1}},
                                    {.kind = TRANSFORM_RANDOM_CROP, .size = {1, 1}}};
    struct sample_shape from = {1, 1, 1 << 14, false};
    (void)state;
    int32_t first = draw(crops, 1, from.width, 3, 4, 5).move[0].offset[1];
    assert_int_equal(draw(crops, 1, from.width, 3, 4, 5).move[0].offset[1], first);
    assert_int_not_equal(draw(crops, 1, from.width, 2, 4, 5).move[0].offset[1], first);
    assert_int_not_equal(draw(crops, 1, from.width, 3, 3, 5).move[0].offset[1], first);
    assert_int_not_equal(draw(crops, 1, from.width, 3, 4, 6).move[0].offset[1], first);
    struct pipeline later = {.steps = crops, .count = 1, .place = 1, .seed = 3, .epoch = 4};
    struct pass     pass;
    pass_begin(&later, 5, 0, from, &pass);
    assert_int_not_equal(pass.move[0].offset[1], first);
}

/* ---- pipelines of a model */

static void test_parts(void **state)
{
    struct transform steps[] = {
        {.kind = TRANSFORM_INVERT}, {.kind = TRANSFORM_RANDOM_CROP, .size = {4, 4}},
        {.kind = TRANSFORM_RANDOM_HORIZONTAL_FLIP, .p = 0.5f},
    };
    struct model     model = {.channels = 1, .height = 4, .width = 4, .transforms = steps, .transform_count = 3,
                              .prepared = 1};
    struct dataset   six = {.count = 1, .shape = {1, 6, 6, false}}, four = {.count = 1, .shape = {1, 4, 4, false}};
    struct pipelines pipelines;
    struct error     error;
    uint8_t          image[36], made[16];
    (void)state;
    assert_true(pipelines_make(&model, &six, &four, &pipelines, &error));
    assert_int_equal(pipelines_find(&pipelines, PART_TRAIN, true)->count, 2);
    const struct pipeline *plain = pipelines_find(&pipelines, PART_VALID, false);
    assert_int_equal(plain->count, 1);                                  /* a crop in the middle */
    assert_int_equal(plain->steps[0].kind, TRANSFORM_CENTER_CROP);
    assert_null(pipelines_find(&pipelines, PART_TEST, false));          /* these have the size already */
    pipelines_free(&pipelines);
    for (int i = 0; i < 36; i++)
        image[i] = (uint8_t)i;
    assert_int_equal(model_input_bytes(&model), 16);
    assert_true(model_input(&model, image, 1, 6, 6, "picture", made, &error));
    for (int i = 0; i < 16; i++)
        assert_int_equal(made[i], 255 - (6 * (i / 4 + 1) + i % 4 + 1));
    model.transform_count = 1;
    assert_false(model_input(&model, image, 1, 6, 6, "picture", made, &error));
    assert_non_null(strstr(error.text, "picture: found images of 1x6x6, of which the transforms make 1x6x6, expected "
                           "the network's input of 1x4x4"));
}

static void test_misfits(void **state)
{
    static const struct { struct transform step; const char *words; } cases[] = {
        {{.kind = TRANSFORM_RANDOM_CROP, .size = {9, 4}}, "images: random_crop takes 9x4 out of images of 8x6"},
        {{.kind = TRANSFORM_PAD, .padding = {0, 8, 0, 0}, .mode = PADDING_REFLECT}, "pad pads 8 rows by mirroring, but "
         "images of 8 have 7"},
        {{.kind = TRANSFORM_PAD, .padding = {7, 0, 0, 0}, .mode = PADDING_SYMMETRIC},
         "pad pads 7 columns by mirroring, but images of 6 have 6"},
        {{.kind = TRANSFORM_GRAYSCALE, .channels = 1}, "grayscale takes images of 1 or 3 channels, found 2"},
        {{.kind = TRANSFORM_RESIZE, .size = {40000, 4}}, "resize makes images of 2x40000x4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model    model = {.transforms = &cases[i].step, .transform_count = 1};
        struct pipeline pipeline;
        struct error    error;
        assert_false(pipeline_make(&model, 0, 1, true, (struct sample_shape){2, 8, 6, false}, "images", &pipeline,
                                   &error));
        if (!strstr(error.text, cases[i].words))
            fail_msg("'%s' has no '%s'", error.text, cases[i].words);
    }
}

/* ---- the balanced sampler */

static void test_sampler(void **state)
{
    uint8_t        labels[] = {2, 2, 2, 2, 2, 2, 2, 2, 5, 2, 9, 9};     /* 9, 1 and 2 samples */
    struct dataset data = {.count = 12, .labels = labels};
    struct sampler sampler;
    struct error   error;
    int            classes[3] = {0}, nines[2] = {0};
    (void)state;
    assert_true(sampler_make(&data, &sampler, &error));
    assert_int_equal(sampler.classes, 3);
    sampler.seed = 1;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t sample = sampler_at(&sampler, (uint64_t)i);
        assert_in_range(sample, 0, 11);
        classes[labels[sample] == 2 ? 0 : labels[sample] == 5 ? 1 : 2]++;
        if (labels[sample] == 9)
            nines[sample - 10]++;
    }
    expect_even(classes, 3);
    assert_in_range(nines[0], SAMPLES / 6 - 265, SAMPLES / 6 + 265);
    sampler_free(&sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crops), cmocka_unit_test(test_flips),
        cmocka_unit_test(test_affines), cmocka_unit_test(test_rectangles), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_misfits), cmocka_unit_test(test_sampler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
