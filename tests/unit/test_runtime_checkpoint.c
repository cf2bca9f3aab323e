/* Checkpoints: all that is in one comes back, bit for bit; what is damaged or of another training is refused. */
#include "checkpoint.h"
#include "safetensors.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_checkpoint_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove(path);
    return rmdir(folder);               /* fails where anything else was left behind */
}

/* weight: 2x3, transposed and padded in the flat array; bias: 2 */
static const struct parameter parameters[] = {
    {.name = "fc.weight", .rank = 2, .shape = {2, 3}, .stride = {1, 4}, .offset = 0, .fan_in = 3},
    {.name = "fc.bias", .rank = 1, .shape = {2}, .stride = {1}, .offset = 12, .fan_in = 3},
};

enum { WEIGHTS = 16, SAMPLES = 100 };

static const struct model model = {
    .name = "net", .parameters = parameters, .parameter_count = 2, .weights_size = WEIGHTS, .state_slots = 1,
    .dataset = "idx", .shuffle = true, .batch_size = 30, .sgd = {.lr = 0.1, .momentum = 0.9}, .keep_best = true,
    .checkpoints = 1,
};
static const struct dataset train = {.count = SAMPLES};

/* Puts a value of its own into each element that the parameters have; padding stays zero. */
static void fill(real *flat, double first)
{
    for (int p = 0; p < model.parameter_count; p++) {
        struct cursor cursor = cursor_start(&parameters[p]);
        for (int64_t i = 0; i < parameter_elements(&parameters[p]); i++, cursor_next(&cursor))
            flat[cursor.at] = (real)(first += 0.1);
    }
}

/* In the middle of the third epoch of four steps; reals that no few digits tell. */
static struct checkpoint make(void)
{
    struct checkpoint checkpoint;
    struct error      error;
    assert_true(checkpoint_make(&checkpoint, &model, &error));
    checkpoint.epoch = 2;
    checkpoint.step = 9;
    checkpoint.seed = UINT64_MAX;
    checkpoint.lr = 0.1;
    checkpoint.next_lr = 0.1 / 3;
    checkpoint.sum = (struct result){.loss = 1 / 3.0, .correct = 17, .weight = 30 + 1 / 7.0};
    checkpoint.best_epoch = 1;
    checkpoint.best_accuracy = 2 / 3.0;
    checkpoint.best_loss = 0x1.fffffffffffffp-1022;
    fill(checkpoint.weights, 1);
    fill(checkpoint.state, -5);
    fill(checkpoint.best, 1000);
    return checkpoint;
}

static void write_to(const char *name, int64_t keep, int64_t step)
{
    struct checkpoint checkpoint = make();
    struct error      error;
    checkpoint.step = step;
    assert_true(checkpoint_write(&checkpoint, &model, &train, name, keep, &error));
    checkpoint_free(&checkpoint);
}

static bool read_as(const struct model *wanted, const struct dataset *data, struct error *error)
{
    struct checkpoint checkpoint;
    assert_true(checkpoint_make(&checkpoint, wanted, error));
    bool good = checkpoint_read(&checkpoint, wanted, data, path, error);
    checkpoint_free(&checkpoint);
    return good;
}

static void expect_refusal(const struct model *wanted, const struct dataset *data, const char *text)
{
    struct error error;
    assert_false(read_as(wanted, data, &error));
    assert_int_equal(error.status, STATUS_INPUT);
    if (!strstr(error.text, text))
        fail_msg("'%s' is not in: %s", text, error.text);
}

static void test_round_trip(void **state)
{
    struct checkpoint wrote = make(), found;
    struct error      error;
    uint64_t          seed;
    double            lr;
    size_t            bytes = WEIGHTS * sizeof(real);
    (void)state;
    assert_true(checkpoint_write(&wrote, &model, &train, path, 1, &error));
    assert_true(checkpoint_make(&found, &model, &error));
    assert_true(checkpoint_read(&found, &model, &train, path, &error));
    assert_int_equal(found.epoch, 2);
    assert_int_equal(found.step, 9);
    assert_true(found.seed == UINT64_MAX);
    assert_true(found.lr == wrote.lr && found.next_lr == wrote.next_lr);
    assert_true(found.sum.loss == wrote.sum.loss && found.sum.weight == wrote.sum.weight);
    assert_int_equal(found.sum.correct, 17);
    assert_int_equal(found.best_epoch, 1);
    assert_true(found.best_accuracy == wrote.best_accuracy && found.best_loss == wrote.best_loss);
    assert_memory_equal(found.weights, wrote.weights, bytes);
    assert_memory_equal(found.state, wrote.state, bytes);
    assert_memory_equal(found.best, wrote.best, bytes);

    assert_true(checkpoint_peek(path, &seed, &lr, &error));
    assert_true(seed == UINT64_MAX && lr == 0.1);
    checkpoint_free(&wrote);
    checkpoint_free(&found);
}

