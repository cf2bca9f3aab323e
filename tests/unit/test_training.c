/* What the train section makes of the plan: clipped gradients, losses whose classes have weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#define NET "net n { input 1x12x12; conv2d(-> 4, kernel_size=3); relu; flatten; fc: linear(-> 3) }"
#define PLAIN "loss = cross_entropy; optimizer = sgd(lr=0.1)"
#define CLIPPED PLAIN "; clip_grad_norm = 2"
#define WEIGHTED "loss = cross_entropy(weight=[1, 0, 2.5], label_smoothing=0.1); optimizer = sgd(lr=0.1)"

static const PlanOptions all = { 0 };

static void expect_phases(const Plan *plan, const char *const names[], int count)
{
    assert_int_equal(plan->phases.count, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(plan->phases.at[i]->name, names[i]);
}

/* The update waits for the norm of all: it is not done everywhere, and the step keeps the gradient. */
static void test_clipped(void **state)
{
    (void)state;
    static const char *const plain[] = { "blocks", "update" }, *const clipped[] = { "blocks", "gradient", "norm", "update" };
    Arena *arena = arena_new();
    Plan *without = plan_trained(arena, NET, PLAIN, 64, "avx2", all), *with = plan_trained(arena, NET, CLIPPED, 64, "avx2", all);
    expect_phases(without, plain, 2);
    expect_phases(with, clipped, 4);
    assert_true(without->everywhere && !with->everywhere);
    assert_int_equal(with->phases.at[1]->units, with->phases.at[3]->units);
    assert_int_equal(with->phases.at[2]->units, 1);
    assert_int_equal(gradient_size(without), 0);
    assert_int_equal(gradient_size(with), with->weights_size + update_slices(with) + 1);

    with->phases.at[2]->units = 2;
    assert_non_null(plan_verify(arena, with));
    arena_free(arena);
}

/* A linear layer's large gradient is summed in tiles, and applied there only if it is not clipped. */
static void test_clipped_tiles(void **state)
{
    (void)state;
    static const char net[] = "net n { input 1000; linear(-> 1100); relu; linear(-> 9) }";
    Arena *arena = arena_new();
    const Plan *without = plan_trained(arena, net, PLAIN, 8, "avx2", all);
    const Plan *with = plan_trained(arena, net, CLIPPED, 8, "avx2", all);
    const Kernel *applied = find_kernel(without->phases.at[1], "linear_1_backward_weight");
    const Kernel *kept = find_kernel(with->phases.at[1], "linear_1_backward_weight");
    assert_true(has_tiles(applied) && applies_update(applied));
    assert_true(has_tiles(kept) && !applies_update(kept));
    assert_int_equal(kernel_buffer(applied, applied->stores.at[0])->place, PLACE_APPLIED);
    assert_int_equal(kernel_buffer(kept, kept->stores.at[0])->place, PLACE_GRADIENT);
    arena_free(arena);
}

/* The weights are a constant, which no kernel gets as an operand; the plain loss has its tuned kernel as before. */
static void test_targets(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plain = plan_trained(arena, NET, PLAIN, 64, "avx2", all);
    const Plan *weighted = plan_trained(arena, NET, WEIGHTED, 64, "avx2", all);
    const Kernel *forward = find_kernel(weighted->phases.at[0], "cross_entropy_forward");
    assert_int_equal(find_kernel(plain->phases.at[0], "cross_entropy_forward")->scheme, SCHEME_LOSS);
    assert_int_equal(forward->scheme, SCHEME_NEST);
    assert_int_equal(forward->stores.count, 2);
    for (int i = 0; i < forward->loads.count; i++)
        assert_int_not_equal(forward->loads.at[i]->role, ROLE_CONSTANT);

    int constants = 0;
    for (int i = 0; i < weighted->train.graph->tensors.count; i++) {
        const Tensor *tensor = weighted->train.graph->tensors.at[i];
        if (tensor->role == ROLE_CONSTANT) {
            constants++;
            assert_int_equal(tensor->dim[0], 3);
            assert_true(tensor->values[0] == 1 && tensor->values[1] == 0 && tensor->values[2] == 2.5);
            assert_null(weighted->train.buffer[i]);
        }
    }
    assert_int_equal(constants, 1);
    assert_null(graph_verify(arena, weighted->train.graph));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clipped), cmocka_unit_test(test_clipped_tiles), cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
