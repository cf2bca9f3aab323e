/* Pictures of files as samples of networks: forms, channels, sizes, transforms. */
#include "picture.h"
#include "pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 4096 };

static char path[] = "/tmp/netc-picture-XXXXXX";

static int make_file(void **state)
{
    int file = mkstemp(path);
    (void)state;
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* An IDX file of these dimensions, with the bytes 0, 1, 2 ... */
static void write_idx(int rank, const int *dim)
{
    FILE *file = fopen(path, "wb");
    int   size = 1;
    fwrite((const char[]){0, 0, 8, (char)rank}, 1, 4, file);
    for (int d = 0; d < rank; d++) {
        fwrite((const char[]){0, 0, (char)(dim[d] >> 8), (char)dim[d]}, 1, 4, file);
        size *= dim[d];
    }
    for (int i = 0; i < size; i++)
        fputc(i & 255, file);
    fclose(file);
}

/* What the network takes of the file's first picture; the error's text where there is none. */
static const char *input(const struct model *model, void *to)
{
    static struct error error;
    struct picture_file file;
    struct picture      picture = {.planes = NULL};
    bool good = picture_open(&file, model, path, &error) && picture_next(&file, &picture, &error)
             && picture_input(model, &picture, path, to, &error);
    free(picture.planes);
    picture_close(&file);
    return good ? NULL : error.text;
}

static void test_turned(void **state)
{
    static const struct model emnist = {.dataset = "emnist", .split = "digits", .channels = 1, .height = 28, .width = 28},
                              mnist = {.dataset = "mnist", .channels = 1, .height = 28, .width = 28};
    uint8_t upright[28 * 28], side[28 * 28];
    (void)state;
    write_idx(3, (const int[]){1, 28, 28});
    assert_null(input(&mnist, upright));
    assert_null(input(&emnist, side));
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++) {
            assert_int_equal(upright[y * 28 + x], (y * 28 + x) & 255);
            assert_int_equal(side[x * 28 + y], (y * 28 + x) & 255);
        }
}

static void test_channels(void **state)
{
    static const struct model cifar10 = {.dataset = "cifar10", .channels = 3, .height = 32, .width = 32},
                              grey = {.dataset = "idx", .channels = 1, .height = 1, .width = 2},
                              four = {.dataset = "idx", .channels = 4, .height = 1, .width = 2};
    uint8_t bytes[MOST_BYTES];
    (void)state;
    write_idx(3, (const int[]){1, 32, 32});
    assert_null(input(&cifar10, bytes));
    for (int i = 0; i < 32 * 32; i++)
        assert_true(bytes[i] == (i & 255) && bytes[1024 + i] == bytes[i] && bytes[2048 + i] == bytes[i]);
    write_idx(4, (const int[]){1, 3, 1, 2});        /* red 0 1, green 2 3, blue 4 5 */
    assert_null(input(&grey, bytes));
    assert_int_equal(bytes[0], 2);
    assert_int_equal(bytes[1], 3);
    write_idx(4, (const int[]){1, 4, 1, 2});
    assert_null(input(&four, bytes));
    assert_int_equal(bytes[7], 7);
    assert_non_null(strstr(input(&grey, bytes), "found 4 channels, expected the network's 1"));
    write_idx(3, (const int[]){1, 1, 2});
    assert_non_null(strstr(input(&four, bytes), "found 1 channels, expected the network's 4"));
}

/* A published dataset's picture becomes what its images are before the transforms; others only where nothing fits. */
static void test_sizes(void **state)
{
    static const struct transform crop = {.kind = TRANSFORM_CENTER_CROP, .size = {4, 4}};
    static const struct model mnist = {.dataset = "mnist", .channels = 1, .height = 4, .width = 4, .transforms = &crop,
                                       .transform_count = 1},
                              folder = {.dataset = "folder", .channels = 1, .height = 4, .width = 4, .transforms = &crop,
                                        .transform_count = 1},
                              plain = {.dataset = "folder", .channels = 1, .height = 4, .width = 4};
    uint8_t bytes[16];
    (void)state;
    write_idx(3, (const int[]){1, 8, 8});
    assert_null(input(&folder, bytes));             /* the middle of it */
    assert_int_equal(bytes[0], 2 * 8 + 2);
    assert_null(input(&plain, bytes));              /* all of it, half as large: 0 1 8 9 and some around */
    assert_in_range(bytes[0], 5, 10);
    assert_int_equal(bytes[15], 63 - bytes[0]);
    write_idx(3, (const int[]){1, 56, 56});
    for (int i = 0; i < 16; i++)
        bytes[i] = 0;
    assert_null(input(&mnist, bytes));              /* 28x28 first, of which the middle is taken */
    FILE *file = fopen(path, "r+b");
    fseek(file, 16, SEEK_SET);
    for (int i = 0; i < 56 * 56; i++)
        fputc(i / 56 < 26 || i / 56 > 29 || i % 56 < 26 || i % 56 > 29 ? 0 : 200, file);
    fclose(file);
    assert_null(input(&mnist, bytes));
    assert_in_range(bytes[0], 0, 40);
    assert_in_range(bytes[5], 120, 200);
}

static void test_rows(void **state)
{
    static const struct model ten = {.dataset = "idx", .channels = 10, .height = 1, .width = 1, .flat = true},
                              square = {.dataset = "idx", .channels = 48, .height = 1, .width = 1, .flat = true};
    struct sample_shape shape;
    uint8_t             bytes[48];
    (void)state;
    assert_false(picture_shape(&ten, &shape));
    assert_true(picture_shape(&square, &shape));
    assert_true(shape.channels == 3 && shape.height == 4 && shape.width == 4);
    write_idx(3, (const int[]){1, 2, 5});
    assert_null(input(&ten, bytes));
    assert_int_equal(bytes[9], 9);
    write_idx(2, (const int[]){1, 10});
    assert_null(input(&ten, bytes));
    write_idx(3, (const int[]){1, 3, 5});
    assert_non_null(strstr(input(&ten, bytes), "found images of 1x3x5, expected the network's input of 10"));
    write_idx(2, (const int[]){1, 47});
    assert_non_null(strstr(input(&square, bytes), "found rows of 47 values, expected 48"));
    write_idx(4, (const int[]){1, 3, 4, 4});
    assert_null(input(&square, bytes));
    assert_int_equal(bytes[47], 47);
}

static void test_headers(void **state)
{
    static const struct model mnist = {.dataset = "mnist", .channels = 1, .height = 28, .width = 28};
    uint8_t bytes[28 * 28];
    (void)state;
    write_idx(3, (const int[]){1, 0, 28});
    assert_non_null(strstr(input(&mnist, bytes), "found images of 0x28, expected sides of 1 to 16384"));
    write_idx(4, (const int[]){1, 65, 1, 1});
    assert_non_null(strstr(input(&mnist, bytes), "found images of 65x1x1"));
    write_idx(1, (const int[]){3});
    assert_non_null(strstr(input(&mnist, bytes), "these look like labels"));
    FILE *file = fopen(path, "wb");
    fwrite("\0\0\10\3\0\0\0\1\0\0\77\377\0\0\77\377", 1, 16, file);         /* promises 256 MiB */
    fclose(file);
    assert_non_null(strstr(input(&mnist, bytes), "the file ends within image 0 of 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turned), cmocka_unit_test(test_channels), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_rows), cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
