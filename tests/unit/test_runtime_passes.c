/* Passes over images: several steps in one beside each by itself, and rows beside single values. */
#include "pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHANNELS = 2, HEIGHT = 9, WIDTH = 21, MOST_STEPS = 12 };

static const float no_crop_fill = 7;

static uint32_t below(uint32_t *state, uint32_t count)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % count;
}

/* Some move that fits an image of this shape. */
static struct transform draw_move(uint32_t *state, struct sample_shape shape)
{
    static const enum transform_kind kinds[] = {
        TRANSFORM_PAD, TRANSFORM_CENTER_CROP, TRANSFORM_RANDOM_CROP, TRANSFORM_RANDOM_HORIZONTAL_FLIP,
        TRANSFORM_RANDOM_VERTICAL_FLIP,
    };
    struct transform step = {
        .kind = kinds[below(state, 5)], .mode = (enum padding_mode)below(state, 4), .p = 0.5f,
        .fill = below(state, 2) ? no_crop_fill : (float)below(state, 256),
        .size = {2 + (int)below(state, (uint32_t)shape.height), 2 + (int)below(state, (uint32_t)shape.width)},
        .pad_if_needed = step.kind == TRANSFORM_RANDOM_CROP,
    };
    for (int i = 0; i < 4; i++)
        step.padding[i] = step.kind == TRANSFORM_CENTER_CROP ? 0 : (int)below(state, 2);
    if (step.kind == TRANSFORM_RANDOM_CROP && step.mode != PADDING_CONSTANT) {      /* so that mirrors fit */
        step.size[0] = step.size[0] > shape.height ? shape.height : step.size[0];
        step.size[1] = step.size[1] > shape.width ? shape.width : step.size[1];
    }
    return step;
}

/* All passes of the pipeline, value by value and one step at a time; the result is the caller's. */
static void *one_by_one(const struct pipeline *pipeline, const void *image, uint64_t sample)
{
    struct sample_shape shape = pipeline->from;
    void *from = malloc((size_t)shape_bytes(shape));
    memcpy(from, image, (size_t)shape_bytes(shape));
    for (int32_t at = 0; at < pipeline->count; at++) {
        struct pipeline one = *pipeline;
        struct pass     pass;
        int64_t         i = 0;
        one.count = at + 1;
        assert_int_equal(pass_begin(&one, sample, at, shape, &pass), at + 1);
        void *to = malloc((size_t)shape_bytes(pass.to));
        for (int32_t c = 0; c < pass.to.channels; c++)
            for (int32_t y = 0; y < pass.to.height; y++)
                for (int32_t x = 0; x < pass.to.width; x++)
                    pass_store(&pass, to, i++, pass_value(&pass, from, c, y, x));
        free(from);
        from = to;
        shape = pass.to;
    }
    return from;
}

/* Several moves in one pass give what they give one after the other. */
static void test_moves_collapse(void **state)
{
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct transform    steps[MOST_STEPS];
        struct model        model = {.transforms = steps, .transform_count = 1 + (int)below(&random, MOST_STEPS)};
        struct sample_shape from = {CHANNELS, HEIGHT, WIDTH, round % 2}, shape = from;
        struct pipeline     pipeline;
        struct error        error;
        float               image[CHANNELS * HEIGHT * WIDTH];
        for (int i = 0; i < model.transform_count; i++) {
            steps[i] = draw_move(&random, shape);
            shape = transform_shape(&steps[i], shape);
        }
        for (int i = 0; i < CHANNELS * HEIGHT * WIDTH; i++)
            if (from.real)
                image[i] = (float)i;
            else
                ((uint8_t *)image)[i] = (uint8_t)(i * 7);
        if (!pipeline_make(&model, 0, model.transform_count, true, from, "images", &pipeline, &error))
            fail_msg("round %d: %s", round, error.text);
        assert_true(pipeline.passes == (model.transform_count + MOST_MOVES - 1) / MOST_MOVES);
        void *workspace = malloc(pipeline_bytes(&pipeline)), *wanted = one_by_one(&pipeline, image, (uint64_t)round);
        const void *made = pipeline_image(&pipeline, image, (uint64_t)round, workspace);
        assert_memory_equal(made, wanted, (size_t)shape_bytes(pipeline.to));
        free(wanted);
        free(workspace);
        pipeline_free(&pipeline);
    }
}

/* ---- passes along rows, beside each value by itself: what a GPU computes */

static const float means[] = {0.2f, 0.5f, 0.7f}, deviations[] = {0.25f, 0.5f, 0.2f};

