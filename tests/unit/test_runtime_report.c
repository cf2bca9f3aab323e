/* Precision, recall and F1 of a confusion matrix, probabilities, and what classes are called. */
#include "classes.h"
#include "report.h"
#include "utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void near(double found, double expected)
{
    if (!(fabs(found - expected) < 1e-12))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* Class 2 is never predicted, 3 has no sample, 4 does not occur at all. */
static void test_report(void **state)
{
    static const int64_t confusion[5 * 5] = {
        3, 1, 0, 0, 0,
        0, 4, 0, 1, 0,
        2, 0, 0, 0, 0,
    };
    struct class_report classes[5];
    struct report       report = {.classes = classes};
    (void)state;
    report_make(confusion, 5, 5, &report);
    near(classes[0].precision, 3.0 / 5);
    near(classes[0].recall, 3.0 / 4);
    near(classes[0].f1, 2.0 / 3);
    near(classes[1].precision, 4.0 / 5);
    near(classes[1].recall, 4.0 / 5);
    near(classes[1].f1, 4.0 / 5);
    assert_int_equal(classes[0].support, 4);
    assert_int_equal(classes[1].predicted, 5);
    assert_true(isnan(classes[2].precision));
    near(classes[2].recall, 0);
    near(classes[2].f1, 0);
    near(classes[3].precision, 0);
    assert_true(isnan(classes[3].recall));
    near(classes[3].f1, 0);
    assert_true(isnan(classes[4].precision) && isnan(classes[4].recall) && isnan(classes[4].f1));
    assert_int_equal(report.occurring, 4);
    near(report.macro.precision, (3.0 / 5 + 4.0 / 5) / 4);
    near(report.macro.recall, (3.0 / 4 + 4.0 / 5) / 4);
    near(report.macro.f1, (2.0 / 3 + 4.0 / 5) / 4);
    assert_int_equal(report.macro.support, 11);
    near(report.weighted.precision, (4 * 3.0 / 5 + 5 * 4.0 / 5) / 11);
    near(report.weighted.recall, 7.0 / 11);
    near(report.weighted.f1, (4 * 2.0 / 3 + 5 * 4.0 / 5) / 11);
}

/* A network with more values than there are labels: the matrix has fewer rows. */
static void test_fewer_rows(void **state)
{
    static const int64_t confusion[1 * 2] = {1, 3};
    struct class_report classes[2];
    struct report       report = {.classes = classes};
    (void)state;
    report_make(confusion, 1, 2, &report);
    near(classes[0].recall, 0.25);
    near(classes[1].precision, 0);
    assert_int_equal(classes[1].support, 0);
}

static void test_probabilities(void **state)
{
    static const real logits[] = {1000, 999, -1e30f}, strange[] = {NAN, 1, 2}, alike[] = {1, 2, 2};
    double probability[3];
    (void)state;
    probabilities(logits, 3, probability);
    near(probability[0], 1 / (1 + exp(-1)));
    near(probability[1], exp(-1) / (1 + exp(-1)));
    assert_true(probability[2] == 0);
    probabilities(strange, 3, probability);
    assert_false(isfinite(probability[0]));
    assert_int_equal(largest_logit(alike, 3), 1);
}

static void expect_names(const struct model *model, const char *root, const char *const *names, bool named)
{
    struct classes classes;
    struct error   error;
    assert_true(classes_find(model, root, &classes, &error));
    assert_int_equal(classes.count, model->classes);
    for (int64_t c = 0; c < model->classes; c++)
        if (names[c])
            assert_string_equal(classes.name[c], names[c]);
    assert_int_equal(classes.named, named);
    classes_free(&classes);
}

static void test_published_names(void **state)
{
    (void)state;
    expect_names(&(struct model){.dataset = "fashion_mnist", .classes = 11}, "none",
                 (const char *const[11]){"T-shirt/top", [6] = "Shirt", [9] = "Ankle boot", [10] = "10"}, true);
    expect_names(&(struct model){.dataset = "mnist", .classes = 10}, "none", (const char *const[10]){"0", [9] = "9"}, false);
    expect_names(&(struct model){.dataset = "cifar10", .classes = 10}, "none",
                 (const char *const[10]){"airplane", [9] = "truck"}, true);
    expect_names(&(struct model){.dataset = "emnist", .split = "letters", .classes = 27}, "none",
                 (const char *const[27]){"N/A", "a", [26] = "z"}, true);
    expect_names(&(struct model){.dataset = "emnist", .split = "byclass", .classes = 62}, "none",
                 (const char *const[62]){[9] = "9", [10] = "A", [35] = "Z", [36] = "a", [61] = "z"}, true);
    expect_names(&(struct model){.dataset = "emnist", .split = "balanced", .classes = 47}, "none",
                 (const char *const[47]){[10] = "A", [36] = "a", [37] = "b", [38] = "d", [42] = "h", [43] = "n", [46] = "t"},
                 true);
    expect_names(&(struct model){.dataset = "idx", .classes = 3}, "none", (const char *const[]){"0", "1", "2"}, false);
}

/* target_transform joins labels; a name that would be too long is a number. */
static void test_joined_names(void **state)
{
    int16_t targets[256];
    (void)state;
    for (int i = 0; i < 256; i++)
        targets[i] = (int16_t)(i % 5);
    expect_names(&(struct model){.dataset = "mnist", .classes = 5, .targets = targets}, "none",
                 (const char *const[5]){"0/5", "1/6", "2/7", "3/8", "4/9"}, true);
    for (int i = 0; i < 256; i++)
        targets[i] = i == 9;
    expect_names(&(struct model){.dataset = "fashion_mnist", .classes = 2, .targets = targets}, "none",
                 (const char *const[2]){"0", "Ankle boot"}, true);
}

static void test_folder_names(void **state)
{
    static const char *const folders[] = {"train", "train/b<&\">", "train/\xff" "a\n", "train/\xc3\xa4"};
    char root[] = "/tmp/netc-classes-XXXXXX", path[128];
    (void)state;
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    expect_names(&(struct model){.dataset = "folder", .classes = 4}, root,
                 (const char *const[]){"b<&\">", "\xc3\xa4", "?a?", "3"}, true);
    expect_names(&(struct model){.dataset = "folder", .classes = 1}, "/nowhere", (const char *const[]){"0"}, false);
    for (size_t i = 4; i-- > 0; ) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        rmdir(path);
    }
    rmdir(root);
}

static void test_json_strings(void **state)
{
    static const struct { const char *text, *json; } cases[] = {
        {"a", "\"a\""}, {"\"\\/\n", "\"\\\"\\\\/\\u000a\""}, {"\xc3\xa4\xc3", "\"\xc3\xa4\\ufffd\""}, {"", "\"\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char  *text = NULL;
        size_t size;
        FILE  *out = open_memstream(&text, &size);
        utf8_print_json(out, cases[i].text);
        fclose(out);
        assert_string_equal(text, cases[i].json);
        free(text);
    }
    assert_int_equal(utf8_width("\xc3\xa4" "b"), 2);
    assert_int_equal(utf8_width("a\xcc\x88" "b"), 2);              /* a and its accent */
    assert_int_equal(utf8_width("\xe7\x8c\xab-\xe3\x82\xaf"), 5);  /* a Chinese character and a Japanese one */
    assert_int_equal(utf8_width("\xf0\x9f\x90\xb1 \xe2\x80\xa6"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report), cmocka_unit_test(test_fewer_rows), cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_published_names), cmocka_unit_test(test_joined_names), cmocka_unit_test(test_folder_names),
        cmocka_unit_test(test_json_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
