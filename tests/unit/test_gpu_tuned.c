/* Training on a GPU layer by layer: which kernels get tuned code, how many launches a step has, what the verifier refuses.
 * That the code computes the same as the nests is tested where it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#include "plan/gpu_tuned.h"

static const char lenet[] = "net n { input 1x28x28\n conv1: conv2d(1 -> 10, kernel_size=5)\n max_pool2d(2)\n relu\n"
                            " conv2: conv2d(10 -> 20, kernel_size=5)\n max_pool2d(2)\n relu\n flatten\n"
                            " fc: linear(320 -> 10) }";
static const char mlp[] = "net n { input 1x28x28\n flatten\n fc1: linear(784 -> 256)\n relu\n fc2: linear(256 -> 128)\n relu\n"
                          " fc3: linear(128 -> 10) }";

static GpuPlan *layers_of(Arena *arena, const char *net, PlanOptions options)
{
    Plan *plan = plan_of(arena, net, 64, "avx2", options);
    GpuPlans plans = gpu_plans(arena, (Model *)plan->model, &options);
    assert_true(plans.count > 0);
    return plans.at[plans.count - 1];
}

static Kernel *part_of(const GpuLaunches *launches, const char *name)
{
    for (int i = 0; i < launches->count; i++)
        for (int j = 0; j < launches->at[i]->parts.count; j++)
            if (strcmp(launches->at[i]->parts.at[j]->name, name) == 0)
                return launches->at[i]->parts.at[j];
    return NULL;
}

/* ---- rules */

static void test_rules(void **state)
{
    static const char
        overlapping[] = "net n { input 1x12x12\n conv1: conv2d(1 -> 4, kernel_size=3)\n max_pool2d(3, stride=2)\n relu\n flatten\n"
                        " fc: linear(-> 3) }",
        strided[] = "net n { input 2x13x13\n conv1: conv2d(2 -> 4, kernel_size=3)\n relu\n"
                    " conv2: conv2d(4 -> 4, kernel_size=3, stride=2)\n relu\n flatten\n fc: linear(-> 3) }",
        padded[] = "net n { input 1x8x8\n conv1: conv2d(1 -> 4, kernel_size=3, padding=1)\n relu\n"
                   " conv2: conv2d(4 -> 4, kernel_size=3, padding=1)\n relu\n flatten\n fc: linear(-> 3) }",
        large_kernel[] = "net n { input 1x24x24\n conv1: conv2d(1 -> 2, kernel_size=13)\n flatten\n fc: linear(-> 3) }",
        many_classes[] = "net n { input 40\n fc: linear(40 -> 33) }";
    static const struct { const char *net, *kernel; int scheme; } cases[] = {
        { lenet, "conv1_forward", SCHEME_GPU_CONV },            { lenet, "conv2_forward", SCHEME_GPU_CONV },
        { lenet, "fc_forward", SCHEME_GPU_CLASSIFY },           { lenet, "conv2_backward_input", SCHEME_GPU_CONV_INPUT },
        { lenet, "conv1_backward_weight", SCHEME_GPU_CONV_WEIGHT },
        { lenet, "conv2_backward_weight", SCHEME_GPU_CONV_WEIGHT },
        { lenet, "fc_backward_weight", SCHEME_GPU_LINEAR_WEIGHT },
        { lenet, "conv2_weight_update", SCHEME_GPU_SUM },       { lenet, "flatten_1_forward", -1 },
        { lenet, "load_input", -1 },                            { lenet, "max_pool2d_1_backward", -1 },
        { mlp, "fc1_forward", SCHEME_GPU_LINEAR },              { mlp, "fc2_backward_input", SCHEME_GPU_LINEAR },
        { mlp, "fc3_forward", SCHEME_GPU_CLASSIFY },            { mlp, "load_input", SCHEME_GPU_LOAD },
        { mlp, "flatten_1_forward", -1 },
        { overlapping, "conv1_forward", SCHEME_GPU_CONV },      { overlapping, "max_pool2d_1_forward", SCHEME_NEST },
        { overlapping, "conv1_backward_weight", SCHEME_GPU_CONV_WEIGHT },
        { strided, "conv2_forward", SCHEME_GPU_CONV },          { strided, "conv2_backward_input", SCHEME_NEST },
        { strided, "conv2_backward_weight", SCHEME_GPU_CONV_WEIGHT },
        { padded, "load_input", SCHEME_GPU_LOAD },              { padded, "conv2_backward_input", SCHEME_GPU_CONV_INPUT },
        { padded, "conv2_pad_backward", -1 },
        { large_kernel, "conv1_forward", SCHEME_NEST },         { large_kernel, "conv1_backward_weight", SCHEME_NEST },
        { large_kernel, "conv1_weight_update", SCHEME_GPU_SUM },
        { many_classes, "fc_forward", SCHEME_GPU_LINEAR },      { many_classes, "cross_entropy_forward", SCHEME_NEST },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        const GpuPlan *plan = layers_of(arena, cases[i].net, (PlanOptions){0});
        const Kernel *kernel = part_of(&plan->train_launches, cases[i].kernel);
        int scheme = kernel ? (int)kernel->scheme : -1;
        if (scheme != cases[i].scheme)
            fail_msg("%s has scheme %d, expected %d, in %s", cases[i].kernel, scheme, cases[i].scheme, cases[i].net);
        arena_free(arena);
    }
}

