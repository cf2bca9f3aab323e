/* The fused step: where it is taken, how its arrays share memory, what the verifier refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#include "plan/fused.h"

static const char lenet[] = "net n { input 1x28x28\n conv1: conv2d(1 -> 10, kernel_size=5)\n max_pool2d(2)\n relu\n"
                            " conv2: conv2d(10 -> 20, kernel_size=5)\n max_pool2d(2)\n relu\n flatten\n"
                            " fc: linear(320 -> 10) }";

static GpuPlans plans_of(Arena *arena, const char *net, PlanOptions options)
{
    Plan *plan = plan_of(arena, net, 64, "avx2", options);
    return gpu_plans(arena, (Model *)plan->model, &options);
}

static GpuPlan *fused_of(Arena *arena, const char *net)
{
    GpuPlans plans = plans_of(arena, net, (PlanOptions){0});
    assert_int_equal(plans.count, 2);
    assert_true(plans.at[0]->fused && !plans.at[1]->fused);
    return plans.at[0];
}

static const Kernel *part_of(const GpuLaunch *launch, const char *name)
{
    for (int i = 0; i < launch->parts.count; i++)
        if (strcmp(launch->parts.at[i]->name, name) == 0)
            return launch->parts.at[i];
    fail_msg("no part %s", name);
    return NULL;
}

static SharedArray *array_of(GpuLaunch *launch, const char *name)
{
    for (int i = 0; i < launch->arrays.count; i++)
        if (strcmp(launch->arrays.at[i].buffer->name, name) == 0)
            return &launch->arrays.at[i];
    fail_msg("no array %s", name);
    return NULL;
}

/* ---- where it is taken */