/* A blend, or points in a row, for images of bytes or floats; some of them erase twice, which are two passes. */
static int draw_steps(uint32_t *state, bool real, struct transform *steps)
{
    static const enum transform_kind blends[] = {
        TRANSFORM_RESIZE, TRANSFORM_RANDOM_AFFINE, TRANSFORM_RANDOM_AFFINE, TRANSFORM_GRAYSCALE,
    };
    static const enum transform_kind points[] = {
        TRANSFORM_INVERT, TRANSFORM_RANDOM_ERASING, TRANSFORM_TO_TENSOR, TRANSFORM_NORMALIZE,
    };
    bool blend = below(state, 2);
    int  count = blend ? 1 : 1 + (int)below(state, 4);
    for (int i = 0; i < count; i++) {
        enum transform_kind kind = (blend ? blends : points)[below(state, 4)];
        if (kind == (real ? TRANSFORM_TO_TENSOR : TRANSFORM_NORMALIZE))
            kind = TRANSFORM_INVERT;
        real = real || kind == TRANSFORM_TO_TENSOR;
        bool erases = kind == TRANSFORM_RANDOM_ERASING;
        steps[i] = (struct transform){
            .kind = kind, .size = {1 + (int)below(state, 70), 1 + (int)below(state, 70)}, .bilinear = below(state, 2),
            .fill = real ? 0.25f : 64, .p = 0.8f, .degrees = {-40, 200}, .translate = {0.4f, 0.4f},
            .scale = {erases ? 0.05f : 0.3f, erases ? 0.5f : 2.5f}, .shear = {-20, 30, -20, 30}, .ratio = {0.4f, 2},
            .channels = kind == TRANSFORM_NORMALIZE ? 3 : 1, .mean = means, .std = deviations,
        };
    }
    return count;
}

/* Images of one row and of one column, of less than a vector, and of more than is done at once. */
static int draw_side(uint32_t *state)
{
    static const uint32_t most[] = {1, 3, 40, 300};
    return 1 + (int)below(state, most[below(state, 4)]);
}

static void test_rows(void **state)
{
    uint32_t random = 7;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct transform    steps[4];
        struct sample_shape from = {1 + 2 * (int)below(&random, 2), draw_side(&random), draw_side(&random),
                                    below(&random, 2)};
        struct pipeline     pipeline;
        struct error        error;
        struct model        model = {.transforms = steps, .transform_count = draw_steps(&random, from.real, steps)};
        void               *image = malloc((size_t)shape_bytes(from));
        for (int64_t i = 0; i < shape_values(from); i++)
            if (from.real)
                ((float *)image)[i] = (float)below(&random, 256) / 255;
            else
                ((uint8_t *)image)[i] = (uint8_t)below(&random, 256);
        if (!pipeline_make(&model, 0, model.transform_count, true, from, "images", &pipeline, &error))
            fail_msg("round %d: %s", round, error.text);
        void *workspace = malloc(pipeline_bytes(&pipeline)), *wanted = one_by_one(&pipeline, image, (uint64_t)round);
        const void *made = pipeline_image(&pipeline, image, (uint64_t)round, workspace);
        for (int64_t i = 0; i < shape_values(pipeline.to); i++) {
            bool   real = pipeline.to.real;
            double a = real ? ((const float *)made)[i] : ((const uint8_t *)made)[i];
            double b = real ? ((const float *)wanted)[i] : ((const uint8_t *)wanted)[i];
            if (!(fabs(a - b) <= (!real ? steps[0].kind == TRANSFORM_RESIZE || steps[0].bilinear : 1e-4)))
                fail_msg("round %d: transform %d of %dx%dx%d: value %d is %g, expected %g", round, (int)steps[0].kind,
                         from.channels, from.height, from.width, (int)i, a, b);
        }
        free(wanted);
        free(workspace);
        free(image);
        pipeline_free(&pipeline);
    }
}

/* Points are one pass, but no two rectangles are. */
static void test_points(void **state)
{
    struct transform steps[] = {
        {.kind = TRANSFORM_INVERT}, {.kind = TRANSFORM_RANDOM_ERASING}, {.kind = TRANSFORM_TO_TENSOR},
        {.kind = TRANSFORM_RANDOM_ERASING}, {.kind = TRANSFORM_INVERT},
    };
    struct model    model = {.transforms = steps, .transform_count = 5};
    struct pipeline pipeline;
    struct pass     pass;
    struct error    error;
    (void)state;
    assert_true(pipeline_make(&model, 0, 5, true, (struct sample_shape){1, 4, 4, false}, "images", &pipeline, &error));
    assert_int_equal(pipeline.passes, 2);
    assert_int_equal(pass_begin(&pipeline, 0, 0, pipeline.from, &pass), 3);
    assert_int_equal(pass.points, 3);
    assert_true(pass.to.real);
    pipeline_free(&pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves_collapse), cmocka_unit_test(test_rows), cmocka_unit_test(test_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