/* It can be given wherever a file of weights is wanted, for which its other tensors are no reason to refuse it. */
static void test_file_of_weights(void **state)
{
    real         flat[WEIGHTS], expected[WEIGHTS] = {0};
    int64_t      strange;
    struct error error;
    (void)state;
    write_to(path, 1, 9);
    fill(expected, 1);
    assert_true(weights_load(&model, path, flat, &strange, &error));
    assert_memory_equal(flat, expected, sizeof flat);

    assert_true(weights_save(&model, path, flat, &error));
    expect_refusal(&model, &train, "this is no checkpoint");
}

/* The state and the best weights are there if and only if the model and the course of the training have any. */
static void test_what_there_is(void **state)
{
    struct model      plain = model;
    struct checkpoint checkpoint;
    struct safetensors file;
    struct error      error;
    (void)state;
    plain.state_slots = 0;
    plain.keep_best = false;
    assert_true(checkpoint_make(&checkpoint, &plain, &error));
    assert_true(!checkpoint.state && !checkpoint.best);
    assert_true(checkpoint_write(&checkpoint, &plain, &train, path, 1, &error));
    checkpoint_free(&checkpoint);
    assert_true(safetensors_open(&file, path, &error));
    assert_int_equal(file.count, 2);
    safetensors_close(&file);
    assert_true(read_as(&plain, &train, &error));
    expect_refusal(&model, &train, "missing: optimizer.momentum_buffer.fc.weight");

    plain = model, plain.keep_best = false;
    assert_true(checkpoint_make(&checkpoint, &plain, &error));
    checkpoint.best_epoch = checkpoint.epoch = 3;
    checkpoint.step = 12;
    assert_true(checkpoint_write(&checkpoint, &plain, &train, path, 1, &error));
    checkpoint_free(&checkpoint);
    assert_true(read_as(&plain, &train, &error));
    expect_refusal(&model, &train, "this checkpoint has not the weights of its best epoch, 3");

    checkpoint = make();
    checkpoint.best_epoch = 0;          /* none yet */
    assert_true(checkpoint_write(&checkpoint, &model, &train, path, 1, &error));
    checkpoint_free(&checkpoint);
    assert_true(safetensors_open(&file, path, &error));
    assert_int_equal(file.count, 4);
    safetensors_close(&file);
    assert_true(read_as(&model, &train, &error));
}

