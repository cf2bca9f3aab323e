/* Every operator's gradient against central differences, in the graph itself: nests are run in double, before any C is
 * made of them. Checked is each gradient that the graph has: of parameters and of all values in between. */
#include "graph/graph.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "nest_run.h"
#include "spec_graph.h"

static const double EPSILON = 1e-6, RELATIVE = 1e-4, ABSOLUTE = 1e-7;

/* The last sample has no weight: a lane without a sample. */
enum { SAMPLES = 3, MOST_CHECKED = 40 };
static const double scales[SAMPLES] = { 0.5, 0.25, 0 };

#define IMAGE(shape, layers) \
    "net n { input " shape "\n first: conv2d(-> 2, 1)\n" layers "\n flatten\n linear(-> 3) }\n" SPEC_REST

static const char *const nets[] = {
    /* conv2d: kernel, stride, dilation, groups, bias, stride beyond the kernel, rows and columns that no window sees */
    IMAGE("1x6x5", "conv2d(-> 3, 3)"),
    IMAGE("1x6x5", "conv2d(-> 3, (2, 3), bias=false)"),
    IMAGE("1x7x8", "conv2d(-> 3, 3, stride=2)"),
    IMAGE("1x8x9", "conv2d(-> 3, 2, stride=3)"),
    IMAGE("1x8x9", "conv2d(-> 4, (3, 2), stride=(1, 2), dilation=(2, 3), groups=2)"),
    IMAGE("3x5x5", "conv2d(-> 2, 3, groups=2, padding=1)"),
    IMAGE("1x3x4", "conv2d(-> 3, (3, 4))"),
    IMAGE("1x1x1", "conv2d(-> 3, 1)"),
    /* padding in each mode */
    IMAGE("1x5x4", "conv2d(-> 3, 3, padding=(2, 1))"),
    IMAGE("1x5x4", "conv2d(-> 3, (3, 4), padding=same, dilation=(2, 1))"),
    IMAGE("1x5x4", "conv2d(-> 2, 3, padding=(4, 3), padding_mode=reflect)"),
    IMAGE("1x5x4", "conv2d(-> 2, 3, padding=(1, 2), padding_mode=reflect, stride=2)"),
    IMAGE("1x2x2", "conv2d(-> 2, 3, padding=1, padding_mode=reflect)"),
    IMAGE("1x5x4", "conv2d(-> 2, 3, padding=(5, 7), padding_mode=replicate, dilation=2)"),
    IMAGE("1x1x1", "conv2d(-> 2, 3, padding=2, padding_mode=replicate)"),
    IMAGE("1x5x4", "conv2d(-> 2, 3, padding=(5, 4), padding_mode=circular)"),
    IMAGE("1x5x4", "conv2d(-> 2, (4, 2), padding=same, padding_mode=circular)"),
    IMAGE("1x5x4", "conv2d(-> 2, (4, 2), padding=same, padding_mode=replicate)"),
    IMAGE("1x5x4", "conv2d(-> 2, (4, 2), padding=same, padding_mode=reflect)"),
    /* pools: overlap, gaps, padding, dilation, windows that only ceil_mode makes */
    IMAGE("1x6x4", "max_pool2d(2)"),
    IMAGE("1x7x5", "max_pool2d(2)"),
    IMAGE("1x7x5", "max_pool2d(2, ceil_mode=true)"),
    IMAGE("1x7x8", "max_pool2d(3, stride=2, padding=1, ceil_mode=true)"),
    IMAGE("1x7x8", "max_pool2d((2, 3), stride=(1, 2), dilation=(3, 2))"),
    IMAGE("1x8x8", "max_pool2d(2, stride=3)"),
    IMAGE("1x8x8", "max_pool2d(1, stride=2)"),
    IMAGE("1x8x8", "max_pool2d(3, stride=4, padding=1, ceil_mode=true)"),
    /* unpools, of windows that do not overlap */
    IMAGE("1x6x4", "p: max_pool2d(2, return_indices=true)\n relu\n max_unpool2d(2, indices=p)"),
    IMAGE("1x8x5", "p: max_pool2d(2, stride=3, return_indices=true)\n max_unpool2d(2, stride=3, indices=p)"),
    IMAGE("1x4x4", "p: max_pool2d(2, padding=1, return_indices=true)\n max_unpool2d(2, padding=1, indices=p)"),
    /* values used several times, joins */
    IMAGE("1x4x4", "relu\n add from first, previous, first"),
    IMAGE("1x4x4", "add from first, first\n add from previous, previous\n identity\n relu"),
    IMAGE("1x4x4", "a: conv2d(-> 2, 1)\n b: conv2d(-> 2, 1) from first\n concat from a, b, first, a"),
    IMAGE("1x4x4", "a: conv2d(-> 2, 1)\n concat(dim=2) from first, a\n concat(dim=-1) from previous, previous"),
    IMAGE("1x4x4", "dead: conv2d(-> 5, 3)\n relu from first"),
    /* features */
    "net n { input 5\n linear(-> 4)\n relu\n linear(-> 3, bias=false) }\n" SPEC_REST,
    "net n { input 5\n a: linear(-> 4)\n b: linear(-> 1)\n concat from a, b, a\n relu\n linear(-> 2) }\n" SPEC_REST,
    "net n { input 1\n linear(-> 1)\n linear(-> 2) }\n" SPEC_REST,
    "net n { input 1x2x3\n flatten\n linear(-> 3) }\n" SPEC_REST,
};
enum { NETS = sizeof nets / sizeof *nets };

