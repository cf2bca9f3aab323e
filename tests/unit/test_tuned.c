/* Winograd's matrices, and which kernels get which tuned code. That the code computes the same as the nests is tested
 * where it runs: suites tuned, gradient, pytorch-recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#include <math.h>

/* ---- Winograd */

static double drawn(int i) { return (double)((i * 7919 + 13) % 101 - 50) / 16; }

/* The point-by-point products of taps g and the transformed d. */
static void products(const Winograd *w, const double *g, const double from[], double to[])
{
    for (int i = 0; i < w->points; i++) {
        to[i] = 0;
        for (int v = 0; v < w->taps; v++)
            to[i] += w->g[i][v] * g[v];
        to[i] *= from[i];
    }
}

static void test_winograd_forward(void **state)
{
    (void)state;
    for (int taps = 1; taps <= 7; taps++)
        for (int results = 1; results + taps - 1 <= WINOGRAD_MOST; results++) {
            if (results + taps - 1 < 2)
                continue;
            Winograd w;
            double g[8], d[8], in[8] = {0}, product[8];
            winograd_make(&w, results, taps);
            for (int i = 0; i < 8; i++)
                g[i] = drawn(i), d[i] = drawn(100 + i);
            for (int i = 0; i < w.points; i++)
                for (int j = 0; j < w.points; j++)
                    in[i] += w.bt[i][j] * d[j];
            products(&w, g, in, product);
            for (int k = 0; k < results; k++) {
                double got = 0, want = 0;
                for (int i = 0; i < w.points; i++)
                    got += w.a[i][k] * product[i];
                for (int v = 0; v < taps; v++)
                    want += g[v] * d[k + v];
                assert_true(fabs(got - want) < 1e-11);
            }
        }
}

static void test_winograd_transposed(void **state)
{
    (void)state;
    for (int taps = 1; taps <= 7; taps++)
        for (int results = 1; results + taps - 1 <= WINOGRAD_MOST; results++) {
            if (results + taps - 1 < 2)
                continue;
            Winograd w;
            double g[8], dy[8], in[8] = {0}, product[8];
            winograd_make(&w, results, taps);
            for (int i = 0; i < 8; i++)
                g[i] = drawn(i), dy[i] = drawn(50 + i);
            for (int i = 0; i < w.points; i++)
                for (int k = 0; k < results; k++)
                    in[i] += w.a[i][k] * dy[k];
            products(&w, g, in, product);
            for (int j = 0; j < w.points; j++) {
                double got = 0, want = 0;
                for (int i = 0; i < w.points; i++)
                    got += w.bt[i][j] * product[i];
                for (int v = 0; v < taps; v++)
                    want += j - v >= 0 && j - v < results ? g[v] * dy[j - v] : 0;
                assert_true(fabs(got - want) < 1e-11);
            }
        }
}

/* ---- rules */

#define SEED "net seed {\n input 1x28x28\n conv1: conv2d(-> 10, 5)\n max_pool2d(2)\n relu\n" \
             "conv2: conv2d(-> 20, 5)\n max_pool2d(2)\n relu\n flatten\n fc: linear(-> 10)\n}\n"

static const ConvShape *shape_of(const Plan *plan, const char *name, Scheme scheme)
{
    const Kernel *kernel = find_kernel(plan->phases.at[0], name);
    assert_non_null(kernel);
    assert_int_equal(kernel->scheme, scheme);
    return kernel->shape;
}

/* Convolution, bias, pool and relu are one kernel; what was between them has no kernel and no memory. */
static void test_seed(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, SEED, 64, "avx512", (PlanOptions){0});
    const ConvShape *one = shape_of(plan, "conv1_forward", SCHEME_CONV);
    const ConvShape *two = shape_of(plan, "conv2_forward", SCHEME_CONV);
    const ConvShape *back = shape_of(plan, "conv2_backward_input", SCHEME_CONV_INPUT);
    assert_true(one->pool[0] == 2 && one->rows == 2 && one->columns == 4 && one->channels == 10);
    assert_true(two->winograd->results == 4 && two->winograd->taps == 5 && two->in == 10 && two->out == 20);
    assert_true(back->indices && back->channels == 10 && back->pooled[0] == 4);
    assert_null(find_kernel(plan->phases.at[0], "max_pool2d_1_forward"));
    for (int i = 0; i < plan->scratch.count; i++) {
        assert_string_not_equal(plan->scratch.at[i]->name, "conv1");
        assert_string_not_equal(plan->scratch.at[i]->name, "conv2");
    }
    assert_int_equal(plan->evaluation->kernels.at[0]->scheme, SCHEME_CONV);
    assert_int_equal(plan->evaluation->kernels.at[0]->stores.count, 1);
    arena_free(arena);
}

