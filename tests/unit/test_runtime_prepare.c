/* From what files hold to what training works on: prepared images, mapped labels, held-out samples. */
#include "data_prepare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 40 };

/* Images of 2x3 bytes, of which each is its number, and labels from 0 to 4. */
static struct dataset make_data(void)
{
    struct dataset data = {
        .count = COUNT, .images = malloc(COUNT * 6), .labels = malloc(COUNT), .shape = {1, 2, 3, false},
    };
    for (int i = 0; i < COUNT; i++) {
        memset(data.images + 6 * i, i, 6);
        data.labels[i] = (uint8_t)(i % 5);
    }
    return data;
}

static void expect_words(const struct error *error, const char *const *words)
{
    for (; *words; words++)
        if (!strstr(error->text, *words))
            fail_msg("'%s' has no '%s'", error->text, *words);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_prepared(void **state)
{
    struct transform steps[] = {
        {.kind = TRANSFORM_INVERT}, {.kind = TRANSFORM_PAD, .padding = {1, 0, 0, 0}, .fill = 9},
        {.kind = TRANSFORM_RANDOM_HORIZONTAL_FLIP, .p = 1},
    };
    struct model   model = {.channels = 1, .height = 2, .width = 4, .transforms = steps, .transform_count = 3, .prepared = 2};
    struct dataset data = make_data();
    struct error   error;
    (void)state;
    assert_true(data_fits(&model, data.shape, "file", &error));
    assert_true(data_prepare(&model, &data, "file", &error));
    assert_true(data.shape.channels == 1 && data.shape.height == 2 && data.shape.width == 4);
    for (int i = 0; i < COUNT * 8; i++)
        assert_int_equal(data.images[i], i % 4 == 0 ? 9 : 255 - i / 8);
    assert_false(data_fits(&model, data.shape, "file", &error));        /* once more is once too often */
    expect_words(&error, WORDS("file: found images of 1x2x4", "make 1x2x5", "network's input of 1x2x4"));
    data_free(&data);
}

static void test_targets(void **state)
{
    int16_t        targets[LABELS];
    struct model   model = {.classes = 3, .targets = targets};
    struct dataset data = make_data();
    struct error   error;
    (void)state;
    for (int i = 0; i < LABELS; i++)
        targets[i] = (int16_t)(i % 3);
    assert_true(data_finish(&model, PART_TRAIN, &data, &error));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(data.labels[i], i % 5 % 3);
    targets[2] = 7;                     /* now 8 samples have label 2 */
    assert_false(data_finish(&model, PART_TRAIN, &data, &error));
    expect_words(&error, WORDS("makes 7 of label 2 (8 samples of the training part)", "expected 0 to 2", "0: 16, 1: 16, 7: 8"));
    data_free(&data);
    data = make_data();
    targets[2] = 1;
    assert_true(data_finish(&model, PART_TEST, &data, &error));         /* a test part may lack a class */
    data_free(&data);
    data = make_data();
    assert_false(data_finish(&model, PART_TRAIN, &data, &error));
    expect_words(&error, WORDS("no sample of the training part is of class 2", "gives 3 values", "0: 16, 1: 24"));
    data_free(&data);
}

static void test_held_out(void **state)
{
    enum { HELD = 11 };
    struct model   model = {.channels = 1, .height = 2, .width = 3, .classes = 5, .valid = HELD, .batch_size = 8};
    struct dataset data = make_data(), again = make_data();
    struct error   error;
    bool           seen[COUNT] = {false}, apart = false;
    (void)state;
    assert_true(data_finish(&model, PART_TRAIN, &data, &error));
    assert_true(data.count == COUNT - HELD && data.held_out == HELD);
    for (int i = 0; i < COUNT; i++) {
        int sample = data.images[6 * i];
        for (int j = 0; j < 6; j++)
            assert_int_equal(data.images[6 * i + j], sample);
        assert_int_equal(data.labels[i], sample % 5);
        assert_false(seen[sample]);
        seen[sample] = true;
        if (i > 0 && i != data.count)                                   /* both in the order of the file */
            assert_true(sample > data.images[6 * (i - 1)]);
        apart = apart || (i >= data.count && sample < COUNT - HELD);
    }
    assert_true(apart);                                                 /* not merely the last ones */
    assert_true(data_finish(&model, PART_TRAIN, &again, &error));
    assert_memory_equal(data.images, again.images, COUNT * 6);
    data_free(&again);
    again = make_data();
    assert_true(data_finish(&model, PART_TEST, &again, &error));
    assert_int_equal(again.held_out, 0);
    model.valid = COUNT;
    assert_false(data_finish(&model, PART_TRAIN, &again, &error));
    expect_words(&error, WORDS("valid = 40", "the training part has 40 samples"));
    data_free(&data);
    data_free(&again);
}

static void test_drop_last(void **state)
{
    struct model   model = {.classes = 5, .batch_size = 16, .drop_last = true};
    struct dataset data = make_data();
    struct error   error;
    (void)state;
    assert_int_equal(data_steps(&model, COUNT), 2);
    assert_int_equal(data_step_samples(&model, COUNT, 2), 32);
    assert_true(data_finish(&model, PART_TRAIN, &data, &error));
    model.batch_size = 41;
    assert_false(data_finish(&model, PART_TRAIN, &data, &error));
    expect_words(&error, WORDS("drop_last leaves no batch", "40", "41"));
    model.drop_last = false;
    assert_int_equal(data_steps(&model, COUNT), 1);
    assert_int_equal(data_step_samples(&model, COUNT, 1), 40);
    data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prepared), cmocka_unit_test(test_targets), cmocka_unit_test(test_held_out),
        cmocka_unit_test(test_drop_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
