/* From `transform = […]` to the model: what is brought in front of to_tensor, what is prepared, which shape images have. */
#include "check/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
    "pad", "center_crop", "random_crop", "hflip", "vflip", "resize", "affine", "erasing", "grayscale", "invert", "to_tensor",
    "normalize",
};

/* The model of a net with this input and data section; the caller frees the arena. */
static const Model *model_of(Arena *arena, const char *input, const char *dataset, const char *settings)
{
    char   *messages;
    size_t  size;
    bool    image = strchr(input, 'x') != NULL;
    Source *source = NEW(arena, Source);
    FILE   *out = open_memstream(&messages, &size);
    char   *text = arena_printf(arena, "net n { input %s; %s linear(-> 10) }\ndata %s { root = \"here\"; %s }\n", input,
                                image ? "flatten;" : "", dataset, settings);
    *source = (Source){ "test.net", text, strlen(text) };
    Diag        *diag = diag_new(arena, source, out, false);
    const Ast   *file = parse(arena, source, diag);
    const Model *model = file ? check(arena, source, file, false, diag) : NULL;
    fclose(out);
    if (!model)
        fail_msg("%s", messages);
    free(messages);
    return model;
}

/* "pad | hflip fill 128; 1 prepared, 1x32x32" and ", reals". */
static const char *data_text(Arena *arena, const DataSpec *data)
{
    const char *text = "";
    for (int i = 0; i < data->transforms.count; i++) {
        const Transform *transform = &data->transforms.at[i];
        text = arena_printf(arena, "%s%s%s", text, i ? " | " : "", kind_names[transform->kind]);
        if (transform->fill != 0)
            text = arena_printf(arena, "%s %g", text, transform->fill);
    }
    return arena_printf(arena, "%s; %d prepared, %s%s", text, data->prepared, shape_text(arena, data->source),
                        data->real_images ? ", reals" : "");
}

static void expect(const char *input, const char *dataset, const char *list, const char *expected)
{
    Arena *arena = arena_new();
    const Model *model = model_of(arena, input, dataset, arena_printf(arena, "transform = [%s]", list));
    assert_string_equal(data_text(arena, &model->data), expected);
    arena_free(arena);
}

