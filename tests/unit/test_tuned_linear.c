/* The gradient of a linear layer's weight: which side lies in the lanes, where it is summed, what the verifier refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

static Plan *plan_linear(Arena *arena, int in, int out, int batch, const char *target, PlanOptions options)
{
    const char *net = arena_printf(arena, "net n { input %d\n h: linear(-> %d)\n relu\n fc: linear(-> 10)\n }", in, out);
    return plan_of(arena, net, batch, target, options);
}

static const Buffer *weight_of(const Plan *plan, const char *name)
{
    for (int i = 0; i < plan->weights.count; i++)
        if (strcmp(plan->weights.at[i]->name, name) == 0)
            return plan->weights.at[i];
    fail_msg("no weight %s", name);
    return NULL;
}

static void expect_fault(Arena *arena, const Plan *plan, const char *part)
{
    const char *fault = plan_verify(arena, plan);
    if (!fault || !strstr(fault, part))
        fail_msg("expected a fault with \"%s\", got: %s", part, fault ? fault : "none");
}

/* The lanes hold the side that wastes the fewest of them, and is the cheaper one to transpose. */
static void test_sides(void **state)
{
    static const struct { int in, out; bool of_inputs; int64_t row, rows; } cases[] = {
        { 784, 256, false, 256, 784 }, { 320, 10, true, 320, 10 }, { 50, 3, true, 64, 3 }, { 3, 50, false, 64, 3 },
        { 1, 1, false, 16, 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        Plan *plan = plan_linear(arena, cases[i].in, cases[i].out, 16, "avx512", (PlanOptions){0});
        for (int p = 0; p < 2; p++) {
            const Kernel *kernel = find_kernel(plan->phases.at[p], "h_backward_weight");
            if (!kernel)
                continue;
            const LinearWeight *s = kernel->shape;
            assert_int_equal(kernel->scheme, SCHEME_LINEAR_WEIGHT);
            assert_int_equal(s->of_inputs, cases[i].of_inputs);
            assert_true(s->tile_rows * s->tile_vectors <= 20 && s->tile_rows <= s->rows && s->tile_vectors <= s->vectors);
        }
        const Buffer *weight = weight_of(plan, "h_weight");
        assert_true(weight->packed && weight->offset % 16 == 0);
        assert_int_equal(weight->dim[0], cases[i].rows);
        assert_int_equal(weight->dim[1], cases[i].row);
        assert_int_equal(weight->order[1], cases[i].of_inputs);
        arena_free(arena);
    }
}

/* A large gradient is summed over all blocks and applied at once; a small one is a part of each block's. */
static void test_over_blocks(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = plan_linear(arena, 784, 256, 64, "avx512", (PlanOptions){0});
    assert_int_equal(plan->phases.count, 3);
    const Kernel *large = find_kernel(plan->phases.at[1], "h_backward_weight");
    const Kernel *small = find_kernel(plan->phases.at[0], "fc_backward_weight");
    assert_non_null(large);
    assert_non_null(small);
    assert_true(large->all_blocks && !small->all_blocks);
    assert_int_equal(small->scheme, SCHEME_LINEAR_WEIGHT);
    assert_true(weight_of(plan, "h_weight")->offset >= plan->trained_size);
    assert_int_equal(plan->partial_size, plan->trained_size);
    const LinearWeight *s = large->shape;
    assert_true(s->vectors % s->tile_vectors == 0 && large->slice % s->tile_rows == 0);
    assert_true(large->units >= 32);

    /* One block has nothing to sum over, but what it would store is larger than what it reads. */
    assert_int_equal(plan_linear(arena, 784, 256, 8, "avx512", (PlanOptions){0})->phases.count, 3);
    assert_int_equal(plan_linear(arena, 40, 20, 64, "avx512", (PlanOptions){0})->phases.count, 2);
    arena_free(arena);
}

static void test_left_out(void **state)
{
    static const PlanOptions options[] = { { .plain = true }, { .without = 1u << TECHNIQUE_LINEAR } };
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        Arena *arena = arena_new();
        Plan *plan = plan_linear(arena, 320, 10, 64, "avx2", options[i]);
        assert_int_equal(find_kernel(plan->phases.at[0], "h_backward_weight")->scheme, SCHEME_NEST);
        assert_false(weight_of(plan, "h_weight")->packed);
        assert_int_equal(weight_of(plan, "h_weight")->size, 3200);
        arena_free(arena);
    }
}

static void test_wrong_units(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = plan_linear(arena, 784, 256, 64, "avx2", (PlanOptions){0});
    Kernel *kernel = find_kernel(plan->phases.at[1], "h_backward_weight");
    kernel->units--;
    expect_fault(arena, plan, "do not cover its weight once");

    plan = plan_linear(arena, 784, 256, 64, "avx2", (PlanOptions){0});
    kernel = find_kernel(plan->phases.at[1], "h_backward_weight");
    kernel->slice++;
    expect_fault(arena, plan, "do not cover its weight once");

    plan = plan_linear(arena, 784, 256, 64, "avx2", (PlanOptions){0});
    kernel = find_kernel(plan->phases.at[1], "h_backward_weight");
    plan->train.buffer[kernel->stores.at[0]->id]->place = PLACE_PARTIAL;
    expect_fault(arena, plan, "is not its to write");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_over_blocks),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_wrong_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
