/* Steps whose update is done everywhere: the same weights for any number of threads and any cut into stretches, nothing
 * overwritten that others still read. And what a stretch tells while it runs: steps made, ticks of kernels. */
#include "device.h"
#include "step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 4, BATCH = 14, BLOCKS = 4, SLICES = 3, SLICE = 5, WEIGHTS = SLICES * SLICE, SAMPLES = 45, STEPS = 4 };

enum { KERNEL_gather, KERNEL_apply, KERNEL_never, KERNELS };

/* What the blocks leave: for steps of either parity. */
struct memory {
    struct { real gradient[WEIGHTS]; int64_t of_step; } part[2][BLOCKS];
    atomic_int wrong;
};

static atomic_int spoiled = -1;         /* the sample whose loss is NaN; -1: none */

static KERNEL void gather(const struct step *step, int64_t unit)
{
    struct memory *memory = step->batch;
    real          *gradient = memory->part[step->parity][unit].gradient;
    struct result  result = {0};
    memory->part[step->parity][unit].of_step = step->first;
    memset(gradient, 0, WEIGHTS * sizeof *gradient);
    for (int64_t p = unit * LANES; p < (unit + 1) * LANES && p < step->count; p++) {
        int64_t sample = sample_at(step, p);
        for (int i = 0; i < WEIGHTS; i++)
            gradient[i] += (real)step->images[sample] / (real)(i + 3) - step->weights[i] / (real)step->count;
        result.loss += sample == atomic_load(&spoiled) ? NAN : (double)step->weights[sample % WEIGHTS];
        result.correct += step->labels[sample];
    }
    step->result[unit] = result;
}

/* The blocks' parts in order; a thread that is quicker must not have begun to overwrite them. */
static KERNEL void apply(const struct step *step, int64_t unit)
{
    struct memory *memory = step->batch;
    for (int64_t i = unit * SLICE; i < (unit + 1) * SLICE; i++) {
        real sum = 0;
        for (int64_t block = 0; block < step_blocks(step, LANES); block++) {
            sum += memory->part[step->parity][block].gradient[i];
            if (memory->part[step->parity][block].of_step != step->first)
                atomic_fetch_add(&memory->wrong, 1);
        }
        step->state[i] = step->first_step ? sum : (real)step->momentum * step->state[i] + sum;
        step->weights[i] += (real)step->lr * step->state[i];
    }
    for (volatile int spin = 0; spin < 300 * (int)(step->first % 3); spin++)    /* some are slower, now and then */
        ;
}

static void block_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(gather, step, unit);
}

static void update_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(apply, step, unit);
}

/* The weights that an evaluation sees, and what went wrong. */
static void evaluate_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    struct memory *memory = step->batch;
    step->result[unit].correct = atomic_load(&memory->wrong);
    for (int i = 0; unit == 0 && i < WEIGHTS; i++)
        step->result[0].loss += (double)step->weights[i];
}

static const struct phase phases[] = {
    {"blocks", .block_units = 1, .run = block_unit},
    {"update", .units = SLICES, .everywhere = true, .run = update_unit},
};

static const struct model model = {
    .name = "everywhere", .target = "generic", .channels = 1, .height = 1, .width = 1, .classes = 2, .lanes = LANES,
    .weights_size = WEIGHTS, .state_slots = 1, .scratch_bytes = 64, .batch_bytes = sizeof(struct memory),
    .train = phases, .train_count = 2, .evaluate = {"evaluate", .block_units = 1, .run = evaluate_unit},
    .kernel_count = KERNELS, .batch_size = BATCH,
};

static uint8_t images[SAMPLES], labels[SAMPLES];
static const struct dataset data = {.count = SAMPLES, .images = images, .labels = labels};

static struct device *open_device(int threads)
{
    struct device_config config = {.model = &model, .train = &data, .test = &data, .threads = threads};
    struct error   error;
    real           start[WEIGHTS];
    struct device *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    for (int i = 0; i < SAMPLES; i++) {
        images[i] = (uint8_t)(i * 37 + 11);
        labels[i] = (uint8_t)(i % 2);
    }
    for (int i = 0; i < WEIGHTS; i++)
        start[i] = (real)i / 7;
    assert_true(device->kind->set_weights(device, start, &error));
    return device;
}

struct outcome { real weights[WEIGHTS]; struct result train, test; };