/* The sums of a tile stay in the target's registers. */
static void test_registers(void **state)
{
    (void)state;
    for (int i = 0; target_names[i]; i++) {
        Arena *arena = arena_new();
        const Plan *plan = plan_of(arena, SEED, 64, target_names[i], (PlanOptions){0});
        const Plan *direct = plan_of(arena, SEED, 64, target_names[i], (PlanOptions){ .without = 1 << TECHNIQUE_WINOGRAD });
        int64_t most = plan->target->accumulators;
        const ConvShape *s = shape_of(plan, "conv2_forward", SCHEME_CONV);
        const ConvShape *d = shape_of(direct, "conv2_forward", SCHEME_CONV);
        assert_true(s->winograd && s->rows * s->channels <= most && s->rows * s->channels > most / 2);
        assert_true(!d->winograd && d->rows * d->columns * d->channels <= most);
        arena_free(arena);
    }
}

/* A first layer is blended where that is cheap, others go by lists; nothing has the size of the convolution's result. */
static void test_weight(void **state)
{
    (void)state;
    for (int i = 0; target_names[i]; i++) {
        Arena *arena = arena_new();
        const Plan *plan = plan_of(arena, SEED, 64, target_names[i], (PlanOptions){0});
        const Target *target = plan->target;
        Scheme first = target->blend < 1 ? SCHEME_CONV_WEIGHT_BLEND : SCHEME_CONV_WEIGHT_LISTS;
        const ConvWeightShape *one = (const void *)shape_of(plan, "conv1_backward_weight", first);
        const ConvWeightShape *two = (const void *)shape_of(plan, "conv2_backward_weight", SCHEME_CONV_WEIGHT_LISTS);
        if (first == SCHEME_CONV_WEIGHT_BLEND)
            assert_true(one->conv.rows == 5 && one->conv.columns == 3);
        assert_true(two->run == 50 && two->runs == 1 && target->lanes % two->group == 0);
        assert_true(two->tile[0] * two->tile[1] * two->tile[2] <= target->accumulators * 5 / 4);
        assert_true(two->tiles[0] * two->tile[0] >= 5 && two->tiles[2] * two->tile[2] * target->lanes >= 50);
        assert_null(find_kernel(plan->phases.at[0], "max_pool2d_1_backward"));
        assert_null(find_kernel(plan->phases.at[0], "max_pool2d_2_backward"));
        arena_free(arena);
    }
}

static Scheme scheme_of(Arena *arena, const char *layers, const char *kernel, PlanOptions options)
{
    const char *net = arena_printf(arena, "net n {\n input 4x16x16\n a: conv2d(-> 8, 3, padding=1)\n%s\n flatten\n"
                                   " linear(-> 4)\n}\n", layers);
    const Kernel *found = find_kernel(plan_of(arena, net, 16, "avx2", options)->phases.at[0], kernel);
    assert_non_null(found);
    return found->scheme;
}

