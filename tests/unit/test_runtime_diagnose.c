/* What is said of a loss that is not finite: which tensor, which layer, for which sample, and what may help. */
#include "diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 10, BATCH = 4, WEIGHTS = 8 };

/* PyTorch's element (i, j) of `a` stands at j * 2 + i. */
static const struct parameter parameters[] = {
    {"a.weight", 2, {2, 3}, {1, 2}, 0, 3},
    {"b.bias", 1, {2}, {1}, 6, 3},
};
static const struct layer layers[] = {{.name = "input", .kind = "input"}, {.name = "a", .kind = "linear"},
                                      {.name = "relu_1", .kind = "relu"}, {.name = "b", .kind = "linear"}};

/* The image's byte says what the layers are: 7 breaks the second, 3 the third, 200 is large. */
static void visit_layers(const real *weights, void *scratch, const void *image,
                         void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    uint8_t pixel = *(const uint8_t *)image;
    real    in[] = {pixel}, a[] = {-(real)pixel * 2, weights[0]}, relu[] = {0, weights[0]}, b[] = {1, 2};
    (void)scratch;
    if (pixel == 7)
        relu[1] = (real)NAN;
    if (pixel == 3)
        b[0] = (real)INFINITY;
    if (pixel == 9)
        in[0] = (real)NAN;
    visit(visitor, 0, in, 1);
    visit(visitor, 1, a, 2);
    visit(visitor, 2, relu, 2);
    visit(visitor, 3, b, 2);
}

static void nothing(const struct step *step, void *scratch, int64_t unit) { (void)step, (void)scratch, (void)unit; }

static const struct phase phase = {"blocks", .block_units = 1, .run = nothing};
static const struct transform mirror[] = {{.kind = TRANSFORM_INVERT}};
static const struct model whole = {
    .name = "small", .target = "generic", .channels = 1, .height = 1, .width = 1, .classes = 2, .lanes = 4,
    .layers = layers, .layer_count = 4, .parameters = parameters, .parameter_count = 2, .weights_size = WEIGHTS,
    .state_slots = 1, .scratch_bytes = 64, .batch_bytes = 64, .train = &phase, .train_count = 1, .evaluate = phase,
    .batch_size = BATCH, .visit_bytes = 64, .visit_layers = visit_layers,
};

static uint8_t images[SAMPLES], labels[SAMPLES];
static const struct dataset data = {.count = SAMPLES, .images = images, .labels = labels};

/* What diagnose says of step `step`, with these weights and this state. */
static struct error says(const struct model *model, int64_t step, const real *weights, const real *history,
                         const struct order *order)
{
    static const struct schedule constant = {.kind = SCHEDULE_CONSTANT};
    struct rates         rates = {.schedule = &constant, .lr = 0.25, .spec_lr = 0.25, .steps_an_epoch = 3, .steps = 9};
    struct stretch       stretch = {.order = order, .steps = 3, .rates = &rates, .before = order ? 3 : 0,
                                    .epoch = order ? 1 : 0};
    struct device_config config = {.model = model, .train = &data, .test = &data, .threads = 1};
    struct error         error;
    struct device       *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    assert_true(device->kind->set_weights(device, weights, &error) && device->kind->set_state(device, history, &error));
    assert_false(diagnose(device, &stretch, step, &error));
    assert_int_equal(error.status, STATUS_INPUT);
    device->kind->close(device);
    return error;
}

static void holds(const struct error *error, const char *text)
{
    if (!strstr(error->text, text))
        fail_msg("'%s' is not in:\n%s", text, error->text);
}

static const real zeros[WEIGHTS] = {0};

static void test_tensors(void **state)
{
    real         spoiled[WEIGHTS] = {0};
    struct error error;
    (void)state;
    spoiled[3] = (real)NAN;
    spoiled[5] = spoiled[7] = -(real)INFINITY;
    error = says(&whole, 1, spoiled, spoiled, NULL);
    holds(&error, "the loss of step 2 of epoch 1 is no finite number");
    holds(&error, "\n  a.weight is not finite before this step: 2 of its 6 values, the first at [1, 1], which is NaN");
    holds(&error, "a learning rate below 0.25 (--lr), clip_grad_norm = 1.0, warmup(steps=500) in lr_scheduler");
    assert_null(strstr(error.text, "b.bias"));
    spoiled[3] = spoiled[5] = 0;
    error = says(&whole, 1, zeros, spoiled, NULL);
    holds(&error, "the optimiser's state of b.bias is not finite before this step: 1 of its 2 values, the first at [1], "
                  "which is infinite");
}