/* Five epochs in stretches of `cut` steps, and an evaluation. */
static struct outcome train(int threads, int64_t cut)
{
    struct outcome outcome = {0};
    struct error   error;
    struct device *device = open_device(threads);
    struct rates   rates = rates_constant(0.001, 0.5);
    double         sum = 0;
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        struct order order = order_make(1, epoch, SAMPLES);
        for (int64_t step = 0; step < STEPS; step += cut) {
            struct stretch stretch = {
                .order = &order, .first = step, .steps = STEPS - step < cut ? STEPS - step : cut, .rates = &rates,
                .fresh = epoch == 0 && step == 0,
            };
            assert_true(device->kind->train(device, &stretch, &outcome.train, &error));
        }
    }
    assert_true(device->kind->get_weights(device, outcome.weights, &error));
    assert_true(device->kind->evaluate(device, PART_TEST, NULL, 0, SAMPLES, &outcome.test, NULL, &error));
    for (int i = 0; i < WEIGHTS; i++)
        sum += (double)outcome.weights[i];
    assert_true(outcome.test.loss == sum);
    assert_int_equal(outcome.test.correct, 0);
    device->kind->close(device);
    return outcome;
}

static void test_any_threads_same_bits(void **state)
{
    static const int threads[] = {1, 2, 3, 4, 9, 64};
    (void)state;
    struct outcome first = train(1, STEPS);
    assert_int_equal(first.train.correct, 5 * (SAMPLES / 2));
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (int64_t cut = 1; cut <= STEPS; cut++) {
            struct outcome other = train(threads[i], cut);
            assert_memory_equal(&first, &other, sizeof first);
        }
}

/* One that gets another's weights and state in the middle of an epoch goes on as that one does, at its rates and momenta. */
static void test_resumed(void **state)
{
    static const struct schedule falling = {.kind = SCHEDULE_ONE_CYCLE, .pct_start = 0.3, .div_factor = 2,
                                            .final_div_factor = 3, .base_momentum = 0.25, .max_momentum = 0.75};
    struct rates   rates = {.schedule = &falling, .lr = 0.001, .spec_lr = 0.001, .steps_an_epoch = STEPS,
                            .steps = 3 * STEPS};
    struct error   error;
    struct result  result = {0};
    real           weights[3][WEIGHTS], history[WEIGHTS];
    struct device *device = open_device(3), *other = open_device(2);
    struct stretch whole = {.before = STEPS, .steps = STEPS, .rates = &rates, .fresh = true}, begun = whole, rest = whole;
    (void)state;
    begun.steps = rest.first = 2;
    rest.steps = STEPS - 2;
    rest.fresh = false;
    assert_true(device->kind->train(device, &whole, &result, &error));
    assert_true(device->kind->get_weights(device, weights[0], &error));
    device->kind->close(device);

    device = open_device(3);
    assert_true(device->kind->train(device, &begun, &result, &error));
    assert_true(device->kind->get_weights(device, weights[1], &error));
    assert_true(device->kind->get_state(device, history, &error));
    assert_true(other->kind->set_weights(other, weights[1], &error));
    assert_true(other->kind->set_state(other, history, &error));
    assert_true(other->kind->train(other, &rest, &result, &error));
    assert_true(other->kind->get_weights(other, weights[1], &error));
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);

    rest.before = 0;                    /* other steps of the run have other rates */
    assert_true(device->kind->train(device, &rest, &result, &error));
    assert_true(device->kind->get_weights(device, weights[2], &error));
    assert_memory_not_equal(weights[0], weights[2], sizeof weights[0]);
    device->kind->close(device);
    other->kind->close(other);
}

/* More threads than an evaluation's or a step's units find no work, and have no weights. */
static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(device_cpu_busy(&model, 3), 3);
    assert_int_equal(device_cpu_busy(&model, 64), BLOCKS);
    struct memory_need need = memory_need(&model, 64, true, 1000, 0);
    assert_int_equal(need.copies, BLOCKS);
    assert_true(need.weights == BLOCKS * WEIGHTS * sizeof(real) && need.state == need.weights);
    assert_true(need.scratch == 64 * 64);
    need = memory_need(&model, 64, false, 1000, 0);
    assert_true(need.copies == 1 && need.weights == WEIGHTS * sizeof(real) && need.state == 0);
}

struct watcher { int64_t steps, last; double loss; };

static bool watch(void *context, int64_t steps, const struct result *result)
{
    struct watcher *watcher = context;
    assert_int_equal(steps, watcher->steps + 1);
    watcher->steps = steps;
    watcher->loss = result->loss;
    return steps < watcher->last;
}

