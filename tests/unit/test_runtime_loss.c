/* What the runtime hands to a step for its loss and its gradient: what samples weigh, the factor of clipping. */
#include "device.h"
#include "optim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>

/* Each sample weighs 1, or what its class does, at whatever position the order has it. */
static void test_weight(void **state)
{
    (void)state;
    static const real    weights[] = {1, 0.25f, 0};
    static const uint8_t labels[] = {0, 1, 2, 1, 0, 2};
    struct model         model = {.classes = 3};
    struct order         order = order_make(3, 0, 6);
    struct step          step = {.labels = labels, .first = 1, .count = 4}, all = {.labels = labels, .count = 6};
    assert_true(step_weight(&model, &step) == 4);
    model.class_weights = weights;
    assert_true(step_weight(&model, &step) == 1.5);
    all.order = &order;
    assert_true(step_weight(&model, &all) == 2.5);
    step.first = 5, step.count = 1;
    assert_true(step_weight(&model, &step) == 0);
    assert_true(weight_scale(2.5) == 0.4 && weight_scale(0) == 0);
}

/* A gradient within bounds is left alone; one that is not is brought there. An infinite norm leaves nothing, or a NaN of
 * what was infinite; one that is no number changes nothing, so that what is no number stays where it is. */
static void test_clip(void **state)
{
    (void)state;
    assert_true(clip_factor(0, 1) == 1);
    assert_true(clip_factor(0.5f, 1) == 1);
    assert_true(fabs((double)clip_factor(8, 2) - 0.25) < 1e-6);
    assert_true(clip_factor(INFINITY, 1) == 0);
    assert_true(clip_factor(NAN, 1) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weight), cmocka_unit_test(test_clip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
