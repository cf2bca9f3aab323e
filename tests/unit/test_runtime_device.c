/* The CPU device on a model whose phases count: each unit runs once, phases in order, results and weights the same
 * for any number of threads; the barrier on its own. */
#include "barrier.h"
#include "device.h"
#include "step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 4, BATCH = 10, BLOCKS = 3, SLICES = 5, SAMPLES = 37, STEPS = 4, TESTS = 21, CLASSES = 2, SCRATCH = 64 };

/* What the phases leave for one another, in step->batch. */
struct trace {
    int        steps;                   /* whose last phase has begun */
    atomic_int blocks, sums, updates;   /* units of each phase so far */
    atomic_int wrong;                   /* things that must not be */
    atomic_int seen[SAMPLES];
    double     part[BLOCKS];
    double     sum;
};

static int expected_blocks(const struct step *step) { return (int)((step->count + LANES - 1) / LANES); }

static void check(struct trace *trace, bool right)
{
    if (!right)
        atomic_fetch_add(&trace->wrong, 1);
}

/* Scratch is this thread's own: nobody else changes it meanwhile. */
static void use_scratch(struct trace *trace, void *scratch, int64_t unit)
{
    int *mine = scratch;
    check(trace, mine[0] == 0 && (uintptr_t)scratch % 64 == 0);
    mine[0] = 1 + (int)unit;
    for (volatile int spin = 0; spin < 200; spin++)
        ;
    check(trace, mine[0] == 1 + (int)unit);
    mine[0] = 0;
}

static void block_unit(const struct step *step, void *scratch, int64_t unit)
{
    struct trace *trace = step->batch;
    atomic_fetch_add(&trace->blocks, 1);
    use_scratch(trace, scratch, unit);
    check(trace, unit >= 0 && unit < expected_blocks(step));
    check(trace, atomic_load(&trace->sums) == trace->steps && atomic_load(&trace->updates) == SLICES * trace->steps);
    double part = 0;
    for (int64_t p = unit * LANES; p < (unit + 1) * LANES && p < step->count; p++) {
        int64_t sample = sample_at(step, p);
        atomic_fetch_add(&trace->seen[sample], 1);
        /* of very different sizes, so that the order of a sum shows in its last bits */
        part += 1 / (1.0 + (double)(step->images[sample] * step->images[sample])) + (double)step->weights[unit] * 1e-3;
        step->result[unit].correct += step->labels[sample];
    }
    trace->part[unit] = part;
    step->result[unit].loss += part;
}

static void sum_unit(const struct step *step, void *scratch, int64_t unit)
{
    struct trace *trace = step->batch;
    use_scratch(trace, scratch, unit);
    int done = 0;
    for (int s = 0; s <= trace->steps; s++)     /* the last of an epoch's steps has fewer blocks */
        done += s % STEPS == STEPS - 1 ? 2 : BLOCKS;
    check(trace, atomic_load(&trace->blocks) == done);
    trace->sum = 0;
    for (int i = 0; i < expected_blocks(step); i++)
        trace->sum += trace->part[i];
    trace->steps++;
    atomic_fetch_add(&trace->sums, 1);
}

static void update_unit(const struct step *step, void *scratch, int64_t unit)
{
    struct trace *trace = step->batch;
    use_scratch(trace, scratch, unit);
    check(trace, atomic_load(&trace->sums) == trace->steps);
    check(trace, step->first_step == (trace->steps == 1));
    step->state[unit] = step->first_step ? (real)trace->sum : step->state[unit] / 2 + (real)trace->sum;
    step->weights[unit] += (real)step->lr * step->state[unit] / (real)(unit + 1);
    atomic_fetch_add(&trace->updates, 1);
}

static void evaluate_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    for (int64_t p = unit * LANES; p < (unit + 1) * LANES && p < step->count; p++) {
        int64_t sample = sample_at(step, p);
        step->result[unit].loss += (double)step->images[sample];
        step->result[unit].correct += step->labels[sample];
        for (int c = 0; step->logits && c < CLASSES; c++)
            step->logits[p * CLASSES + c] = (real)(CLASSES * sample + c);
    }
}

static const struct phase phases[] = {
    {"blocks", .block_units = 1, .run = block_unit},
    {"sum", .units = 1, .run = sum_unit},
    {"update", .units = SLICES, .run = update_unit},
};

static const struct model model = {
    .name = "counting", .target = "generic", .channels = 1, .height = 1, .width = 1, .classes = CLASSES, .lanes = LANES,
    .weights_size = SLICES, .state_slots = 1, .scratch_bytes = SCRATCH, .batch_bytes = sizeof(struct trace),
    .train = phases, .train_count = 3, .evaluate = {"evaluate", .block_units = 1, .run = evaluate_unit},
    .batch_size = BATCH,
};