/* What is left out stays a nest; its gradients lie in memory, and are applied by the last launch. */
static void test_left_out(void **state)
{
    static const struct { Technique technique; const char *kernel; } cases[] = {
        { TECHNIQUE_CONV, "conv2_forward" }, { TECHNIQUE_CONV_INPUT, "conv2_backward_input" },
        { TECHNIQUE_LINEAR, "fc_backward_weight" }, { TECHNIQUE_LOSS, "cross_entropy_forward" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        const GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){ .without = 1u << cases[i].technique });
        const Kernel *kernel = part_of(&plan->train_launches, cases[i].kernel);
        assert_non_null(kernel);
        assert_int_equal(kernel->scheme, SCHEME_NEST);
        assert_true(plan->joined);
        arena_free(arena);
    }

    Arena *arena = arena_new();
    unsigned weights = 1u << TECHNIQUE_CONV_WEIGHT | 1u << TECHNIQUE_DENSE_WEIGHT | 1u << TECHNIQUE_LINEAR;
    const GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){ .without = weights });
    const GpuLaunch *last = plan->train_launches.at[plan->train_launches.count - 1];
    assert_int_equal(last->parts.count, 6 + 1);
    for (int i = 0; i < plan->train.graph->gradients.count; i++)
        assert_int_equal(plan->train.buffer[plan->train.graph->gradients.at[i]->id]->place, PLACE_STEP);
    plan = layers_of(arena, lenet, (PlanOptions){ .plain = true });
    assert_false(plan->joined);
    assert_int_equal(plan->train.buffer[plan->train.graph->gradients.at[0]->id]->place, PLACE_GRADIENT);
    arena_free(arena);
}

/* ---- launches */

static void test_launches(void **state)
{
    static const struct { const char *net; int step, evaluation; } cases[] = {
        { lenet, 6, 4 },
        { mlp, 6, 5 },
        { "net n { input 40\n fc: linear(40 -> 10) }", 3, 3 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        const GpuPlan *plan = layers_of(arena, cases[i].net, (PlanOptions){0});
        assert_int_equal(plan->train_launches.count, cases[i].step);
        assert_int_equal(plan->evaluate_launches.count, cases[i].evaluation);
        arena_free(arena);
    }

    /* The gradient of conv2's weight, which could come earlier, waits for that of conv1's, which has as many threads. */
    Arena *arena = arena_new();
    const GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){ .without = 1u << TECHNIQUE_CONV_WEIGHT });
    assert_int_equal(plan->train_launches.count, 8);
    arena_free(arena);
}

