/* The trainer's command line: what is read, what is refused and how. */
#include "device.h"
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 16 };

static const struct model model = {
    .name = "net", .root = "data/net", .device = "auto", .epochs = 10, .seed = 3, .sgd = {.lr = 0.25},
};

/* Reads a command line, words separated by blanks. */
static bool read_line(const char *line, struct settings *settings, struct error *error)
{
    static char copy[512];              /* settings point into it */
    char *words[MOST_WORDS + 1] = {"net"};
    int   count = 1;
    assert_true(strlen(line) < sizeof copy);
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word && count < MOST_WORDS; word = strtok(NULL, " "))
        words[count++] = word;
    return options_read(settings, &model, count, words, error);
}

/* The folder of the data where the spec has this one. */
static void expect_root(const char *root, const char *expected)
{
    struct model    other = model;
    struct settings settings;
    struct error    error;
    other.root = root;
    assert_true(options_read(&settings, &other, 2, (char *[]){"net", "train", NULL}, &error));
    assert_string_equal(settings.data, expected);
}

static void test_home(void **state)
{
    (void)state;
    setenv("HOME", "/home/someone", 1);
    expect_root("~", "/home/someone");
    expect_root("~/data/mnist", "/home/someone/data/mnist");
    expect_root("~other/data", "~other/data");
    expect_root("data/~", "data/~");
    unsetenv("HOME");
    expect_root("~/data", "~/data");
}

static struct settings good(const char *line)
{
    struct settings settings;
    struct error    error;
    if (!read_line(line, &settings, &error))
        fail_msg("%s: %s", line, error.text);
    return settings;
}

static void test_defaults(void **state)
{
    struct settings settings;
    struct error    error;
    (void)state;
    assert_true(read_line("train", &settings, &error));
    assert_int_equal(settings.command, COMMAND_TRAIN);
    assert_int_equal(settings.epochs, 10);
    assert_int_equal(settings.steps, -1);
    assert_true(settings.lr == 0.25);
    assert_int_equal(settings.seed, 3);
    assert_in_range(settings.threads, 1, MOST_THREADS);
    assert_string_equal(settings.data, "data/net");
    assert_string_equal(settings.device, "auto");
    assert_null(settings.init);
    assert_string_equal(settings.save, "net.safetensors");
    assert_string_equal(settings.weights, "net.safetensors");
    assert_int_equal(settings.progress, PROGRESS_AUTO);
}

static void test_values(void **state)
{
    (void)state;
    struct settings all = good("train --epochs 3 --steps=7 --lr 1e-3 --seed=18446744073709551615 --threads 1024 "
                               "--data=x=y --init a");
    assert_int_equal(all.epochs, 3);
    assert_int_equal(all.steps, 7);
    assert_true(all.lr == 1e-3);
    assert_true(all.seed == UINT64_MAX);
    assert_int_equal(all.threads, 1024);
    assert_string_equal(all.data, "x=y");
    assert_string_equal(all.init, "a");
    assert_int_equal(good("train --steps 5").epochs, -1);
    assert_int_equal(good("train --epochs 0").epochs, 0);
    assert_int_equal(good("train --epochs 1 --epochs 2").epochs, 2);
    assert_string_equal(good("train --save=--odd").save, "--odd");
    assert_string_equal(good("train --save -").save, "-");
    assert_int_equal(good("train --progress json").progress, PROGRESS_JSON);
    assert_int_equal(good("eval --progress off").progress, PROGRESS_OFF);
    assert_string_equal(good("eval --weights w --device cuda:0,1").device, "cuda:0,1");
    assert_int_equal(good("info --threads 2").threads, 2);
    assert_int_equal(good("bench").epochs, 3);
    assert_int_equal(good("bench").steps, -1);
    assert_false(good("bench").json);
    struct settings bench = good("bench --json --steps 9 --epochs 1 --threads 5 --data d --device cpu");
    assert_true(bench.json && bench.command == COMMAND_BENCH);
    assert_int_equal(bench.steps, 9);
    assert_int_equal(bench.epochs, 1);
    assert_int_equal(good("bench --steps 9").epochs, 3);

    static const struct { const char *text; double value; } rates[] = {
        {"0", 0}, {"1", 1}, {".5", 0.5}, {"5.", 5}, {"0.01", 0.01}, {"1E+2", 100}, {"2.5e-1", 0.25}, {"1e-400", 0},
    };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        char line[64];
        snprintf(line, sizeof line, "train --lr %s", rates[i].text);
        assert_true(good(line).lr == rates[i].value);
    }
}

static void test_files(void **state)
{
    (void)state;
    struct settings some = good("predict a.png --top 3 b --weights=w --invert - c");
    assert_int_equal(some.command, COMMAND_PREDICT);
    assert_int_equal(some.file_count, 4);
    assert_string_equal(some.files[0], "a.png");
    assert_string_equal(some.files[1], "b");
    assert_string_equal(some.files[2], "-");
    assert_string_equal(some.files[3], "c");
    assert_string_equal(some.weights, "w");
    assert_int_equal(some.top, 3);
    assert_true(some.invert && !some.json);
    struct settings odd = good("predict --json -- --top -h --");
    assert_int_equal(odd.file_count, 3);
    assert_string_equal(odd.files[0], "--top");
    assert_string_equal(odd.files[2], "--");
    assert_int_equal(odd.top, 1);
    assert_string_equal(odd.weights, "net.safetensors");
    assert_string_equal(good("train --log d").log, "d");
    assert_null(good("train").log);
}