/* The layer that comes first in the network, whatever sample of the step has it. */
static void test_layers(void **state)
{
    real         weights[WEIGHTS] = {12};
    struct error error;
    struct order order = order_make(3, 1, SAMPLES);
    struct model model = whole;
    (void)state;
    for (int i = 0; i < SAMPLES; i++)
        images[i] = (uint8_t)(100 + i);
    images[4] = 3;
    images[6] = 7;
    images[8] = 9;
    error = says(&whole, 1, weights, zeros, NULL);
    holds(&error, "the first layer that is not finite is relu_1 (relu): it gives a value that is NaN, for training sample 6");
    holds(&error, "all weights are finite; the largest value before it is 14, given by a");
    images[7] = 3;
    images[4] = 104;
    error = says(&whole, 1, weights, zeros, NULL);
    holds(&error, "is relu_1 (relu): it gives a value that is NaN, for training sample 6");
    images[4] = 3;
    images[6] = 106;
    images[7] = 107;
    error = says(&whole, 1, weights, zeros, NULL);
    holds(&error, "is b (linear): it gives a value that is infinite, for training sample 4");
    holds(&error, "the largest value before it is 12, given by a");
    error = says(&whole, 2, weights, zeros, NULL);      /* 8 and 9 */
    holds(&error, "is input (input): it gives a value that is NaN, for training sample 8");
    assert_null(strstr(error.text, "before it"));
    error = says(&whole, 0, weights, zeros, NULL);
    holds(&error, "all weights and all layers are finite; the largest value is 206, given by a");
    holds(&error, "no step has been made yet");

    /* in the epoch's order */
    for (int64_t position = 0; position < SAMPLES; position++) {
        char expected[80];
        int  sample = (int)order_at(&order, (uint64_t)position);
        memset(images, 1, sizeof images);
        images[sample] = 7;
        error = says(&whole, position / BATCH, weights, zeros, &order);
        snprintf(expected, sizeof expected, "for training sample %d", sample);
        holds(&error, expected);
        holds(&error, "of epoch 2");
        error = says(&whole, (position / BATCH + 1) % 3, weights, zeros, &order);
        holds(&error, "all layers are finite");
    }

    /* behind the transforms */
    memset(images, 255, sizeof images);
    images[1] = 255 - 7;
    model.transforms = mirror;
    model.transform_count = 1;
    error = says(&model, 0, weights, zeros, NULL);
    holds(&error, "for training sample 1");

    model.visit_layers = NULL;
    error = says(&model, 0, weights, zeros, NULL);
    holds(&error, "all weights are finite before this step");
}

/* A part that was evaluated: its samples in the order of the file, without random transforms, until one is found. */
static void test_part(void **state)
{
    static const struct transform turned[] = {{.kind = TRANSFORM_RANDOM_VERTICAL_FLIP, .p = 1}};
    static const struct schedule  constant = {.kind = SCHEDULE_CONSTANT};
    struct rates         rates = {.schedule = &constant, .lr = 0.25, .spec_lr = 0.25, .steps_an_epoch = 3, .steps = 9};
    struct model         model = whole;
    struct device_config config = {.model = &model, .train = &data, .test = &data, .threads = 1};
    real                 spoiled[WEIGHTS] = {0};
    struct error         error;
    (void)state;
    memset(images, 1, sizeof images);
    images[5] = 7;
    images[8] = 9;
    model.transforms = turned;
    model.transform_count = 1;
    model.normalize = "mean=0.5, std=0.5";
    struct device *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    error_input(&error, "the loss of the test images is no finite number");
    assert_true(device->kind->set_weights(device, zeros, &error) && device->kind->set_state(device, zeros, &error));
    assert_false(diagnose_part(device, PART_TEST, &rates, 3, &error));
    holds(&error, "the loss of the test images is no finite number\n  the first layer that is not finite is relu_1 (relu): it "
                  "gives a value that is NaN, for test sample 5");
    holds(&error, "what may help: a learning rate below 0.25 (--lr)");
    assert_null(strstr(error.text, "normalize"));
    spoiled[7] = (real)NAN;
    assert_true(device->kind->set_weights(device, spoiled, &error));
    error_input(&error, "no finite number");
    assert_false(diagnose_part(device, PART_TEST, &rates, 3, &error));
    holds(&error, "\n  b.bias is not finite: 1 of its 2 values, the first at [1], which is NaN");
    device->kind->close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tensors), cmocka_unit_test(test_layers),
                                       cmocka_unit_test(test_part)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