static double random_real(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / (double)(1ull << 53) * 2 - 1;
}

static void fill(Run *run, const Tensor *tensor, uint64_t *seed)
{
    for (int64_t i = 0; i < run_count(run, tensor); i++)
        run->value[tensor->id][i] = random_real(seed);
}

/* Inputs, labels and parameters drawn at random, then a run. Depends on the seed and the net alone, not on fusion. */
static Run *start(Arena *arena, const Graph *graph)
{
    uint64_t seed = 7;
    Run *run = run_new(arena, graph->tensors.at, graph->tensors.count, SAMPLES);
    fill(run, graph->input, &seed);
    for (int i = 0; i < graph->parameters.count; i++)
        fill(run, graph->parameters.at[i], &seed);
    for (int s = 0; s < SAMPLES; s++) {
        run->value[graph->label->id][s] = (double)(s % graph->output->dim[0]);
        run->value[graph->scale->id][s] = scales[s];
    }
    run_graph(run, graph, true);
    if (run->fault)
        fail_msg("%s", run->fault);
    return run;
}

static double loss(const Run *run, const Graph *graph)
{
    double sum = 0;
    for (int s = 0; s < SAMPLES; s++)
        sum += scales[s] * run->value[graph->loss->id][s];
    return sum;
}

/* The loss with `by` added to an element: the forward nodes behind it run again. */
static double loss_moved(Run *run, const Graph *graph, const Tensor *tensor, int64_t element, double by)
{
    double *at = &run->value[tensor->id][element], before = *at;
    *at += by;
    for (int i = tensor->producer ? tensor->producer->id + 1 : 0; i < graph->nodes.count; i++)
        if (!graph->nodes.at[i]->backward)
            run_node(run, graph->nodes.at[i]);
    *at = before;
    return loss(run, graph);
}

/* Of a large tensor every k-th element: k is odd, so that rows, columns and channels all have their turn. */
static void check_gradient(Run *run, const Graph *graph, const Tensor *tensor, const Tensor *gradient)
{
    int64_t step = run_count(run, tensor) / MOST_CHECKED * 2 + 1;
    for (int64_t i = 0; i < run_count(run, tensor); i += step) {
        double more = loss_moved(run, graph, tensor, i, EPSILON), less = loss_moved(run, graph, tensor, i, -EPSILON);
        double want = (more - less) / (2 * EPSILON), got = run->value[gradient->id][i];
        if (!(fabs(got - want) <= ABSOLUTE + RELATIVE * fabs(want)))
            fail_msg("%s[%lld] is %.9g, differences say %.9g", gradient->name, (long long)i, got, want);
    }
    loss_moved(run, graph, tensor, 0, 0);
}

static const Tensor *find(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensors.count; i++)
        if (strcmp(graph->tensors.at[i]->name, name) == 0)
            return graph->tensors.at[i];
    return NULL;
}

/* The whole gradient of a value of the plain graph: the sum of its parts, if there are several. */
static const Tensor *gradient_of(Arena *arena, const Graph *graph, const Tensor *value)
{
    const Tensor *sum = find(graph, arena_printf(arena, "d_%s_sum", value->name));
    return sum ? sum : find(graph, arena_printf(arena, "d_%s", value->name));
}

static void check_net(Arena *arena, const char *text)
{
    Graph *graph = spec_graph(arena, text, true, true);
    assert_non_null(graph);
    assert_null(graph_verify(arena, graph));
    Run *run = start(arena, graph);
    int values = 0;
    for (int i = 0; i < graph->parameters.count; i++)
        check_gradient(run, graph, graph->parameters.at[i], graph->gradients.at[i]);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *value = graph->tensors.at[i];
        if (value->role != ROLE_VALUE || value->producer->backward || !value->needs_gradient)
            continue;
        const Tensor *gradient = gradient_of(arena, graph, value);
        if (gradient)
            check_gradient(run, graph, value, gradient);
        values += gradient != NULL;
    }
    assert_true(values >= 1);
}