static void test_help_and_version(void **state)
{
    static const struct { const char *line; enum command command, topic; } cases[] = {
        {"help", COMMAND_HELP, COMMAND_HELP}, {"--help", COMMAND_HELP, COMMAND_HELP},
        {"-h", COMMAND_HELP, COMMAND_HELP},
        {"help train", COMMAND_HELP, COMMAND_TRAIN}, {"train --help", COMMAND_HELP, COMMAND_TRAIN},
        {"eval --threads 2 -h", COMMAND_HELP, COMMAND_EVAL}, {"info -h", COMMAND_HELP, COMMAND_INFO},
        {"bench --json --help", COMMAND_HELP, COMMAND_BENCH},
        {"help --help", COMMAND_HELP, COMMAND_HELP}, {"--version", COMMAND_VERSION, COMMAND_HELP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings settings = good(cases[i].line);
        assert_int_equal(settings.command, cases[i].command);
        assert_int_equal(settings.topic, cases[i].topic);
    }
}

static void test_refusals(void **state)
{
    static const struct { const char *line, *says; } cases[] = {
        {"", "no command given"}, {"trian", "did you mean train?"}, {"evaluate", "no command 'evaluate'"},
        {"--epochs", "no command"},
        {"predict", "predict: found no file"}, {"predict --json", "found no file"}, {"export", "not built yet"},
        {"help fly", "no command 'fly'"}, {"help export", "not built yet"}, {"help train x", "takes options only"},
        {"train x", "takes options only, found 'x'"}, {"train -x", "train has no option -x"},
        {"train --epoch 3", "did you mean --epochs?"}, {"train --epohcs=3", "did you mean --epochs?"},
        {"train --hepl", "did you mean --help?"}, {"train --xyzzy", "no option --xyzzy\n  net train --help"},
        {"train --weights w", "train has no option --weights"}, {"eval --epochs 3", "eval has no option --epochs"},
        {"train --every=2", "--every says how often to write the checkpoint, but there is none"},
        {"train --checkpoint f --every 0", "found '0'"}, {"train --resume f --init g", "--resume and --init do not go together"},
        {"train --overfit --checkpoint f", "--overfit and --checkpoint do not"}, {"eval --resume f", "eval has no option --resume"},
        {"train --overfit=1", "--overfit"}, {"train --log=", "--log: found ''"}, {"eval --log d", "eval has no option --log"},
        {"predict a --top 0", "--top: found '0', expected a whole number of 1 or more"}, {"predict a --epochs 3", "no option"},
        {"bench --json=3", "--json takes no value"}, {"bench --json 3", "takes options only, found '3'"},
        {"bench --lr 1", "bench has no option --lr"}, {"train --json", "train has no option --json"},
        {"bench --epoch 3", "did you mean --epochs?"}, {"bench --steps x", "--steps: found 'x'"},
        {"train --epochs", "--epochs: found no value, expected a whole number"},
        {"train --epochs --lr 1", "--epochs: found no value"},
        {"train --epochs=", "--epochs: found ''"}, {"train --data=", "--data: found ''"},
        {"train --epochs -1", "found '-1'"}, {"train --epochs 1.0", "found '1.0'"}, {"train --epochs 3x", "found '3x'"},
        {"train --epochs 0x3", "found '0x3'"}, {"train --epochs +3", "found '+3'"},
        {"train --epochs 9223372036854775808", "found '9223372036854775808'"},
        {"train --seed 18446744073709551616", "found '18446744073709551616'"}, {"train --seed -1", "from 0 to"},
        {"train --threads 0", "from 1 to 1024"}, {"train --threads 1025", "from 1 to 1024"},
        {"train --threads two", "'two'"},
        {"train --lr -0.1", "found '-0.1', expected a number of 0 or more"}, {"train --lr nan", "'nan'"},
        {"train --lr inf", "'inf'"}, {"train --lr 0x1p3", "'0x1p3'"}, {"train --lr 1e", "'1e'"},
        {"train --lr .", "'.'"},
        {"train --lr 1e999", "'1e999'"}, {"train --lr 0,1", "'0,1'"}, {"train --lr 1.2.3", "'1.2.3'"},
        {"train --device gpu", "found 'gpu', expected auto, cpu"}, {"train --device cuda:", "'cuda:'"},
        {"train --device cuda:0,", "'cuda:0,'"}, {"train --device cuda:x", "'cuda:x'"},
        {"train --device cuda0", "'cuda0'"},
        {"train --progress loud", "found 'loud', expected auto, plain, json or off"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings settings;
        struct error    error;
        if (read_line(cases[i].line, &settings, &error))
            fail_msg("'%s' was accepted", cases[i].line);
        assert_int_equal(error.status, STATUS_USAGE);
        if (!strstr(error.text, cases[i].says))
            fail_msg("'%s': '%s' does not say '%s'", cases[i].line, error.text, cases[i].says);
    }
}

static void test_devices(void **state)
{
    struct error         error;
    struct device_config config = {.model = &model, .device = "auto", .kernels = KERNELS_FUSED};
    (void)state;
    assert_true(device_check(&config, &error));
    config.device = "cpu";
    assert_false(device_check(&config, &error));    /* which has no kernels of a GPU to choose from */
    assert_int_equal(error.status, STATUS_USAGE);
    config.kernels = KERNELS_AUTO;
    assert_true(device_check(&config, &error));
    config.device = "cuda:0,1";
    assert_false(device_check(&config, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "no CUDA code"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_home), cmocka_unit_test(test_values),
        cmocka_unit_test(test_files), cmocka_unit_test(test_help_and_version), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
