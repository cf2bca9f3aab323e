/* The command bench on a model whose work is known: what it measures, what it prints, that it keeps its hands off the
 * weights of others; and the work of kernels in figures. */
#include "bench.h"
#include "commands.h"
#include "peak.h"
#include "step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 4, BATCH = 6, SAMPLES = 20, CLASSES = 3, PIXELS = 2, WEIGHTS = 5 };

enum { KERNEL_look, KERNEL_learn, KERNEL_judge, KERNELS };

static KERNEL void look(const struct step *step, int64_t unit)
{
    for (volatile int spin = 0; spin < 2000; spin++)
        ;
    step->result[unit].loss = block_samples(step, unit, LANES);
}

static KERNEL void learn(const struct step *step)
{
    for (int i = 0; i < WEIGHTS; i++)
        step->weights[i] += (real)step->lr;
}

static KERNEL void judge(const struct step *step, int64_t unit)
{
    for (volatile int spin = 0; spin < 2000; spin++)
        ;
    step->result[unit].correct = 1;
}

static void block_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(look, step, unit);
}

static void update_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch, (void)unit;
    RUN(learn, step);
}

static void evaluate_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(judge, step, unit);
}

enum { PREPARED = 7 };

static void prepare_predict(const real *weights, void *scratch)
{
    assert_true((uintptr_t)weights % 64 == 0 && *(const int *)scratch == 0);
    *(int *)scratch = PREPARED;
}

/* Weights and scratch are aligned and prepared, the image is one of the test set's. */
static void predict(const real *weights, void *scratch, const void *image, real *logits)
{
    assert_true((uintptr_t)weights % 64 == 0 && (uintptr_t)scratch % 64 == 0);
    assert_int_equal(*(const int *)scratch, PREPARED);
    const uint8_t *byte = image;
    assert_true(byte[0] < SAMPLES && byte[1] == byte[0] + 100);
    for (int c = 0; c < CLASSES; c++)
        logits[c] = weights[c];
}

static const struct phase phases[] = {
    {"blocks", .block_units = 1, .run = block_unit},
    {"update", .units = 1, .everywhere = true, .run = update_unit},
};

static const struct kernel kernels[KERNELS] = {
    {"look", "blocks", .sample_flop = 100, .block_bytes = 64},
    {"learn", "update", .step_flop = 10, .block_bytes = 8, .step_bytes = 40, .everywhere = true},
    {"judge", "evaluate", .sample_flop = 30},
};

static const struct parameter parameters[] = {{"w", 1, {WEIGHTS}, {1}, 0, 4}};