static void test_differences(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        Arena *arena = arena_new();
        check_net(arena, nets[i]);
        arena_free(arena);
    }
}

/* Of a parameter's gradient, which may be summed in another order: to rounding. */
static void check_sums(const double *got, const double *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        assert_true(fabs(got[i] - want[i]) <= 1e-13 * (1 + fabs(want[i])));
}

/* Fusion, the rewrites and the omission of the backward part change no bit of what they leave, but for the order of
 * some sums. */
static void test_same_results(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        Arena *arena = arena_new();
        Graph *plain = spec_graph(arena, nets[i], true, true);
        Run *want = start(arena, plain);
        for (int k = 0; k < 3; k++) {
            Graph *graph = spec_graph(arena, nets[i], k == 0, k == 1);
            assert_null(graph_verify(arena, graph));
            Run *run = start(arena, graph);
            for (int t = 0; t < graph->tensors.count; t++) {
                const Tensor *tensor = graph->tensors.at[t], *same = find(plain, tensor->name);
                assert_non_null(same);
                if (tensor->role == ROLE_GRADIENT) {
                    check_sums(run->value[tensor->id], want->value[same->id], run_count(run, tensor));
                    continue;
                }
                assert_memory_equal(run->value[tensor->id], want->value[same->id],
                                    (size_t)run_count(run, tensor) * sizeof(double));
            }
        }
        arena_free(arena);
    }
}

/* relu before a pool, which goes behind it, and where it has to stay: the last two. */
static const char *const moved[] = {
    IMAGE("1x6x4", "conv2d(-> 2, 3, padding=1)\n relu\n max_pool2d(2)"),
    IMAGE("1x7x5", "conv2d(-> 2, 2)\n relu\n max_pool2d(3, stride=2, padding=1)"),
    IMAGE("1x7x5", "conv2d(-> 3, 2)\n relu\n max_pool2d(2)\n relu\n conv2d(-> 2, 1)\n relu\n max_pool2d((3, 1))"),
    IMAGE("1x6x4", "relu\n p: max_pool2d(2, return_indices=true)\n max_unpool2d(2, indices=p)"),
    IMAGE("1x6x4", "r: relu\n p: max_pool2d(2)\n max_pool2d(2) from r\n add from p, previous"),
};

static void test_relu_moves(void **state)
{
    (void)state;
    const int nets_moved = sizeof moved / sizeof *moved, stay = 2;
    for (int i = 0; i < nets_moved; i++) {
        Arena *arena = arena_new();
        Graph *plain = spec_graph(arena, moved[i], true, true), *graph = spec_graph(arena, moved[i], true, false);
        assert_null(graph_verify(arena, graph));
        Run *want = start(arena, plain), *run = start(arena, graph);
        const Tensor *relu = find(graph, "relu_1"), *before = find(plain, "relu_1");
        bool moves = relu && relu->dim[1] < before->dim[1];
        assert_true(moves == (i < nets_moved - stay));
        for (int k = 0; k < graph->gradients.count; k++)
            check_sums(run->value[graph->gradients.at[k]->id], want->value[plain->gradients.at[k]->id],
                       run_count(run, graph->gradients.at[k]));
        assert_memory_equal(run->value[graph->loss->id], want->value[plain->loss->id],
                            (size_t)run_count(run, graph->loss) * sizeof(double));
        arena_free(arena);
    }
}

/* PyTorch's results for logits (1, 3, 2) with label 1: loss 0.407606, wrong where the label is not the largest. */
static void test_loss(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = spec_graph(arena, "net n { input 3\n linear(-> 3) }\n" SPEC_REST, true, false);
    Run *run = start(arena, graph);
    const double logits[] = { 1, 3, 2 };
    for (int i = 0; i < 9; i++)
        run->value[graph->parameters.at[0]->id][i] = 0;
    for (int i = 0; i < 3; i++)
        run->value[graph->parameters.at[1]->id][i] = logits[i];
    run->value[graph->label->id][0] = 1;
    run->value[graph->label->id][1] = 2;
    run_graph(run, graph, true);
    const double *loss_of = run->value[graph->loss->id], *correct = run->value[graph->correct->id];
    const double *d_bias = run->value[graph->gradients.at[1]->id];
    assert_true(fabs(loss_of[0] - 0.4076059644443803) < 1e-14);
    assert_true(fabs(loss_of[1] - 1.4076059644443803) < 1e-14);
    assert_true(correct[0] == 1 && correct[1] == 0);
    assert_true(fabs(d_bias[0] - 0.75 * 0.09003057317038046) < 1e-14);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_same_results),
        cmocka_unit_test(test_relu_moves),
        cmocka_unit_test(test_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