/* What moves bytes goes in front of to_tensor, which then is generated code's. */
static void test_bytes(void **state)
{
    (void)state;
    expect("1x28x28", "mnist", "to_tensor, normalize(0.5, 0.5)", "; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "random_horizontal_flip", "hflip; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "to_tensor, random_vertical_flip, normalize(0.1, 0.3), random_horizontal_flip",
           "vflip | hflip; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "to_tensor, random_crop(28, padding=2, fill=1), invert", "random_crop 255 | invert; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "to_tensor, random_rotation(10, fill=128/255.0)", "affine 128; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "to_tensor, normalize(0.5, 0.5), random_erasing(value=-1), random_erasing(value=1)",
           "erasing | erasing 255; 0 prepared, 1x28x28");
    expect("3x32x32", "cifar10", "to_tensor, normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]), random_erasing(value=1)",
           "erasing 255; 0 prepared, 3x32x32");
    expect("1x28x28", "mnist", "to_tensor, normalize(0.1, 0.3), random_crop(28, 2, fill=9, padding_mode=edge)",
           "random_crop; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "to_tensor, normalize(0.1, 0.3), center_crop(28)", "center_crop; 1 prepared, 1x28x28");
}

/* What leaves values that no byte has keeps to_tensor and normalize in the list; what moves bytes in front of it still goes first. */
static void test_reals(void **state)
{
    (void)state;
    expect("1x28x28", "mnist", "to_tensor, random_affine(5, interpolation=bilinear)", "to_tensor | affine; 0 prepared, 1x28x28, reals");
    expect("1x28x28", "mnist", "random_affine(5, interpolation=bilinear)", "affine; 0 prepared, 1x28x28");
    expect("1x28x28", "mnist", "random_rotation(5, fill=7), to_tensor, random_rotation(5, fill=0.5)",
           "affine 7 | to_tensor | affine 0.5; 0 prepared, 1x28x28, reals");
    expect("1x28x28", "mnist", "normalize(0.1307, 0.3081), random_erasing", "to_tensor | normalize | erasing; 0 prepared, 1x28x28, reals");
    expect("1x28x28", "mnist", "normalize(0.1307, 0.3081), invert", "to_tensor | normalize | invert; 0 prepared, 1x28x28, reals");
    expect("1x28x28", "mnist", "to_tensor, pad(2, 1), random_crop(28), resize(28), random_horizontal_flip, normalize(0.1, 0.3)",
           "pad 255 | random_crop | to_tensor | resize | hflip | normalize; 1 prepared, 1x32x32, reals");
    expect("3x32x32", "cifar10", "to_tensor, normalize([0.5, 0.4, 0.5], 0.5), random_erasing(value=1)",
           "to_tensor | normalize | erasing 1; 0 prepared, 3x32x32, reals");
    expect("1x28x28", "mnist", "to_tensor, normalize(0.1, 0.3), center_crop(30), random_crop(28)",
           "to_tensor | normalize | center_crop | random_crop; 0 prepared, 1x28x28, reals");
    expect("3072", "cifar10", "normalize(0.5, [0.2, 0.2, 0.2])", "; 0 prepared, 3x32x32");
    expect("3072", "cifar10", "normalize(0.5, [0.2, 0.2, 0.3])", "to_tensor | normalize; 0 prepared, 3x32x32, reals");
}

/* Those before the first random one, in front of to_tensor, are prepared; a side that the files know is 0. */
static void test_prepared(void **state)
{
    (void)state;
    expect("1x24x24", "mnist", "resize((32, 30)), center_crop(26), random_crop(24), invert",
           "resize | center_crop | random_crop | invert; 2 prepared, 1x26x26");
    expect("1x28x28", "mnist", "to_tensor, resize(28)", "to_tensor | resize; 0 prepared, 1x28x28, reals");
    expect("3x32x32", "folder", "resize(40), center_crop(36), random_crop(32)", "resize | center_crop | random_crop; 2 prepared, 3x36x36");
    expect("3x32x32", "folder", "random_crop(32, pad_if_needed=true)", "random_crop; 0 prepared, 3x0x0");
    expect("1x32x32", "folder", "grayscale, resize((32, 32))", "grayscale | resize; 2 prepared, 1x32x32");
    expect("1x32x32", "folder", "random_horizontal_flip, grayscale", "hflip | grayscale; 0 prepared, 3x0x0");
    expect("1x20x20", "idx", "random_horizontal_flip", "hflip; 0 prepared, 1x0x0");
    expect("1x20x20", "idx", "random_horizontal_flip, grayscale", "hflip | grayscale; 0 prepared, 0x0x0");
    expect("400", "mnist", "center_crop(20)", "center_crop; 1 prepared, 1x20x20");
    expect("784", "idx", "resize(28)", "resize; 1 prepared, 1x0x0");
}

/* The shorter side as resize gives it, the longer one cut off; padding (left, top, right, bottom), or of two numbers. */
static void test_sizes(void **state)
{
    (void)state;
    expect("1x26x20", "mnist", "resize((40, 30)), resize(20)", "resize | resize; 2 prepared, 1x26x20");
    expect("1x20x26", "mnist", "resize((30, 40)), resize(20)", "resize | resize; 2 prepared, 1x20x26");
    expect("1x34x30", "mnist", "pad((1, 3))", "pad; 1 prepared, 1x34x30");
    expect("1x34x32", "mnist", "pad((1, 2, 3, 4))", "pad; 1 prepared, 1x34x32");
    expect("1x60x29", "mnist", "random_crop((60, 29), pad_if_needed=true)", "random_crop; 0 prepared, 1x28x28");
}

static void assert_reals(const double *found, const double *expected, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(found[i] == expected[i]);
}

static void test_arguments(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const DataSpec *data = &model_of(arena, "1x28x28", "mnist",
        "transform = [random_rotation((-5, 20), bilinear, 3), random_affine(7, shear=2), random_affine((1, 2), (0.1, 0.2), (0.5, 1.5), "
        "(1, 2, 3, 4)), random_erasing(0.25, ratio=(0.5, 2)), random_crop((28, 28), (1, 2, 3, 4), padding_mode=symmetric), "
        "random_horizontal_flip, random_rotation(10)]")->data;
    const Transform *at = data->transforms.at;
    assert_int_equal(data->transforms.count, 7);
    assert_reals(at[0].degrees, (double[]){ -20, 5 }, 2);       /* rotate turns the other way than affine */
    assert_reals(at[0].scale, (double[]){ 1, 1 }, 2);
    assert_true(at[0].bilinear && at[0].fill == 3);
    assert_reals(at[1].degrees, (double[]){ -7, 7 }, 2);
    assert_reals(at[1].shear, (double[]){ -2, 2, 0, 0 }, 4);
    assert_reals(at[1].translate, (double[]){ 0, 0 }, 2);
    assert_reals(at[2].translate, (double[]){ 0.1, 0.2 }, 2);
    assert_reals(at[2].scale, (double[]){ 0.5, 1.5 }, 2);
    assert_reals(at[2].shear, (double[]){ 1, 2, 3, 4 }, 4);
    assert_true(!at[2].bilinear && at[3].p == 0.25);
    assert_reals(at[3].scale, (double[]){ 0.02, 0.33 }, 2);
    assert_reals(at[3].ratio, (double[]){ 0.5, 2 }, 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(at[4].padding[i], i + 1);
    assert_int_equal(at[4].mode, PADDING_SYMMETRIC);
    assert_true(at[5].p == 0.5);
    assert_reals(at[6].degrees, (double[]){ -10, 10 }, 2);
    arena_free(arena);
}

static void test_targets(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const DataSpec *data = &model_of(arena, "784", "idx", "target_transform = [map(9 -> 14, 4 -> 9), modulo(10), map(0 -> 3)]")->data;
    static const int expected[] = { 3, 1, 2, 3, 9, 5, 6, 7, 8, 4 };
    for (int i = 0; i < 10; i++)
        assert_int_equal(data->targets[i], expected[i]);
    assert_int_equal(data->targets[255], 5);
    assert_null(model_of(arena, "784", "mnist", "")->data.targets);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_prepared),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
