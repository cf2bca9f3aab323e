/* --units: the phase of all blocks in stages, whose units are parts of a block; and what the verifier refuses of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#define SEED "net seed {\n" \
    "    input 1x28x28\n" \
    "    conv1: conv2d(-> 10, 5)\n max_pool2d(2)\n relu\n" \
    "    conv2: conv2d(-> 20, 5)\n max_pool2d(2)\n relu\n" \
    "    flatten\n fc: linear(-> 10)\n" \
    "}"

static Plan *seed(Arena *arena, int units)
{
    return plan_of(arena, SEED, 64, "avx512", (PlanOptions){ .units = units });
}

static const Phase *phase_of(const Plan *plan, const char *kernel)
{
    for (int i = 0; i < plan->phases.count; i++)
        if (find_kernel(plan->phases.at[i], kernel))
            return plan->phases.at[i];
    fail_msg("no kernel %s", kernel);
    return NULL;
}

static Kernel *kernel_of(const Plan *plan, const char *name)
{
    return find_kernel(phase_of(plan, name), name);
}

static void expect_fault(Arena *arena, const Plan *plan, const char *part)
{
    const char *fault = plan_verify(arena, plan);
    if (!fault || !strstr(fault, part))
        fail_msg("expected a fault with \"%s\", got: %s", part, fault ? fault : "none");
}

/* ---- what comes out */

static void test_seed(void **state)
{
    (void)state;
    static const char *const large[] = {
        "conv1_forward", "conv2_forward", "conv2_backward_input", "conv2_backward_weight", "conv1_backward_weight",
    };
    Arena *arena = arena_new();
    const Plan *plan = seed(arena, 64);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        assert_int_equal(phase_of(plan, large[i])->units, 64);
        assert_true(kernel_of(plan, large[i])->units > 1);
    }
    /* What is small stays with its block, and with other such kernels between two large ones. */
    const Phase *middle = phase_of(plan, "fc_forward");
    assert_int_equal(middle->units, plan->blocks);
    assert_ptr_equal(middle, phase_of(plan, "cross_entropy_forward"));
    assert_true(middle->stores && !middle->loads);
    assert_int_equal(kernel_of(plan, "fc_forward")->units, 0);

    /* Both gradients of conv2 share a phase, and its units. */
    const Phase *backward = phase_of(plan, "conv2_backward_input");
    assert_ptr_equal(backward, phase_of(plan, "conv2_backward_weight"));
    assert_int_equal(backward->block_units, 16);

    /* The gradient of a bias is too little for a unit: the first one of conv1's weight makes it. */
    const Phase *last = phase_of(plan, "conv1_backward_bias");
    assert_true(last->joined && last == phase_of(plan, "conv1_backward_weight"));
    assert_int_equal(kernel_of(plan, "conv1_backward_weight")->first_unit, 0);

    /* Where blocks are loaded, weights are transformed, once for all threads. */
    const Phase *first = plan->phases.at[0];
    assert_true(first->loads && first->step_units > 1 && first->block_units == 1);
    assert_int_equal(first->units, first->step_units + plan->blocks);
    assert_true(plan->once.count > 0 && plan->once.at[0]->place == PLACE_STEP);
    arena_free(arena);
}

/* A tensor is scratch exactly where one unit both makes and reads it. */
static void test_memory(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = seed(arena, 64);
    const Graph *graph = plan->train.graph;
    static const struct { const char *tensor; Place place; } cases[] = {
        { "input", PLACE_BATCH }, { "relu_1", PLACE_BATCH }, { "max_pool2d_1_indices", PLACE_BATCH },
        { "label", PLACE_BATCH }, { "scale", PLACE_BATCH }, { "d_max_pool2d_1", PLACE_BATCH },
        { "fc", PLACE_SCRATCH }, { "d_fc", PLACE_SCRATCH }, { "loss", PLACE_SCRATCH },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Buffer *buffer = NULL;
        for (int j = 0; j < graph->tensors.count; j++)
            if (strcmp(graph->tensors.at[j]->name, cases[i].tensor) == 0)
                buffer = plan->train.buffer[j];
        if (!buffer || buffer->place != cases[i].place)
            fail_msg("%s is not where it should be", cases[i].tensor);
    }
    arena_free(arena);
}