/* conv2's two gradients share a launch; what changes weights, and the results, are the last one. */
static void test_together(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){0});
    const GpuLaunches *launches = &plan->train_launches;
    assert_int_equal(launches->at[3]->parts.count, 2);
    assert_string_equal(launches->at[3]->parts.at[0]->name, "conv2_backward_input");
    assert_string_equal(launches->at[3]->parts.at[1]->name, "conv2_backward_weight");
    assert_int_equal(launches->at[5]->parts.count, 4);
    assert_non_null(part_of(launches, "step_results"));
    assert_int_equal(launches->at[5]->threads, GPU_THREADS);
    arena_free(arena);
}

/* ---- the verifier */

static void refuses(Arena *arena, const GpuPlan *plan, const char *why)
{
    const char *wrong = gpu_verify(arena, plan);
    if (!wrong || !strstr(wrong, why))
        fail_msg("expected '%s', found '%s'", why, wrong ? wrong : "nothing wrong");
}

static void swap(GpuLaunches *launches, int a, int b)
{
    GpuLaunch *launch = launches->at[a];
    launches->at[a] = launches->at[b];
    launches->at[b] = launch;
}

static void test_order(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){0});
    GpuLaunches *launches = &plan->train_launches;
    assert_null(gpu_verify(arena, plan));

    swap(launches, 0, 1);
    refuses(arena, plan, "conv2_forward reads relu_1 before it is made");
    swap(launches, 0, 1);

    GpuLaunch *last = launches->at[5];
    int parts = last->parts.count;
    last->parts.count = 1;                  /* the linear layer's alone */
    refuses(arena, plan, "nothing updates conv1_weight");
    last->parts.count = parts;

    /* conv2's weights while its gradients still read them */
    Kernel *update = part_of(launches, "conv2_weight_update");
    const Tensor *from = update->loads.at[0];
    update->loads.count = 0;
    list_add(arena, &launches->at[0]->parts, update);
    launches->at[0]->threads = update->launch.threads = launches->at[0]->parts.at[0]->launch.threads;
    refuses(arena, plan, "conv2_weight_update changes conv2_weight while it is read");
    launches->at[0]->parts.count--;
    update->launch.threads = GPU_THREADS;
    list_add(arena, &update->loads, from);

    list_add(arena, &last->parts, update);
    refuses(arena, plan, "conv2_weight is made twice");
    last->parts.count--;
    last->threads = 128;
    refuses(arena, plan, "is launched with 128 threads");
    last->threads = GPU_THREADS;
    assert_null(gpu_verify(arena, plan));
    arena_free(arena);
}

static void test_cover(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    GpuPlan *plan = layers_of(arena, lenet, (PlanOptions){0});
    static const struct { const char *kernel, *why; } cases[] = {
        { "conv1_forward", "its units do not cover the tiles" }, { "conv2_forward", "its units do not cover the tiles" },
        { "fc_forward", "its units do not cover the samples" },
        { "conv2_backward_input", "its units do not cover the tiles" },
        { "conv2_backward_weight", "its units do not cover the channels" },
        { "conv1_backward_weight", "its units do not cover the channels" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Kernel *kernel = part_of(&plan->train_launches, cases[i].kernel);
        kernel->launch.block_units--;
        refuses(arena, plan, arena_printf(arena, "%s: %s", cases[i].kernel, cases[i].why));
        kernel->launch.block_units++;
    }
    Kernel *weight = part_of(&plan->train_launches, "fc_backward_weight");
    weight->launch.units--;
    refuses(arena, plan, "its units do not cover the weight");
    weight->launch.units++;

    GpuConv *conv = (GpuConv *)part_of(&plan->train_launches, "conv2_forward")->shape;
    conv->splits = 4;
    refuses(arena, plan, "its warps do not share the input channels");
    conv->splits = 5;
    conv->conv.columns = 3;
    refuses(arena, plan, "its tiles do not cover the result");
    conv->conv.columns = 4;
    GpuConvWeight *partial = (GpuConvWeight *)part_of(&plan->train_launches, "conv1_backward_weight")->shape;
    partial->bias = false;
    refuses(arena, plan, "its parts are not those of the partial gradient");
    partial->bias = true;
    assert_null(gpu_verify(arena, plan));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),    cmocka_unit_test(test_left_out), cmocka_unit_test(test_launches),
        cmocka_unit_test(test_together), cmocka_unit_test(test_order),    cmocka_unit_test(test_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