static void test_another_training(void **state)
{
    struct model   other;
    struct dataset fewer = {.count = SAMPLES - 1}, held = {.count = SAMPLES, .held_out = 10};
    (void)state;
    write_to(path, 1, 9);
    other = model, other.name = "others";
    expect_refusal(&other, &train, "network: found net, expected others");
    struct layer layer[] = {{.name = "fc", .kind = "linear", .rank = 1, .shape = {3}},
                            {.name = "act", .kind = "relu", .rank = 1, .shape = {3}}};
    other = model, other.layers = layer, other.layer_count = 2;
    expect_refusal(&other, &train, "network: found nothing more, expected fc: linear, 3");
    struct checkpoint checkpoint = make();
    struct error      error;
    assert_true(checkpoint_write(&checkpoint, &other, &train, path, 1, &error));
    checkpoint_free(&checkpoint);
    assert_true(read_as(&other, &train, &error));
    layer[1].kind = "tanh";
    expect_refusal(&other, &train, "network: found act: relu, 3, expected act: tanh, 3");
    layer[1].kind = "relu";
    layer[1].shape[0] = 4;
    expect_refusal(&other, &train, "network: found act: relu, 3, expected act: relu, 4");
    layer[1].shape[0] = 3;
    layer[0].arguments = "bias=false";
    expect_refusal(&other, &train, "network: found fc: linear, 3, expected fc: linear(bias=false), 3");
    layer[0].arguments = NULL;
    layer[1].from = "fc, input";
    expect_refusal(&other, &train, "expected act: relu from fc, input, 3");
    other.layer_count = 1;
    expect_refusal(&other, &train, "network: found act: relu, 3, expected nothing more");
    write_to(path, 1, 9);
    other = model, other.batch_size = 31;
    expect_refusal(&other, &train, "batches: found of 30, shuffled, expected of 31, shuffled");
    other = model, other.shuffle = false;
    expect_refusal(&other, &train, "batches: ");
    other = model, other.balanced = true;
    expect_refusal(&other, &train, "batches: ");
    other = model, other.drop_last = true;
    expect_refusal(&other, &train, "batches: ");
    other = model, other.dataset = "mnist";
    expect_refusal(&other, &train, "dataset: ");
    other = model, other.sgd.momentum = 0.8;
    expect_refusal(&other, &train, "optimizer: ");
    other = model, other.clip_grad_norm = 1;
    expect_refusal(&other, &train, "optimizer: ");
    other = model, other.label_smoothing = 0.1;
    expect_refusal(&other, &train, "loss: found label_smoothing=0, expected label_smoothing=0.1");
    expect_refusal(&model, &fewer, "dataset: found idx, 100 training images, 0 held out, expected idx, 99 training images");
    expect_refusal(&model, &held, "dataset: ");

    struct transform transform = {.kind = TRANSFORM_RANDOM_CROP, .size = {28, 28}, .padding = {2, 2, 2, 2}};
    int16_t          targets[256] = {1, 0};
    other = model, other.transforms = &transform, other.transform_count = 1;
    expect_refusal(&other, &train, "transforms: found 0 of images, 0 of labels, expected 1 of images, 0 of labels");
    other = model, other.targets = targets;
    expect_refusal(&other, &train, "transforms: found 0 of images, 0 of labels, expected 0 of images, 256 of labels");
    other = model, other.normalize = "mean=0.5, std=1";     /* done by generated code, so that it is in no list */
    expect_refusal(&other, &train, "transforms: found nothing more, expected normalize mean=0.5, std=1");

    float mean[] = {0.1f, 0.2f}, std[] = {1, 1};
    transform = (struct transform){.kind = TRANSFORM_NORMALIZE, .channels = 2, .mean = mean, .std = std};
    other = model, other.transforms = &transform, other.transform_count = 1;
    assert_true(checkpoint_make(&checkpoint, &other, &error));
    assert_true(checkpoint_write(&checkpoint, &other, &train, path, 1, &error));
    checkpoint_free(&checkpoint);
    assert_true(read_as(&other, &train, &error));
    mean[1] = 0.3f;
    expect_refusal(&other, &train, "found normalize channels=2 mean=0.1,0.2 std=1,1, "
                                     "expected normalize channels=2 mean=0.1,0.3 std=1,1");
    mean[1] = 0.2f;
    std[0] = 2;
    expect_refusal(&other, &train, "transforms: ");
    write_to(path, 1, 9);

    struct parameter shapes[2] = {parameters[0], parameters[1]};
    shapes[1].shape[0] = 3;
    other = model, other.parameters = shapes;
    expect_refusal(&other, &train, "shape of fc.bias: found 2, expected 3");
}