static void test_after_step(void **state)
{
    (void)state;
    for (int64_t last = 1; last <= STEPS + 1; last++) {
        struct error   error;
        struct device *device = open_device(3), *other = open_device(1);
        struct watcher watcher = {.last = last};
        struct rates   rates = rates_constant(0.001, 0.5);
        struct result  result = {0}, expected = {0};
        real           weights[WEIGHTS], others[WEIGHTS];
        struct stretch stretch = {.steps = STEPS, .rates = &rates, .fresh = true, .after_step = watch, .watcher = &watcher};
        assert_true(device->kind->train(device, &stretch, &result, &error));
        assert_int_equal(watcher.steps, last > STEPS ? STEPS : last);
        assert_true(watcher.loss == result.loss);

        /* It stopped between two steps. */
        stretch = (struct stretch){.steps = watcher.steps, .rates = &rates, .fresh = true};
        assert_true(other->kind->train(other, &stretch, &expected, &error));
        assert_memory_equal(&result, &expected, sizeof result);
        assert_true(device->kind->get_weights(device, weights, &error));
        assert_true(other->kind->get_weights(other, others, &error));
        assert_memory_equal(weights, others, sizeof weights);
        device->kind->close(device);
        other->kind->close(other);
    }
}

/* A loss that is not finite: the weights, state and result are those from before its step, for any number of threads. */
static void test_broken(void **state)
{
    struct rates rates = rates_constant(0.001, 0.5);
    struct order order = order_make(1, 0, SAMPLES);
    struct error error;
    real         weights[2][WEIGHTS], history[2][WEIGHTS];
    (void)state;
    for (int threads = 1; threads <= 5; threads += 2)
        for (int64_t step = 0; step < STEPS; step++) {
            struct result  results[2] = {0};
            int64_t        broken[2] = {-1, -1};
            struct watcher watcher = {.last = INT64_MAX};
            for (int part = 0; part < 2; part++) {      /* without, and with a sample whose loss is NaN */
                struct device *device = open_device(threads);
                struct stretch stretch = {
                    .order = &order, .steps = part ? STEPS : step, .rates = &rates, .fresh = true, .broken = &broken[part],
                    .after_step = part ? watch : NULL, .watcher = &watcher,
                };
                atomic_store(&spoiled, part ? (int)order_at(&order, (uint64_t)(step * BATCH + 2)) : -1);
                assert_true(device->kind->train(device, &stretch, &results[part], &error));
                assert_true(device->kind->get_weights(device, weights[part], &error));
                assert_true(device->kind->get_state(device, history[part], &error));
                if (part) {             /* and it could go on from there */
                    stretch.broken = NULL;
                    stretch.first = step;
                    stretch.steps = STEPS - step;
                    stretch.fresh = step == 0;
                    stretch.after_step = NULL;
                    atomic_store(&spoiled, -1);
                    struct result rest = {0};
                    assert_true(device->kind->train(device, &stretch, &rest, &error));
                    assert_true(isfinite(rest.loss));
                }
                device->kind->close(device);
            }
            assert_int_equal(broken[0], -1);
            assert_int_equal(broken[1], step);
            assert_int_equal(watcher.steps, step);
            assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
            assert_memory_equal(history[0], history[1], sizeof history[0]);
            assert_memory_equal(&results[0], &results[1], sizeof results[0]);
        }
}

static void test_laps(void **state)
{
    uint64_t       laps[KERNELS] = {0}, before[KERNELS];
    struct error   error;
    struct result  result = {0};
    struct device *device = open_device(2);
    struct rates   rates = rates_constant(0.001, 0.5);
    struct stretch stretch = {.steps = STEPS, .rates = &rates, .fresh = true};
    (void)state;
    for (int round = 0; round < 2; round++) {
        memcpy(before, laps, sizeof laps);
        device->laps = laps;
        assert_true(device->kind->train(device, &stretch, &result, &error));
        assert_true(laps[KERNEL_gather] > before[KERNEL_gather] && laps[KERNEL_apply] > before[KERNEL_apply]);
        assert_int_equal(laps[KERNEL_never], 0);

        memcpy(before, laps, sizeof laps);
        device->laps = NULL;
        assert_true(device->kind->train(device, &stretch, &result, &error));
        assert_memory_equal(laps, before, sizeof laps);
    }
    device->kind->close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_threads_same_bits), cmocka_unit_test(test_resumed), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_after_step), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_laps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