struct outcome { real weights[SLICES]; struct result train, test; };

static struct dataset make_data(int count)
{
    struct dataset data = {.count = count, .images = malloc((size_t)count), .labels = malloc((size_t)count)};
    for (int i = 0; i < count; i++) {
        data.images[i] = (uint8_t)(i * 37 + 11);
        data.labels[i] = (uint8_t)(i % CLASSES);
    }
    return data;
}

/* The phases' own record, read the way they write it. */
static void read_trace(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch, (void)unit;
    const struct trace *trace = step->batch;
    step->result[0].correct = atomic_load(&trace->wrong);
    for (int i = 0; i < SAMPLES; i++)
        step->result[0].correct += atomic_load(&trace->seen[i]) != 2;
    step->result[0].loss = atomic_load(&trace->blocks) + 1000.0 * atomic_load(&trace->updates);
}

/* Two epochs of four steps, cut into stretches of `cut` steps, and an evaluation. */
static struct outcome train(int threads, int64_t cut)
{
    struct dataset data = make_data(SAMPLES), tests = make_data(TESTS);
    struct model   own = model;
    struct device_config config = {.model = &own, .train = &data, .test = &tests, .threads = threads};
    struct error   error;
    struct outcome outcome = {0};
    real           zeros[SLICES] = {0}, logits[TESTS * CLASSES];
    struct result  trace = {0};
    struct rates   rates = rates_constant(0.1, 0);
    struct device *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    assert_true(device->kind->set_weights(device, zeros, &error));
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        struct order order = order_make(1, (uint64_t)epoch, SAMPLES);
        for (int64_t step = 0; step < STEPS; step += cut) {
            struct stretch stretch = {
                .order = &order, .first = step, .steps = STEPS - step < cut ? STEPS - step : cut, .rates = &rates,
                .fresh = epoch == 0 && step == 0,
            };
            assert_true(device->kind->train(device, &stretch, &outcome.train, &error));
        }
    }
    assert_true(device->kind->get_weights(device, outcome.weights, &error));
    assert_true(device->kind->evaluate(device, PART_TEST, NULL, 0, 2 * LANES, &outcome.test, logits, &error));
    assert_true(device->kind->evaluate(device, PART_TEST, NULL, 2 * LANES, TESTS - 2 * LANES, &outcome.test,
                                       logits + 2 * LANES * CLASSES, &error));
    for (int i = 0; i < TESTS * CLASSES; i++)
        assert_true(logits[i] == i);
    own.evaluate.run = read_trace;
    assert_true(device->kind->evaluate(device, PART_TEST, NULL, 0, 1, &trace, NULL, &error));
    assert_int_equal(trace.correct, 0);                         /* nothing wrong, each sample once an epoch */
    assert_true(trace.loss == 2 * 11 + 1000.0 * 2 * STEPS * SLICES);
    device->kind->close(device);
    data_free(&data);
    data_free(&tests);
    return outcome;
}

static void test_any_threads_same_bits(void **state)
{
    static const int threads[] = {1, 2, 3, 4, 7, 16, 64};
    (void)state;
    struct outcome first = train(1, STEPS);
    double losses = 0;
    int    correct = 0;
    for (int i = 0; i < TESTS; i++) {
        losses += (uint8_t)(i * 37 + 11);
        correct += i % CLASSES;
    }
    assert_true(first.test.loss == losses);
    assert_int_equal(first.test.correct, correct);
    assert_int_equal(first.train.correct, 2 * (SAMPLES / CLASSES));
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        for (int64_t cut = 1; cut <= STEPS; cut++) {
            struct outcome other = train(threads[i], cut);
            assert_memory_equal(&first, &other, sizeof first);
        }
}

/* The held-out samples follow those of training in memory; there are more of either than of the test part, so that they
 * are evaluated in pieces. */
static void test_parts(void **state)
{
    enum { HELD_OUT = 7 };
    (void)state;
    struct dataset data = make_data(SAMPLES), tests = make_data(2);
    data.count = SAMPLES - HELD_OUT;
    data.held_out = HELD_OUT;
    struct device_config config = {.model = &model, .train = &data, .test = &tests, .threads = 2};
    struct error   error;
    struct device *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    for (enum part part = PART_TRAIN; part <= PART_VALID; part++) {
        int64_t       first = part == PART_VALID ? data.count : 0, wanted = 0;
        struct result result = {0};
        int64_t       count = device_part(device, part).count;
        assert_int_equal(count, part == PART_TRAIN ? SAMPLES - HELD_OUT : part == PART_TEST ? 2 : HELD_OUT);
        assert_true(device->kind->evaluate(device, part, NULL, 0, count, &result, NULL, &error));
        for (int64_t i = first; i < first + count; i++)
            wanted += data.images[i];
        assert_true(result.loss == (double)wanted);
    }
    device->kind->close(device);
    data_free(&data);
    data_free(&tests);
}