static void test_numbers(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    /* Without, and where there would be one unit a block as well, nothing changes. */
    assert_false(plan_is_split(seed(arena, 0)));
    assert_false(plan_is_split(seed(arena, 4)));
    assert_false(plan_is_split(seed(arena, 7)));
    static const int asked[] = { 8, 12, 64, 100, 1024 };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const Plan *plan = seed(arena, asked[i]);
        assert_true(plan_is_split(plan));
        for (int j = 0; j < plan->phases.count; j++)
            assert_true(plan->phases.at[j]->kind == PHASE_UPDATE || plan->phases.at[j]->units <= asked[i]);
    }
    assert_int_equal(phase_of(seed(arena, 8), "conv1_forward")->units, 8);
    /* 17 of a block in ranges of 6 columns' and 12 rows' tiles: 16 come nearest. */
    assert_int_equal(phase_of(seed(arena, 68), "conv1_forward")->units, 64);
    /* A network without a kernel that is worth a barrier. */
    assert_false(plan_is_split(plan_of(arena, "net n { input 64; a: linear(-> 10) }", 64, "avx512",
                                       (PlanOptions){ .units = 64 })));
    /* Nests are cut as well. */
    const Plan *plain = plan_of(arena, SEED, 64, "avx2", (PlanOptions){ .plain = true, .units = 64 });
    assert_int_equal(phase_of(plain, "conv1_forward")->units, 64);
    /* The evaluation calls what training has, for the whole of each loop. */
    assert_ptr_equal(find_kernel(plain->evaluation, "conv1_forward")->same, kernel_of(plain, "conv1_forward"));
    assert_int_equal(find_kernel(plain->evaluation, "conv1_forward")->units, 0);
    arena_free(arena);
}

/* ---- what the verifier refuses */

static void test_wrong_units(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = seed(arena, 64);
    kernel_of(plan, "conv1_forward")->units -= 1;
    expect_fault(arena, plan, "the units of conv1_forward do not cover its loops once");

    plan = seed(arena, 64);
    kernel_of(plan, "conv1_forward")->cut[0].parts += 1;
    expect_fault(arena, plan, "the units of conv1_forward do not cover its loops once");

    plan = seed(arena, 64);
    kernel_of(plan, "conv2_backward_weight")->first_unit += 1;
    expect_fault(arena, plan, "the units of conv2_backward_weight do not cover its loops once");

    plan = seed(arena, 64);
    plan->prepare.at[0]->first_unit += 1;
    expect_fault(arena, plan, "do not cover its loops once");

    plan = seed(arena, 64);
    plan->phases.at[1]->units -= 1;
    expect_fault(arena, plan, "phase blocks_2 has 63 units for the work of 64");

    plan = seed(arena, 64);
    plan->phases.at[1]->block_units -= 1;
    expect_fault(arena, plan, "phase blocks_2 has 0 units and 15 of each block for the work of 0 and 16");

    plan = seed(arena, 64);
    plan->phases.at[0]->step_units += 1;
    expect_fault(arena, plan, "of each block for the work of");
    arena_free(arena);
}

static void test_wrong_cuts(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = seed(arena, 64);
    Kernel *kernel = kernel_of(plan, "conv1_forward");
    kernel->cut[0].tile = kernel->cut[0].extent;
    expect_fault(arena, plan, "two units of conv1_forward share a tile");

    plan = seed(arena, 64);
    kernel = kernel_of(plan, "conv1_forward");
    kernel->cut[1].name = kernel->cut[0].name;
    expect_fault(arena, plan, "the units of conv1_forward share one loop twice");

    plan = plan_of(arena, SEED, 64, "avx512", (PlanOptions){ .plain = true, .units = 64 });
    kernel_of(plan, "conv1_forward")->cut[0].extent += 1;
    expect_fault(arena, plan, "conv1_forward has no loop as its units share");
    arena_free(arena);
}

static void test_wrong_phase(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    /* No barrier between a kernel and what it reads. */
    Plan *plan = seed(arena, 64);
    Phase *second = plan->phases.at[1], *third = plan->phases.at[2];
    assert_int_equal(third->kernels.count, 1);
    list_add(arena, &second->kernels, third->kernels.at[0]);
    third->kernels.count = 0;
    expect_fault(arena, plan, "conv2_forward reads relu_1, which another unit of its phase writes");

    /* The unit of the rest does not see what units apart make. */
    plan = seed(arena, 64);
    kernel_of(plan, "fc_forward")->units = 1;
    expect_fault(arena, plan, "fc_forward reads flatten_1, which another unit of its phase writes");

    plan = seed(arena, 64);
    Kernel *kernel = kernel_of(plan, "conv1_forward");
    plan->train.buffer[kernel->stores.at[0]->id]->place = PLACE_SCRATCH;
    expect_fault(arena, plan, "conv1_forward writes a part of relu_1, which is one thread's scratch");

    plan = seed(arena, 64);
    plan->train.buffer[plan->train.graph->input->id]->place = PLACE_SCRATCH;
    expect_fault(arena, plan, "conv1_forward reads input, which was another thread's scratch");

    plan = seed(arena, 64);
    ((Phase *)phase_of(plan, "fc_forward"))->stores = false;
    plan->phases.at[2]->stores = true;
    expect_fault(arena, plan, "stores loss, which it does not have");
    arena_free(arena);
}

static void test_wrong_memory(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = seed(arena, 64);
    plan->batch_size -= 1;
    expect_fault(arena, plan, "reaches into what lies after it");

    plan = seed(arena, 64);
    plan->once.at[0]->offset += 1;
    expect_fault(arena, plan, "reaches into what lies after it");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed), cmocka_unit_test(test_memory), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_wrong_units), cmocka_unit_test(test_wrong_cuts), cmocka_unit_test(test_wrong_phase),
        cmocka_unit_test(test_wrong_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
