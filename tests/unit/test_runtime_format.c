/* Numbers as people read them, names that are nearly right, messages that are too long. */
#include "error.h"
#include "format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static void test_numbers(void **state)
{
    char text[FORMAT_SIZE];
    (void)state;
    assert_string_equal(format_bytes(text, 0), "0 bytes");
    assert_string_equal(format_bytes(text, 1), "1 byte");
    assert_string_equal(format_bytes(text, 1023), "1023 bytes");
    assert_string_equal(format_bytes(text, 1024), "1.0 KiB");
    assert_string_equal(format_bytes(text, 1024 * 1023.96), "1.0 MiB");
    assert_string_equal(format_bytes(text, 3.25 * (1 << 20)), "3.2 MiB");
    assert_string_equal(format_bytes(text, 1e30), "867361737988.4 EiB");
    assert_string_equal(format_count(text, 0), "0");
    assert_string_equal(format_count(text, 999), "999");
    assert_string_equal(format_count(text, 1000), "1,000");
    assert_string_equal(format_count(text, -123456), "-123,456");
    assert_string_equal(format_count(text, INT64_MAX), "9,223,372,036,854,775,807");
    assert_string_equal(format_counted(text, 0, "image"), "0 images");
    assert_string_equal(format_counted(text, 1, "image"), "1 image");
    assert_string_equal(format_counted(text, 1234, "held-out image"), "1,234 held-out images");
    assert_string_equal(format_clock(text, 7.4), "0:07");
    assert_string_equal(format_clock(text, 59.9), "1:00");
    assert_string_equal(format_clock(text, 3599), "59:59");
    assert_string_equal(format_clock(text, 12309), "3:25:09");
    assert_string_equal(format_clock(text, INFINITY), "?");
    assert_string_equal(format_clock(text, NAN), "?");
    assert_string_equal(format_loss(text, 0.12345), "0.1235");
    assert_string_equal(format_loss(text, 1.25e30), "1.25e+30");
    assert_string_equal(format_loss(text, NAN), "nan");
    assert_string_equal(format_loss(text, -NAN), "nan");
}

static void test_shapes(void **state)
{
    char text[FORMAT_SIZE];
    const int64_t shape[] = {20, 4, 5}, large[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    (void)state;
    assert_string_equal(format_shape(text, shape, 3), "20x4x5");
    assert_string_equal(format_shape(text, shape, 1), "20");
    assert_string_equal(format_shape(text, shape, 0), "scalar");
    format_shape(text, large, 4);
    assert_int_equal(strlen(text), FORMAT_SIZE - 1);
    assert_string_equal(text + FORMAT_SIZE - 4, "...");
}

static void test_nearest_name(void **state)
{
    static const char *const names[] = {"ab", "train", "--epochs", "--device", NULL};
    char long_word[200];
    (void)state;
    assert_string_equal(nearest_name("ba", names), "ab");
    assert_string_equal(nearest_name("tarin", names), "train");
    assert_string_equal(nearest_name("--epoch", names), "--epochs");
    assert_string_equal(nearest_name("--devices", names), "--device");
    assert_string_equal(nearest_name("--devcie", names), "--device");
    assert_null(nearest_name("xyz", names));
    memset(long_word, 'a', sizeof long_word);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(nearest_name(long_word, names));
}

static void test_messages(void **state)
{
    struct error error;
    (void)state;
    assert_false(error_set(&error, STATUS_MACHINE, "%d of %s", 3, "x"));
    assert_false(error_add(&error, "more"));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_string_equal(error.text, "3 of x\n  more");
    assert_false(error_input(&error, "new"));
    assert_string_equal(error.text, "new");
    assert_int_equal(error.status, STATUS_INPUT);
    for (int i = 0; i < 1000; i++)
        error_add(&error, "%0100d", i);
    assert_true(error.length < sizeof error.text);
    assert_int_equal(strlen(error.text), error.length);
    assert_string_equal(error.text + error.length - 4, " ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_shapes), cmocka_unit_test(test_nearest_name),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