/* Writes the checkpoint anew with `with` in the place of `what`, which is as long. */
static void replace(const char *what, const char *with)
{
    char   bytes[8192];
    size_t length = strlen(what), i = 0;
    assert_int_equal(length, strlen(with));
    write_to(path, 1, 9);
    FILE  *file = fopen(path, "r+b");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    while (i + length <= size && memcmp(bytes + i, what, length) != 0)
        i++;
    if (i + length > size)
        fail_msg("%s is not in the file", what);
    memcpy(bytes + i, with, length);
    rewind(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_damaged(void **state)
{
    static const struct { const char *what, *with, *text; } cases[] = {
        {"\"netc.checkpoint\":\"2\"", "\"netc.checkpoint\":\"9\"", "version 9, expected 2"},
        {"\"netc.checkpoint\"", "\"netc.chequepoin\"", "this is no checkpoint"},
        {"netc.epoch\":\"2\"", "netc.epoch\":\"x\"", "netc.epoch is 'x', expected a whole number"},
        {"netc.epoch\":\"2\"", "netc.epoch\":\"\" ", "netc.epoch is '', expected a whole number"},
        {"netc.epoch\":\"2\"", "netc.apoch\":\"2\"", "netc.epoch is missing, expected a whole number"},
        {"netc.epoch\":\"2\"", "netc.epoch\":\"3\"", "step 9 is none of epoch 4 of 4 steps each"},
        {"netc.epoch\":\"2\"", "netc.epoch\":\"1\"", "step 9 is none of epoch 2 of 4 steps each"},
        {"netc.correct\":\"17\"", "netc.correct\":\"-7\"", "netc.correct is '-7', expected a whole number"},
        {"netc.correct\":\"17\"", "netc.correct\":\"1 \"", "netc.correct is '1 ', expected a whole number"},
        {"netc.best_epoch\":\"1\"", "netc.best_epoch\":\"7\"", "damaged checkpoint"},
        {"netc.seed\":\"18446744073709551615", "netc.seed\":\"18446744073709551616", "netc.seed is"},
        {"netc.loss_sum\":\"0x1.5555555555555p-2", "netc.loss_sum\":\"                 nan", "netc.loss_sum is"},
        {"netc.loss_sum\":\"0x1.5555555555555p-2", "netc.loss_sum\":\"0x1.5555555p+9999999", "expected a finite number"},
        {"netc.loss_sum\":\"0x1.5555555555555p-2", "netc.loss_sum\":\"                 inf", "expected a finite number"},
    };
    struct error error;
    (void)state;
    write_to(path, 1, 9);
    assert_true(read_as(&model, &train, &error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        replace(cases[i].what, cases[i].with);
        expect_refusal(&model, &train, cases[i].text);
    }
}

static void test_every_truncation(void **state)
{
    struct stat info;
    (void)state;
    write_to(path, 1, 9);
    assert_int_equal(stat(path, &info), 0);
    for (off_t size = info.st_size - 1; size >= 0; size--) {
        struct error error;
        assert_int_equal(truncate(path, size), 0);
        assert_false(read_as(&model, &train, &error));
        assert_int_equal(error.status, STATUS_INPUT);
    }
}

/* Values that are infinite or none are no state to go on from, wherever they stand. */
static bool same(const struct checkpoint *a, const struct checkpoint *b)
{
    size_t bytes = WEIGHTS * sizeof(real);
    return a->epoch == b->epoch && a->step == b->step && a->seed == b->seed && a->lr == b->lr && a->next_lr == b->next_lr
        && a->sum.loss == b->sum.loss && a->sum.weight == b->sum.weight && a->sum.correct == b->sum.correct && a->best_epoch == b->best_epoch
        && a->best_accuracy == b->best_accuracy && a->best_loss == b->best_loss
        && memcmp(a->weights, b->weights, bytes) == 0 && memcmp(a->state, b->state, bytes) == 0
        && memcmp(a->best, b->best, bytes) == 0;
}

/* Any bit of any byte: what is read all the same (without a space between words, without the key of the sum) is what was
 * written. */
static void test_every_flipped_byte(void **state)
{
    struct stat info;
    (void)state;
    struct checkpoint wrote = make(), found;
    struct error      error;
    int               taken = 0;
    write_to(path, 1, 9);
    assert_int_equal(stat(path, &info), 0);
    FILE *file = fopen(path, "r+b");
    for (long at = 0; at < info.st_size; at++) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        int byte = fgetc(file);
        for (int bit = 0; bit < 8; bit++) {
            assert_true(fseek(file, at, SEEK_SET) == 0 && fputc(byte ^ 1 << bit, file) != EOF && fflush(file) == 0);
            assert_true(checkpoint_make(&found, &model, &error));
            bool good = checkpoint_read(&found, &model, &train, path, &error);
            if (good && !same(&found, &wrote))
                fail_msg("byte %ld, bit %d: a flipped '%c' is not seen", at, bit, byte);
            if (!good)
                assert_int_equal(error.status, STATUS_INPUT);
            taken += good;
            checkpoint_free(&found);
        }
        assert_true(fseek(file, at, SEEK_SET) == 0 && fputc(byte, file) != EOF && fflush(file) == 0);
    }
    assert_true(taken < 100);
    fclose(file);
    checkpoint_free(&wrote);
}

static void test_strange_values(void **state)
{
    (void)state;
    for (int set = 0; set < 3; set++) {
        struct checkpoint checkpoint = make();
        struct error      error;
        real *flat[] = {checkpoint.weights, checkpoint.state, checkpoint.best};
        flat[set][12] = (real)NAN;
        assert_true(checkpoint_write(&checkpoint, &model, &train, path, 1, &error));
        checkpoint_free(&checkpoint);
        expect_refusal(&model, &train, "NaN or infinity in 1 value: nothing");
    }
}

static int64_t step_in(const char *name)
{
    struct safetensors file;
    struct error       error;
    if (!safetensors_open(&file, name, &error))
        return -1;
    int64_t step = atoll(safetensors_metadata(&file, "netc.step"));
    safetensors_close(&file);
    return step;
}

static void test_rotation(void **state)
{
    char names[4][160];
    (void)state;
    for (int i = 0; i < 4; i++)
        snprintf(names[i], sizeof names[i], i ? "%s.%d" : "%s", path, i);
    for (int64_t step = 8; step <= 12; step++) {
        write_to(path, 3, step);
        for (int i = 0; i < 4; i++)
            assert_int_equal(step_in(names[i]), i < 3 && step - i >= 8 ? step - i : -1);
    }
    char link[160];                     /* a name that leads to it */
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(path, link), 0);
    write_to(link, 3, 12);
    write_to(link, 3, 11);
    for (int i = 0; i < 3; i++)
        assert_int_equal(step_in(names[i]), i ? 12 : 11);
    assert_int_equal(remove(names[1]) | remove(names[2]) | remove(link), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_of_weights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_training, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_truncation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_flipped_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_strange_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rotation, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
