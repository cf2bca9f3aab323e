/* Learning rates and momenta beside those that PyTorch's schedulers give each step, as tests/pytorch/schedules.py has recorded them. */
#include "schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDED "tests/pytorch/schedules.txt"
enum { MOST_MILESTONES = 8, LINE = 8192 };
static const double MOMENTUM = 0.5;    /* the optimiser's */

static const char *const kinds[] = {
    [SCHEDULE_CONSTANT] = "constant", [SCHEDULE_STEP] = "step", [SCHEDULE_MULTI_STEP] = "multi_step",
    [SCHEDULE_COSINE] = "cosine", [SCHEDULE_ONE_CYCLE] = "one_cycle", [SCHEDULE_LINEAR] = "linear",
};

/* A recorded case. */
struct recorded {
    struct schedule schedule;
    struct rates    rates;
    int64_t         milestones[MOST_MILESTONES];
};

static void set_field(struct recorded *recorded, const char *name, char *value)
{
    struct schedule *schedule = &recorded->schedule;
    const struct { const char *name; int64_t *whole; double *real; } fields[] = {
        {"step_size", &schedule->step_size, NULL}, {"t_max", &schedule->t_max, NULL},
        {"total_iters", &schedule->total_iters, NULL}, {"warmup_steps", &schedule->warmup_steps, NULL},
        {"gamma", NULL, &schedule->gamma}, {"eta_min", NULL, &schedule->eta_min},
        {"start_factor", NULL, &schedule->start_factor}, {"end_factor", NULL, &schedule->end_factor},
        {"max_lr", NULL, &schedule->max_lr}, {"pct_start", NULL, &schedule->pct_start},
        {"div_factor", NULL, &schedule->div_factor}, {"final_div_factor", NULL, &schedule->final_div_factor},
        {"warmup_factor", NULL, &schedule->warmup_factor}, {"base_momentum", NULL, &schedule->base_momentum},
        {"max_momentum", NULL, &schedule->max_momentum},
    };
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        if (strcmp(name, fields[f].name) == 0) {
            if (fields[f].whole)
                *fields[f].whole = strtoll(value, NULL, 10);
            else
                *fields[f].real = strtod(value, NULL);
            return;
        }
    if (strcmp(name, "linear") == 0) {
        schedule->linear = value[0] == '1';
        return;
    }
    assert_string_equal(name, "milestones");
    while (*value && schedule->milestone_count < MOST_MILESTONES) {
        recorded->milestones[schedule->milestone_count++] = strtoll(value, &value, 10);
        value += *value == ',';
    }
}

/* KIND lr steps epoch NAME=VALUE… */
static void read_case(struct recorded *recorded, char *line)
{
    char *word = strtok(line, " \n");
    *recorded = (struct recorded){0};
    while (strcmp(word, kinds[recorded->schedule.kind]) != 0) {
        recorded->schedule.kind++;
        assert_true(recorded->schedule.kind <= SCHEDULE_LINEAR);
    }
    recorded->rates.schedule = &recorded->schedule;
    recorded->rates.momentum = MOMENTUM;
    recorded->rates.lr = recorded->rates.spec_lr = strtod(strtok(NULL, " \n"), NULL);
    recorded->rates.steps = strtoll(strtok(NULL, " \n"), NULL, 10);
    recorded->rates.steps_an_epoch = strtoll(strtok(NULL, " \n"), NULL, 10);
    recorded->schedule.milestones = recorded->milestones;
    while ((word = strtok(NULL, " \n"))) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value = '\0';
        set_field(recorded, word, value + 1);
    }
}

/* The recorded line that comes next, beside what `at` gives each step. */
static void compare(FILE *file, const struct rates *rates, double (*at)(const struct rates *rates, int64_t step),
                    const char *what, const char *title)
{
    char line[LINE], *next = line;
    assert_non_null(fgets(line, sizeof line, file));
    for (int64_t step = 0; step < rates->steps; step++) {
        double expected = strtod(next, &next), got = at(rates, step);
        if (!(fabs(got - expected) <= 1e-12 * fabs(expected)))
            fail_msg("%s of step %lld: %.17g, PyTorch has %.17g: %s", what, (long long)step, got, expected, title);
    }
    assert_string_equal(next, "\n");
}

static void test_recorded(void **state)
{
    FILE *file = fopen(RECORDED, "r");
    char  line[LINE], title[LINE];
    int   cases = 0, seen[SCHEDULE_LINEAR + 1] = {0};
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct recorded recorded;
        strcpy(title, line);
        read_case(&recorded, line);
        seen[recorded.schedule.kind]++;
        cases++;
        compare(file, &recorded.rates, rate_at, "the rate", title);
        compare(file, &recorded.rates, momentum_at, "the momentum", title);
    }
    fclose(file);
    assert_int_equal(cases, 21);
    for (int kind = 0; kind <= SCHEDULE_LINEAR; kind++)
        assert_true(seen[kind] > 0);
}

/* --lr replaces the spec's lr: a max_lr that is stated there grows with it, one that is not is the new lr. */
static void test_scaled(void **state)
{
    struct schedule schedule = {.kind = SCHEDULE_ONE_CYCLE, .max_lr = 0.5, .pct_start = 0.5, .div_factor = 4,
                                .final_div_factor = 10};
    struct rates    rates = {.schedule = &schedule, .lr = 0.2, .spec_lr = 0.1, .steps_an_epoch = 5, .steps = 20};
    (void)state;
    assert_true(fabs(rate_at(&rates, 9) - 1) < 1e-12);
    schedule.max_lr = 0;
    assert_true(fabs(rate_at(&rates, 9) - 0.2) < 1e-12);
}

/* Runs too short for what their schedule plans, and steps beyond its end: still a rate, and a momentum. */
static void test_ends(void **state)
{
    struct schedule schedule = {.pct_start = 0.5, .div_factor = 4, .final_div_factor = 10, .step_size = 1, .gamma = 0.5,
                                .total_iters = 1, .start_factor = 0.5, .end_factor = 1, .base_momentum = 0.85,
                                .max_momentum = 0.95};
    (void)state;
    for (int kind = 0; kind <= SCHEDULE_LINEAR; kind++)
        for (int64_t steps = 0; steps <= 3; steps++)
            for (int64_t step = 0; step <= 5; step++) {
                struct rates rates = {.schedule = &schedule, .lr = 0.1, .spec_lr = 0.1, .steps_an_epoch = 2, .steps = steps};
                schedule.kind = (enum schedule_kind)kind;
                double rate = rate_at(&rates, step), momentum = momentum_at(&rates, step);
                assert_true(rate >= 0 && rate <= 0.1 && momentum >= 0.85 && momentum <= 0.95);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded), cmocka_unit_test(test_scaled), cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