static const struct model model = {
    .name = "tiny", .target = "generic", .channels = 1, .height = 1, .width = PIXELS, .classes = CLASSES, .lanes = LANES,
    .parameters = parameters, .parameter_count = 1, .weights_size = WEIGHTS, .scratch_bytes = 64, .batch_bytes = 64,
    .train = phases, .train_count = 2, .evaluate = {"evaluate", .block_units = 1, .run = evaluate_unit},
    .kernels = kernels, .kernel_count = KERNELS, .dataset = "idx", .batch_size = BATCH, .predict_bytes = sizeof(int),
    .prepare_predict = prepare_predict, .predict = predict,
};

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void write_data(const char *folder)
{
    uint8_t images[16 + SAMPLES * PIXELS] = {0, 0, 8, 3, 0, 0, 0, SAMPLES, 0, 0, 0, 1, 0, 0, 0, PIXELS};
    uint8_t labels[8 + SAMPLES] = {0, 0, 8, 1, 0, 0, 0, SAMPLES};
    for (int i = 0; i < SAMPLES; i++) {
        images[16 + PIXELS * i] = (uint8_t)i;
        images[16 + PIXELS * i + 1] = (uint8_t)(i + 100);
        labels[8 + i] = (uint8_t)(i % CLASSES);
    }
    write_file(folder, "train-images-idx3-ubyte", images, sizeof images);
    write_file(folder, "t10k-images-idx3-ubyte", images, sizeof images);
    write_file(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
    write_file(folder, "t10k-labels-idx1-ubyte", labels, sizeof labels);
}

/* What the command prints. Freed by the caller. */
static char *output_of(const struct settings *settings)
{
    struct error error = {0};
    FILE *file = tmpfile();
    char *text = calloc(1, 65536);
    int   kept = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    bool good = bench_command(&model, settings, &error);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    if (!good)
        fail_msg("%s", error.text);
    rewind(file);
    assert_in_range(fread(text, 1, 65535, file), 1, 65535);
    fclose(file);
    return text;
}

static double number(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (!at)
        fail_msg("no %s in %s", key, text);
    return strtod(at + strlen(key), NULL);
}

static void test_command(void **state)
{
    char folder[] = "/tmp/bench-XXXXXX", remove[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_data(folder);
    struct settings settings = {
        .device = "cpu", .data = folder, .threads = 2, .epochs = 2, .steps = -1, .lr = 0.5, .json = true,
    };
    char *text = output_of(&settings);
    assert_non_null(strstr(text, "{\"name\": \"tiny\", \"target\": \"generic\", \"device\": \"cpu\", \"threads\": 2,"));
    double seconds = number(text, "\"seconds_an_epoch\": ");
    assert_true(seconds > 0 && number(text, "\"evaluate_images_per_second\": ") > 0);
    assert_true(fabs(number(text, "\"images_per_second\": ") * seconds / SAMPLES - 1) < 1e-6);
    assert_true(number(text, "\"predict_microseconds\": ") > 0);
    assert_true(number(text, "\"memory_peak_bytes\": ") > 1e6 && number(text, "\"peak_gflops\": ") > 0.01);

    /* Kernels that did not run in an epoch, or in an evaluation, are not named there. */
    const char *evaluation = strstr(text, "\"evaluate_kernels\"");
    assert_non_null(strstr(text, "\"name\": \"look\", \"phase\": \"blocks\""));
    assert_null(strstr(evaluation, "\"name\": \"look\""));
    assert_ptr_equal(strstr(text, "\"name\": \"judge\""), strstr(evaluation, "\"name\": \"judge\""));
    assert_true(number(strstr(text, "\"look\""), "\"bytes\": ") == 2 * 64);
    assert_true(number(strstr(text, "\"learn\""), "\"bytes\": ") == 2 * (2 * 8 + 40));      /* on each of two threads */
    free(text);

    settings.json = false;
    settings.steps = 2;
    text = output_of(&settings);
    assert_non_null(strstr(text, "20 training and 20 test images"));
    assert_non_null(strstr(text, "\none image"));
    assert_non_null(strstr(text, "\nlook "));
    free(text);
    snprintf(remove, sizeof remove, "rm -r %s", folder);
    assert_int_equal(system(remove), 0);
}

/* 4 steps of 6, 6, 6 and 2 samples, each thread updates for itself. */
static void test_work(void **state)
{
    struct bench bench = {.model = &model, .busy = 3, .train_count = 20, .test_count = 7, .steps = 4};
    (void)state;
    assert_true(bench_train_flop(&bench, KERNEL_look) == 100 * 20);
    assert_true(bench_train_flop(&bench, KERNEL_learn) == 3 * 10 * 4);
    assert_true(bench_evaluate_flop(&bench, KERNEL_judge) == 30 * 7);
    assert_true(bench_step_bytes(&bench, KERNEL_look) == 64 * 2);
    assert_true(bench_step_bytes(&bench, KERNEL_learn) == 3 * (8 * 2 + 40));
}

/* No more than the instruction sets allow at any clock, and no less than a thousandth of it. */
static void test_peak(void **state)
{
    double peak = peak_flops(1);
    (void)state;
    assert_true(peak > 0.1e9 && peak < 1000e9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command), cmocka_unit_test(test_work), cmocka_unit_test(test_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