static void test_memory_is_counted(void **state)
{
    struct error  error;
    struct model  huge = model;
    struct dataset tests = make_data(TESTS);
    struct device_config config = {.model = &huge, .test = &tests, .threads = 2};
    struct memory_need need = memory_need(&model, 2, true, TESTS, 0);
    (void)state;
    assert_true(need.weights == SLICES * sizeof(real) && need.state == need.weights && need.scratch == 2 * SCRATCH);
    assert_true(need.batch == sizeof(struct trace) && need.results == 6 * sizeof(struct result));
    assert_true(memory_need(&model, 64, true, TESTS, 0).scratch == 6 * SCRATCH);   /* no more threads than units */
    assert_true(memory_need(&model, 2, false, TESTS, 0).state == 0);
    huge.scratch_bytes = (size_t)1 << 55;
    assert_null(device_cpu.open(&config, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "64.0 PiB needed"));
    data_free(&tests);
}

/* A phase with units of the step and several of each block: step by step as many as there are blocks. */
enum { STEP_UNITS = 2, BLOCK_UNITS = 3, MOST_UNITS = STEP_UNITS + BLOCK_UNITS * BLOCKS };

static void count_unit(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    step->weights[unit] += 1;
    if (unit >= STEP_UNITS)
        step->result[(unit - STEP_UNITS) / BLOCK_UNITS].correct = 1;
}

static void test_units_of_blocks(void **state)
{
    static const struct phase counting = {"counting", .units = STEP_UNITS, .block_units = BLOCK_UNITS, .run = count_unit};
    (void)state;
    struct model own = model;
    own.train = &counting;
    own.train_count = 1;
    own.weights_size = MOST_UNITS;
    struct dataset data = make_data(SAMPLES), tests = make_data(1);
    struct device_config config = {.model = &own, .train = &data, .test = &tests, .threads = 5};
    struct rates   rates = rates_constant(0.1, 0);
    struct stretch stretch = {.steps = STEPS, .rates = &rates};
    real           weights[MOST_UNITS] = {0};
    struct result  result = {0};
    struct error   error;
    struct device *device = device_cpu.open(&config, &error);
    assert_non_null(device);
    assert_true(device->kind->set_weights(device, weights, &error));
    assert_true(device->kind->train(device, &stretch, &result, &error));
    assert_true(device->kind->get_weights(device, weights, &error));
    /* Batches of 10, 10, 10 and 7 samples: three blocks of up to 4, and two. */
    for (int i = 0; i < MOST_UNITS; i++)
        assert_true(weights[i] == (i < STEP_UNITS + 2 * BLOCK_UNITS ? STEPS : STEPS - 1));
    assert_int_equal(result.correct, 3 * BLOCKS + 2);
    device->kind->close(device);
    data_free(&data);
    data_free(&tests);
}

/* Every thread sees what every other one wrote before the barrier, and the work in between is done once. */
static void test_barrier(void **state)
{
    enum { ROUNDS = 2000, MOST = 16 };
    static const int threads[] = {1, 2, 5, MOST};
    (void)state;
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        struct barrier barrier;
        int rounds[MOST] = {0}, between = 0, wrong = 0;
        #pragma omp parallel num_threads(threads[t]) reduction(+ : wrong)
        {
            #pragma omp single
            barrier_init(&barrier, omp_get_num_threads(), omp_get_num_procs());
            for (int round = 0; round < ROUNDS; round++) {
                rounds[omp_get_thread_num()] = round;
                if (barrier_arrive(&barrier)) {
                    for (int i = 0; i < omp_get_num_threads(); i++)
                        wrong += rounds[i] != round;
                    between++;
                    barrier_release(&barrier);
                }
                wrong += between != round + 1;
                if (barrier_arrive(&barrier))
                    barrier_release(&barrier);
            }
        }
        assert_int_equal(wrong, 0);
        assert_int_equal(between, ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_threads_same_bits), cmocka_unit_test(test_parts), cmocka_unit_test(test_memory_is_counted),
        cmocka_unit_test(test_units_of_blocks), cmocka_unit_test(test_barrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