static void test_fits(void **state)
{
    static const struct { const char *net; bool fused; } cases[] = {
        { lenet, true },
        { "net n { input 8\n fc: linear(8 -> 3) }", true },
        { "net n { input 200\n fc: linear(200 -> 200)\n relu\n out: linear(200 -> 10) }", true },
        /* 58,210 weights are more than 227 KB */
        { "net n { input 200\n fc: linear(200 -> 276)\n relu\n out: linear(276 -> 10) }", false },
        /* 2.1 million multiply-adds forward */
        { "net n { input 8x28x28\n c: conv2d(8 -> 16, kernel_size=5)\n flatten\n out: linear(-> 2) }", false },
        /* an activation that is larger than the memory */
        { "net n { input 1x256x256\n relu\n max_pool2d(32)\n flatten\n out: linear(-> 2) }", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        GpuPlans plans = plans_of(arena, cases[i].net, (PlanOptions){0});
        if (plans.count != 1 + cases[i].fused)
            fail_msg("%d plans for %s", plans.count, cases[i].net);
        assert_string_equal(plans.at[plans.count - 1]->suffix, "_cuda");
        arena_free(arena);
    }
}

static void test_left_out(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    assert_int_equal(plans_of(arena, lenet, (PlanOptions){ .plain = true }).count, 1);
    assert_int_equal(plans_of(arena, lenet, (PlanOptions){ .without = 1u << TECHNIQUE_FUSED }).count, 1);
    assert_int_equal(plans_of(arena, lenet, (PlanOptions){ .without = 1u << TECHNIQUE_CONV }).count, 2);
    arena_free(arena);
}

/* ---- what it is */

static void test_step(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GpuPlan *plan = fused_of(arena, lenet);
    GpuLaunch *step = plan->train_launches.at[0], *reduce = plan->train_launches.at[1];
    assert_int_equal(plan->train_launches.count, 2);
    assert_true(plan->joined && step->fused && !reduce->fused);
    assert_int_equal(step->threads, 384);
    assert_true(step->shared <= 99 << 10);
    assert_int_equal(plan->block, 1);

    /* Threads beside each other get other banks: planes of 20 mod 32 words for rows, odd ones for elements. */
    assert_int_equal(array_of(step, "relu_1")->buffer->dim[1] % 32, 20);
    assert_int_equal(array_of(step, "d_max_pool2d_1")->buffer->dim[1] % 2, 1);
    /* The pool's indices are for the gradient of conv1's weight alone: its convolution leaves the places themselves. */
    assert_int_equal(part_of(step, "conv1_backward_weight")->scheme, SCHEME_FUSED_SPARSE);
    assert_int_equal(part_of(step, "conv1_forward")->stores.count, 2);
    assert_ptr_equal(part_of(step, "conv1_forward")->stores.at[1], array_of(step, "conv1_places")->tensor);
    /* The linear layer's weight has no gradient in shared memory: the reduction makes it. */
    assert_int_equal(part_of(reduce, "fc_backward_weight")->scheme, SCHEME_FUSED_REDUCE_LINEAR);
    assert_int_equal(plan->partial_size % 8, 0);
    const Buffer *last = plan->weights.at[plan->weights.count - 1];
    assert_string_equal(last->name, "fc_weight");
    assert_int_equal(last->offset, plan->partial_size);
    arena_free(arena);
}

/* Parts whose threads share a level have different ones where there are enough. */
static void test_threads(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const GpuLaunch *step = fused_of(arena, lenet)->train_launches.at[0];
    int beside = 0;
    for (int i = 0; i < step->parts.count; i++) {
        const Kernel *kernel = step->parts.at[i];
        assert_true(kernel->launch.first % 32 == 0);
        if (kernel->launch.first)
            assert_true(kernel->launch.first + fused_items(kernel) <= step->threads);
        beside += kernel->launch.first > 0;
    }
    assert_true(beside > 0);
    arena_free(arena);
}

/* ---- memory */

static void test_arrays(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GpuPlan *plan = fused_of(arena, lenet);
    for (int p = 0; p < 2; p++) {
        const GpuLaunch *launch = p ? plan->evaluate_launches.at[0] : plan->train_launches.at[0];
        int64_t all = 0;
        int shared = 0;
        for (int i = 0; i < launch->arrays.count; i++) {
            const SharedArray *a = &launch->arrays.at[i];
            assert_true(a->offset % 16 == 0 && a->bytes % 16 == 0 && a->offset + a->bytes <= launch->shared);
            all += a->bytes;
            for (int j = 0; j < i; j++) {
                const SharedArray *b = &launch->arrays.at[j];
                bool same_place = a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
                bool same_time = a->first <= b->last && b->first <= a->last;
                assert_false(same_place && same_time);
                shared += same_place;
            }
        }
        assert_true(shared > 0 && launch->shared < all);
        assert_null(fused_verify(arena, launch));
    }
    arena_free(arena);
}

static void expect(Arena *arena, const GpuLaunch *launch, const char *fault)
{
    const char *found = fused_verify(arena, launch);
    if (!found || !strstr(found, fault))
        fail_msg("expected a fault with \"%s\", got: %s", fault, found ? found : "none");
}

static void test_faults(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GpuLaunch *step = fused_of(arena, lenet)->train_launches.at[0];

    SharedArray *relu = array_of(step, "relu_1"), kept = *relu;
    relu->offset = array_of(step, "conv2_weight")->offset;
    expect(arena, step, "conv1_forward overwrites conv2_weight, which conv2_forward reads");
    *relu = kept;

    SharedArray *gradient = array_of(step, "d_conv2"), gradient_kept = *gradient;
    gradient->offset = relu->offset;
    expect(arena, step, "overwrites relu_1, which conv2_backward_input_sum reads");
    *gradient = gradient_kept;

    /* At one level: who writes first is not said. */
    SharedArray *places = array_of(step, "conv1_places"), places_kept = *places;
    places->offset = relu->offset + 16;
    expect(arena, step, "conv1_forward overwrites relu_1");
    *places = places_kept;

    relu->bytes -= 16;
    expect(arena, step, "relu_1 does not lie");
    *relu = kept;
    relu->offset += 4;
    expect(arena, step, "relu_1 does not lie");
    *relu = kept;
    step->shared -= 16;
    expect(arena, step, "does not lie in the shared memory of n_step");
    step->shared += 16;

    Kernel *loss = (Kernel *)part_of(step, "cross_entropy_forward");
    loss->level--;
    expect(arena, step, "cross_entropy_forward reads fc at level 4, and it is made at level 4");
    loss->level++;

    Kernel **parts = step->parts.at, *first = parts[0];
    parts[0] = parts[step->parts.count - 1];
    parts[step->parts.count - 1] = first;
    expect(arena, step, "comes after a later level");
    parts[step->parts.count - 1] = parts[0];
    parts[0] = first;
    assert_null(fused_verify(arena, step));
    arena_free(arena);
}

/* Rows that end with padding: a load of 16 bytes may read it, so it must not be what was never written. */
static void test_padding(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    assert_false(fused_of(arena, lenet)->train_launches.at[0]->clears);
    assert_true(fused_of(arena, "net n { input 1x11x11\n conv2d(1 -> 2, kernel_size=3)\n relu\n"
                                " conv2d(2 -> 2, kernel_size=3)\n flatten\n linear(-> 2) }")->train_launches.at[0]->clears);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits), cmocka_unit_test(test_left_out), cmocka_unit_test(test_step),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_arrays), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