static void test_fits(void **state)
{
    (void)state;
    static const struct { const char *layers, *kernel; Scheme scheme; unsigned without; } cases[] = {
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3)\n relu\n max_pool2d(2)", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3)\n max_pool2d((3, 2))", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3, groups=2)\n max_pool2d(2)", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3, stride=2)\n max_pool2d(2)", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_backward_input", SCHEME_CONV_INPUT, 0 },
        { "b: conv2d(-> 8, 3)", "b_forward", SCHEME_CONV, 0 },
        { "b: conv2d(-> 8, 3)", "b_backward_input", SCHEME_CONV_INPUT, 0 },
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_backward_weight", SCHEME_CONV_WEIGHT_LISTS, 0 },
        { "b: conv2d(-> 8, 3, groups=2)\n max_pool2d(2)", "b_backward_weight", SCHEME_CONV_WEIGHT_LISTS, 0 },
        { "b: conv2d(-> 8, 3, stride=2, dilation=2)\n max_pool2d(2)", "b_backward_weight", SCHEME_CONV_WEIGHT_LISTS, 0 },
        { "b: conv2d(-> 8, 3, groups=8)\n max_pool2d(2)", "b_backward_weight", SCHEME_CONV_WEIGHT_BLEND, 0 },
        { "b: conv2d(-> 8, 3)\n max_pool2d(3, stride=2)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 0 },
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 1 << TECHNIQUE_CONV_WEIGHT },
        { "b: conv2d(-> 8, 3)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 0 },
        { "b: conv2d(-> 8, 3, stride=2)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 0 },
        { "b: conv2d(-> 32, 3, groups=2)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 0 },
        { "b: conv2d(-> 8, 3)", "b_backward_weight", SCHEME_DENSE_WEIGHT, 1 << TECHNIQUE_WINOGRAD },
        /* groups of one channel leave vectors empty; a gradient larger than what it is made of is summed elsewhere */
        { "b: conv2d(-> 8, 3, groups=8)", "b_backward_weight", SCHEME_NEST, 0 },
        { "b: conv2d(-> 8, 3)", "b_backward_weight", SCHEME_NEST, 1 << TECHNIQUE_DENSE_WEIGHT },
        /* windows that overlap, leave gaps, or reach over the border */
        { "b: conv2d(-> 8, 1)\n max_pool2d(3, stride=2)", "b_forward", SCHEME_NEST, 0 },
        { "b: conv2d(-> 8, 1)\n max_pool2d(2, stride=3)", "b_forward", SCHEME_NEST, 0 },
        { "b: conv2d(-> 8, 1)\n max_pool2d(2, padding=1)", "b_forward", SCHEME_NEST, 0 },
        /* somebody else reads the convolution */
        { "b: conv2d(-> 8, 1)\n p: max_pool2d(2)\n q: max_pool2d(2) from b\n add from p, q", "b_forward", SCHEME_NEST, 0 },
        /* nothing to gain, or left out */
        { "b: conv2d(-> 8, 1)", "b_forward", SCHEME_NEST, 0 },
        { "b: conv2d(-> 8, 3, groups=8)\n max_pool2d(2)", "b_forward", SCHEME_NEST, 0 },
        { "b: conv2d(-> 8, 3)", "b_forward", SCHEME_NEST, 1 << TECHNIQUE_WINOGRAD },
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_forward", SCHEME_NEST, 1 << TECHNIQUE_CONV },
        { "b: conv2d(-> 8, 3)\n max_pool2d(2)", "b_backward_input", SCHEME_NEST, 1 << TECHNIQUE_CONV_INPUT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        PlanOptions options = { .without = cases[i].without };
        Scheme got = scheme_of(arena, cases[i].layers, cases[i].kernel, options);
        if (got != cases[i].scheme)
            fail_msg("case %zu, %s: scheme %d, expected %d", i, cases[i].kernel, got, cases[i].scheme);
        arena_free(arena);
    }
}

/* The gradient of a border of zeros is not made; of one that shows the image again it is needed. */
static void test_border(void **state)
{
    (void)state;
    static const char *const modes[] = { "zeros", "reflect" };
    for (int i = 0; i < 2; i++) {
        Arena *arena = arena_new();
        const char *net = arena_printf(arena, "net n {\n input 4x16x16\n a: conv2d(-> 8, 3)\n relu\n b: conv2d(-> 8, 3, "
                                       "padding=(2, 1), padding_mode=%s)\n flatten\n linear(-> 4)\n}\n", modes[i]);
        const Plan *plan = plan_of(arena, net, 16, "avx2", (PlanOptions){0});
        const ConvShape *s = shape_of(plan, "b_backward_input", SCHEME_CONV_INPUT);
        const Kernel *kernel = find_kernel(plan->phases.at[0], "b_backward_input");
        assert_int_equal(s->image[0], 18);
        assert_int_equal(s->border[0], i ? 0 : 2);
        assert_int_equal(s->inside[1], i ? 16 : 14);
        assert_int_equal(find_kernel(plan->phases.at[0], "b_backward_pad") != NULL, i);
        assert_string_equal(kernel->stores.at[0]->name, i ? "d_b_padded" : "d_a_");
        arena_free(arena);
    }
}

/* The gradient of a wide layer's weight: whichever channels fill vectors are in the lanes, a tile's sums in registers, a
 * strip in half of the second level of cache; what is multiplied one by one needs no copy without Winograd. */
static void test_dense_weight(void **state)
{
    (void)state;
    static const struct { const char *layers; bool over_out; } cases[] = {
        { "b: conv2d(-> 64, 3, padding=1)", true }, { "b: conv2d(-> 32, 3)\n c: conv2d(-> 10, 3)\n relu", false },
    };
    for (size_t i = 0; i < 4 * sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        const char *net = arena_printf(arena, "net n {\n input 4x40x40\n %s\n flatten\n linear(-> 4)\n}\n",
                                       cases[i / 4].layers);
        PlanOptions options = { .without = i % 2 ? 1 << TECHNIQUE_WINOGRAD : 0 };
        const Plan *plan = plan_of(arena, net, 32, i % 4 < 2 ? "avx512" : "avx2", options);
        const Kernel *kernel = find_kernel(plan->phases.at[0], i / 4 ? "c_backward_weight" : "b_backward_weight");
        const DenseWeightShape *s = kernel->shape;
        int64_t work = 0;
        assert_int_equal(kernel->scheme, SCHEME_DENSE_WEIGHT);
        assert_true(s->over_out == cases[i / 4].over_out && (s->conv.winograd != NULL) == (i % 2 == 0));
        assert_true(s->taps * s->scalars * s->wide <= plan->target->accumulators && s->padded % s->scalars == 0);
        assert_true(s->vectors * plan->target->lanes >= (s->over_out ? s->conv.out : s->conv.in));
        for (int j = 1; j < kernel->work.count; j++) {
            int64_t vectors = 1;
            for (int d = 0; d < kernel->work.at[j].rank; d++)
                vectors *= kernel->work.at[j].dim[d];
            work += vectors * plan->target->lanes * 4;
        }
        assert_int_equal(kernel->work.count, s->copied ? 3 : 2);
        assert_true(work <= 512 << 10);
        arena_free(arena);
    }
}

/* Training has loss, hits and the logits' gradient in one kernel; evaluation, without a gradient, two nests. */
static void test_loss(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, SEED, 64, "avx2", (PlanOptions){0});
    const Kernel *loss = find_kernel(plan->phases.at[0], "cross_entropy_forward");
    assert_true(loss->scheme == SCHEME_LOSS && loss->stores.count == 3 && loss->loads.count == 3);
    assert_null(find_kernel(plan->phases.at[0], "cross_entropy_maximum"));
    assert_null(find_kernel(plan->phases.at[0], "cross_entropy_backward"));
    for (int i = 0; i < plan->evaluation->kernels.count; i++)
        assert_int_not_equal(plan->evaluation->kernels.at[i]->scheme, SCHEME_LOSS);

    /* What is fused into the gradient stays with its nest. */
    plan = plan_of(arena, "net n {\n input 9\n linear(-> 4)\n relu\n}\n", 8, "avx2", (PlanOptions){0});
    assert_int_equal(find_kernel(plan->phases.at[0], "cross_entropy_backward")->scheme, SCHEME_NEST);
    arena_free(arena);
}

/* Indices of tuned code are ints: a network with an array too long for them is all nests. */
static void test_long(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    static const struct { const char *size; bool tuned; } cases[] = { { "1024x1024", true }, { "4096x4096", false } };
    for (int i = 0; i < 2; i++) {
        const char *net = arena_printf(arena, "net n { input 5x%s; c: conv2d(-> 8, 3); max_pool2d(2); max_pool2d(128); "
                                       "flatten; linear(-> 3) }", cases[i].size);
        const Plan *plan = plan_of(arena, net, 16, "avx512", (PlanOptions){0});
        assert_int_equal(find_kernel(plan->phases.at[0], "c_forward")->scheme == SCHEME_CONV, cases[i].tuned);
        assert_int_equal(find_kernel(plan->predict.phase, "predict_c_forward")->scheme != SCHEME_NEST, cases[i].tuned);
    }
    arena_free(arena);
}

/* Without tuned code nothing is prepared, and each nest has its kernel. */
static void test_plain(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, SEED, 64, "avx2", (PlanOptions){ .plain = true });
    assert_true(plan->prepare.count == 0 && plan->work_size == 0);
    for (int i = 0; i < plan->phases.at[0]->kernels.count; i++)
        assert_int_equal(plan->phases.at[0]->kernels.at[i]->scheme, SCHEME_NEST);
    assert_non_null(find_kernel(plan->phases.at[0], "relu_1_forward"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winograd_forward), cmocka_unit_test(test_winograd_transposed),
        cmocka_unit_test(test_seed), cmocka_unit_test(test_long), cmocka_unit_test(test_loss), cmocka_unit_test(test_weight), cmocka_unit_test(test_registers),
        cmocka_unit_test(test_fits), cmocka_unit_test(test_border),
        cmocka_unit_test(test_dense_weight), cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
