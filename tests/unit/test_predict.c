/* Single images: which kernels the logits need, and which get tuned code. That these compute what the evaluation does is
 * tested where they run: suites gradient and pytorch-recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan_of.h"

#define SEED                                                                                                    \
    "net n { input 1x28x28; conv1: conv2d(-> 10, kernel_size=5); max_pool2d(2); relu; "                         \
    "conv2: conv2d(-> 20, kernel_size=5); max_pool2d(2); relu; flatten; fc: linear(-> 10) }"

static const PlanOptions all = { 0 };

static const PixelConv *conv_of(const Plan *plan, const char *name)
{
    const Kernel *kernel = find_kernel(plan->predict.phase, name);
    assert_non_null(kernel);
    assert_int_equal(kernel->scheme, SCHEME_PIXEL_CONV);
    return kernel->shape;
}

/* Three kernels: each convolution has taken in its pool and its relu, and the linear layer reads the image that flatten
 * would have copied. Rows of 24 and of 8 fill vectors of 16 as pieces of 8. */
static void test_seed(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, SEED, 64, "avx512", all);
    assert_int_equal(plan->predict.phase->kernels.count, 3);
    assert_int_equal(plan->predict.prepare.count, 2);
    assert_true(plan->predict.program.single);

    const PixelConv *conv1 = conv_of(plan, "predict_conv1_forward"), *conv2 = conv_of(plan, "predict_conv2_forward");
    assert_non_null(conv1->conv.winograd);
    assert_int_equal(conv1->conv.rows, 4);
    assert_int_equal(conv1->conv.columns, 8);
    assert_int_equal(conv1->row_tiles, 6);
    assert_int_equal(conv1->row_pieces, 3);
    assert_int_equal(conv1->vectors, 3);
    assert_int_equal(conv1->conv.channels, 5);
    assert_int_equal(conv2->conv.columns, 8);
    assert_int_equal(conv2->row_pieces, 1);
    assert_true(conv2->vectors * conv2->conv.channels <= plan->target->accumulators);

    const Kernel *fc = find_kernel(plan->predict.phase, "predict_fc_forward");
    assert_int_equal(fc->scheme, SCHEME_DOT);
    assert_int_equal(((const DotShape *)fc->shape)->x->rank, 3);
    arena_free(arena);
}

/* Every register tile fits into the target's registers, for odd sizes too. */
static void test_registers(void **state)
{
    (void)state;
    for (int size = 7; size <= 40; size += 3)
        for (int i = 0; target_names[i]; i++) {
            Arena *arena = arena_new();
            const char *net = arena_printf(arena, "net n { input 3x%dx%d; c: conv2d(-> 7, kernel_size=3, stride=%d); relu; "
                                           "flatten; linear(-> 3) }", size, size + 2, 1 + size % 2);
            const Plan *plan = plan_of(arena, net, 8, target_names[i], all);
            const PixelConv *p = conv_of(plan, "predict_c_forward");
            int64_t rows = p->conv.winograd ? 1 : p->conv.rows;
            assert_true(rows * p->vectors * p->conv.channels <= plan->target->accumulators);
            assert_true(plan->target->lanes % p->conv.columns == 0);
            arena_free(arena);
        }
}

/* A pool whose windows overlap stays a nest, as does one whose indices are read; a linear layer with fewer features than
 * lanes too. */
static void test_does_not_fit(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, "net n { input 1x9x9; c: conv2d(-> 2, kernel_size=3); p: max_pool2d(3, stride=2); "
                               "flatten; few: linear(18 -> 3); fc: linear(-> 3) }", 8, "avx2",
                               (PlanOptions){ .without = 1u << TECHNIQUE_LINEAR });
    conv_of(plan, "predict_c_forward");
    assert_int_equal(find_kernel(plan->predict.phase, "predict_p_forward")->scheme, SCHEME_NEST);
    assert_int_equal(find_kernel(plan->predict.phase, "predict_few_forward")->scheme, SCHEME_DOT);
    assert_int_equal(find_kernel(plan->predict.phase, "predict_fc_forward")->scheme, SCHEME_NEST);

    plan = plan_of(arena, "net n { input 1x10x10; c: conv2d(-> 2, kernel_size=3); p: max_pool2d(2, return_indices=true); "
                   "max_unpool2d(2, indices=p); flatten; fc: linear(-> 3) }", 8, "avx2", all);
    conv_of(plan, "predict_c_forward");
    assert_int_equal(find_kernel(plan->predict.phase, "predict_p_forward")->scheme, SCHEME_NEST);

    arena_free(arena);
}

/* A weight that training stores input by input has its outputs in the lanes, filled up to whole vectors. */
static void test_outputs_across(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = plan_of(arena, "net n { input 64; fc: linear(-> 30); relu; linear(-> 3) }", 8, "avx2", all);
    const Kernel *fc = find_kernel(plan->predict.phase, "predict_fc_forward");
    assert_int_equal(plan->evaluate.buffer[plan->evaluate.graph->parameters.at[0]->id]->order[0], 1);
    assert_int_equal(fc->scheme, SCHEME_DOT);
    const DotShape *s = fc->shape;
    assert_true(s->across && s->vectors == 4 && s->tile == 4 && s->outputs == 30);
    arena_free(arena);
}

/* Without tuned code, or without this technique, there is a nest for each kernel, but none for the loss. */
static void test_plain(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const PlanOptions options[] = { { .plain = true }, { .without = 1u << TECHNIQUE_PREDICT } };
    for (int i = 0; i < 2; i++) {
        const Plan *plan = plan_of(arena, SEED, 64, "avx2", options[i]);
        const Phase *phase = plan->predict.phase;
        assert_int_equal(plan->predict.prepare.count, 0);
        for (int j = 0; j < phase->kernels.count; j++)
            assert_int_equal(phase->kernels.at[j]->scheme, SCHEME_NEST);
        assert_non_null(find_kernel(phase, "predict_flatten_1_forward"));
        assert_null(find_kernel(phase, "predict_cross_entropy_forward"));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed), cmocka_unit_test(test_registers), cmocka_unit_test(test_does_not_fit), cmocka_unit_test(test_outputs_across),
        cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
