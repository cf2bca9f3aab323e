/* Graphs of small networks: order, names, sums of gradients, what is pruned and what is fused. */
#include "graph/graph.h"
#include "ops/kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "spec_graph.h"

static const char lenet[] =
    "net lenet {\n"
    "    input 1x28x28\n"
    "    conv1: conv2d(1 -> 10, kernel_size=5)\n"
    "    max_pool2d(2)\n"
    "    relu\n"
    "    conv2: conv2d(10 -> 20, kernel_size=5)\n"
    "    max_pool2d(2)\n"
    "    relu\n"
    "    flatten\n"
    "    fc: linear(320 -> 10)\n"
    "}\n" SPEC_REST;

static Graph *build(Arena *arena, const char *text, bool train, bool plain)
{
    Graph *graph = spec_graph(arena, text, train, plain);
    assert_non_null(graph);
    const char *fault = graph_verify(arena, graph);
    if (fault)
        fail_msg("%s", fault);
    return graph;
}

/* The node called `name`, or NULL. */
static Node *find(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->nodes.count; i++)
        if (strcmp(graph->nodes.at[i]->name, name) == 0)
            return graph->nodes.at[i];
    return NULL;
}

static Node *get(const Graph *graph, const char *name)
{
    Node *node = find(graph, name);
    if (!node)
        fail_msg("no node %s", name);
    return node;
}

static bool has_tensor(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensors.count; i++)
        if (strcmp(graph->tensors.at[i]->name, name) == 0)
            return true;
    return false;
}

static int count_kind(const Graph *graph, const NodeKind *kind)
{
    int count = 0;
    for (int i = 0; i < graph->nodes.count; i++)
        count += graph->nodes.at[i]->kind == kind;
    return count;
}

/* The names of the nodes in their order, a space after each. */
static const char *order(Arena *arena, const Graph *graph)
{
    const char *text = "";
    for (int i = 0; i < graph->nodes.count; i++)
        text = arena_printf(arena, "%s%s ", text, graph->nodes.at[i]->name);
    return text;
}

static const char *printed(Arena *arena, const Graph *graph)
{
    Text *text = text_new(arena);
    graph_print(text, graph);
    return text->at;
}

static void test_order(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = build(arena, lenet, true, true);
    assert_string_equal(order(arena, graph),
        "conv1_forward max_pool2d_1_forward relu_1_forward conv2_forward max_pool2d_2_forward relu_2_forward "
        "flatten_1_forward fc_forward cross_entropy_maximum cross_entropy_forward cross_entropy_backward "
        "fc_backward_input fc_backward_weight fc_backward_bias flatten_1_backward relu_2_backward "
        "max_pool2d_2_backward conv2_backward_input conv2_backward_weight conv2_backward_bias relu_1_backward "
        "max_pool2d_1_backward "
        "conv1_backward_weight conv1_backward_bias ");
    assert_int_equal(graph->parameters.count, 6);
    assert_string_equal(graph->parameters.at[0]->name, "conv1_weight");
    assert_string_equal(graph->parameters.at[5]->name, "fc_bias");
    for (int i = 0; i < 6; i++)
        assert_string_equal(graph->gradients.at[i]->name, arena_printf(arena, "d_%s", graph->parameters.at[i]->name));
    assert_string_equal(graph->output->name, "fc");
    assert_false(has_tensor(graph, "d_input"));
    arena_free(arena);
}

static void test_fuse(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = build(arena, lenet, true, false);
    const Node *pool = get(graph, "max_pool2d_1_forward");

    assert_null(find(graph, "relu_1_forward"));
    assert_false(has_tensor(graph, "max_pool2d_1"));
    assert_true(pool->kind == &kind_max_pool2d);
    assert_string_equal(pool->out[0]->name, "relu_1");
    assert_string_equal(pool->out[1]->name, "max_pool2d_1_indices");
    assert_ptr_equal(pool->out[0]->producer, pool);
    assert_int_equal(pool->fused.count, 1);
    assert_true(pool->fused.at[0]->kind == &kind_relu);
    assert_string_equal(pool->fused.at[0]->layer->name, "relu_1");
    assert_string_equal(expr_text(arena, pool->nests.at[0]->store[0].value), "max(r0, 0.0)");
    assert_null(graph->of_layer[2]);
    assert_string_equal(graph->of_layer[3]->name, "relu_1");

    /* The gradient: relu's gate moves into what makes the gradient of its output. */
    assert_null(find(graph, "relu_1_backward"));
    const Node *input = get(graph, "conv2_backward_input");
    assert_string_equal(expr_text(arena, input->nests.at[0]->store[0].value),
                        "select(relu_1[c][y][x] <= 0.0, 0.0, r0)");
    assert_int_equal(input->in.count, 3);
    /* Nothing of the backward part went into the forward part. */
    for (int i = 0; i < graph->nodes.count; i++)
        for (int k = 0; k < graph->nodes.at[i]->fused.count; k++)
            assert_int_equal(graph->nodes.at[i]->backward, graph->nodes.at[i]->fused.at[k]->backward);
    arena_free(arena);
}

static void test_fuse_keeps(void **state)
{
    (void)state;
    static const char *const nets[] = {
        /* conv1 is read twice */
        "net n { input 1x6x6\n conv1: conv2d(-> 2, 3)\n relu\n add from conv1, previous\n flatten\n linear(-> 3) }\n"
        SPEC_REST,
        /* fc2 is read twice; so is fc, but once by a layer that nothing reads */
        "net n { input 3\n fc: linear(-> 4)\n relu\n relu from fc\n fc2: linear(-> 5)\n relu\n"
        " add from previous, fc2 }\n"
        SPEC_REST,
    };
    Arena *arena = arena_new();
    Graph *graph = build(arena, nets[0], true, false);
    assert_non_null(find(graph, "relu_1_forward"));
    assert_true(has_tensor(graph, "conv1"));

    graph = build(arena, nets[1], false, false);
    assert_true(has_tensor(graph, "fc2"));
    assert_false(has_tensor(graph, "fc"));          /* the first relu is read by none, the second takes it */
    assert_string_equal(graph->output->name, "add_1");
    arena_free(arena);
}

/* What a chain of pointwise layers becomes: one node that lists them all. */
static void test_fuse_chain(void **state)
{
    (void)state;
    static const char text[] = "net n { input 1x6x6\n conv1: conv2d(-> 2, 3, bias=false)\n conv2: conv2d(-> 2, 3, "
        "bias=false) from input\n add from conv1, previous\n relu\n relu\n flatten\n linear(-> 3) }\n" SPEC_REST;
    Arena *arena = arena_new();
    Graph *graph = build(arena, text, false, false);
    const Node *last = get(graph, "conv2_forward");
    assert_int_equal(last->fused.count, 3);
    assert_string_equal(last->out[0]->name, "relu_2");
    assert_string_equal(expr_text(arena, last->nests.at[0]->store[0].value), "max(max(conv1[o][y][x] + r0, 0.0), 0.0)");
    assert_true(has_tensor(graph, "conv1"));
    arena_free(arena);
}

/* out[i] = in[i], or with attribute[0] in[last - i]. */
static void copy_nests(Graph *graph, Node *node)
{
    Tensor *in = node->in.at[0];
    Nest *nest = node_nest(graph, node, NULL, NULL);
    Expr *i = nest_over(nest, "i", in->dim[0]), *last = expr_int(graph->arena, in->dim[0] - 1);
    Expr *from = node->attribute[0] ? expr_binary(graph->arena, EXPR_SUB, last, i) : i;
    nest_store(nest, node->out[0], expr_load(graph->arena, in, &from), &i);
}

/* Two nodes, one reading the other, are fused unless the second reads elsewhere, the first is wanted outside, or one is
 * forward and one backward. */
static void test_fuse_conditions(void **state)
{
    (void)state;
    static const NodeKind copy = { "copy", copy_nests, NULL };
    Arena *arena = arena_new();
    Model *model = build(arena, "net n { input 4\n linear(-> 3) }\n" SPEC_REST, false, true)->model;
    for (int wrong = 0; wrong < 4; wrong++) {
        Graph *graph = graph_new(arena, model);
        Tensor *first = graph_value(graph, model->layers.at[0], TYPE_REAL, 1, graph->input->dim, "first");
        Tensor *second = graph_value(graph, model->layers.at[0], TYPE_REAL, 1, graph->input->dim, "second");
        graph_node(graph, &copy, model->layers.at[0], "one", &graph->input, 1, &first, 1);
        graph->backward = wrong == 1;
        Node *node = graph_node(graph, &copy, model->layers.at[0], "two", &first, 1, &second, 1);
        node->attribute[0] = wrong == 2;
        graph->output = wrong == 3 ? first : second;
        graph_count(graph);
        graph_lower(graph);
        graph_fuse(graph);
        assert_int_equal(graph->nodes.count, wrong ? 2 : 1);
    }
    arena_free(arena);
}

/* Doubling a value again and again must not double the expression each time. */
static void test_fuse_bounded(void **state)
{
    (void)state;
    static const char text[] =
        "net n { input 4\n linear(-> 4)\n repeat 40 { add from previous, previous } }\n" SPEC_REST;
    Arena *arena = arena_new();
    Graph *graph = build(arena, text, true, false);
    assert_true(graph->nodes.count > 10);
    for (int i = 0; i < graph->nodes.count; i++)
        for (int k = 0; k < graph->nodes.at[i]->nests.count; k++)
            assert_true(strlen(expr_text(arena, graph->nodes.at[i]->nests.at[k]->store[0].value)) < 1000);
    arena_free(arena);
}

static void test_prune(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = build(arena, lenet, false, false);
    const Node *pool = get(graph, "max_pool2d_1_forward");
    assert_null(pool->out[1]);
    assert_int_equal(pool->nests.at[0]->reduces, 1);
    assert_int_equal(pool->nests.at[0]->stores, 1);
    assert_false(has_tensor(graph, "max_pool2d_1_indices"));
    assert_null(graph->indices[2]);
    assert_non_null(graph->loss);
    assert_non_null(graph->correct);
    assert_int_equal(graph->gradients.count, 0);
    for (int i = 0; i < graph->nodes.count; i++)
        assert_false(graph->nodes.at[i]->backward);
    assert_null(get(graph, "cross_entropy_forward")->out[1]);       /* only the gradient reads the sum */
    arena_free(arena);
}

static void test_sum(void **state)
{
    (void)state;
    static const char text[] = "net n { input 1x6x6\n one: conv2d(-> 2, 3)\n two: conv2d(-> 2, 1)\n"
        " three: conv2d(-> 2, 1) from one\n add from one, two, three\n flatten\n linear(-> 3) }\n" SPEC_REST;
    static const char twice[] = "net n { input 4\n fc: linear(-> 3)\n add from fc, fc }\n" SPEC_REST;
    Arena *arena = arena_new();
    Graph *graph = build(arena, text, true, true);
    assert_int_equal(count_kind(graph, &kind_sum), 1);
    const Node *sum = get(graph, "one_backward_sum");
    assert_int_equal(sum->in.count, 3);
    assert_string_equal(sum->out[0]->name, "d_one_sum");
    assert_int_equal(sum->out[0]->readers, 2);                      /* the gradients of its weight and bias */

    graph = build(arena, twice, true, true);
    sum = get(graph, "fc_backward_sum");
    assert_int_equal(sum->in.count, 2);
    assert_ptr_equal(sum->in.at[0], sum->in.at[1]);
    assert_int_equal(sum->in.at[0]->readers, 1);                    /* one node, twice */
    arena_free(arena);
}

/* A parameter from which no path leads to the loss: its layer is not computed, its gradient is zero. */
static void test_unreached(void **state)
{
    (void)state;
    static const char text[] =
        "net n { input 4\n dead: linear(-> 3)\n relu\n fc: linear(-> 3) from input }\n" SPEC_REST;
    Arena *arena = arena_new();
    Graph *graph = build(arena, text, true, false);
    assert_int_equal(graph->gradients.count, 4);
    assert_int_equal(count_kind(graph, &kind_zero), 2);
    assert_null(find(graph, "dead_forward"));
    assert_null(find(graph, "relu_1_forward"));
    assert_non_null(get(graph, "dead_backward_weight"));
    assert_string_equal(graph->gradients.at[0]->name, "d_dead_weight");
    assert_ptr_equal(graph->gradients.at[0]->producer, get(graph, "dead_backward_weight"));
    assert_null(graph->of_layer[1]);
    arena_free(arena);
}

static void test_names(void **state)
{
    (void)state;
    static const char text[] =
        "block twin(c) { part: linear(-> c)\n x: relu }\n"
        "net n { input 4\n x: linear(-> 3)\n scale: linear(-> 3)\n x_weight: relu\n twin(5)\n twin_1_x: relu\n"
        " loss: relu\n lane: relu\n lanes_max: relu\n INFINITY: relu\n twin(3) }\n" SPEC_REST;
    Arena *arena = arena_new();
    Graph *graph = build(arena, text, true, true);      /* graph_verify finds names that stand twice */
    assert_true(has_tensor(graph, "x_"));               /* single letters are axes */
    assert_true(has_tensor(graph, "scale_2"));
    assert_true(has_tensor(graph, "lane_"));            /* what generated code calls something itself */
    assert_true(has_tensor(graph, "lanes_max_"));
    assert_true(has_tensor(graph, "INFINITY_"));
    assert_true(has_tensor(graph, "twin_1_part"));
    assert_true(has_tensor(graph, "x_weight"));
    assert_true(has_tensor(graph, "x_weight_2"));
    assert_true(has_tensor(graph, "twin_1_x"));
    assert_true(has_tensor(graph, "twin_1_x_2"));
    assert_true(has_tensor(graph, "loss"));
    assert_true(has_tensor(graph, "loss_2"));
    assert_string_equal(graph->parameters.at[0]->name, "x_weight");
    arena_free(arena);
}

static void test_same_text(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    for (int k = 0; k < 4; k++) {
        const char *first = printed(arena, build(arena, lenet, k & 1, k & 2));
        assert_string_equal(first, printed(arena, build(arena, lenet, k & 1, k & 2)));
        assert_non_null(strstr(first, "tensors {"));
    }
    const char *fused = printed(arena, build(arena, lenet, true, false));
    assert_non_null(strstr(fused, "max_pool2d of layer max_pool2d_1, line 4; relu of layer relu_1, line 5\n"));
    assert_non_null(strstr(fused, "r0 = sum of conv1_weight[o][0][u][v]*input[0][y + u][x + v] over u < 5, v < 5"));
    arena_free(arena);
}

/* graph_verify finds what is broken on purpose. */
static void finds(Arena *arena, const Graph *graph, const char *part)
{
    const char *fault = graph_verify(arena, graph);
    assert_non_null(fault);
    if (!strstr(fault, part))
        fail_msg("\"%s\" has no \"%s\"", fault, part);
}

static void test_verify(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Graph *graph = build(arena, lenet, true, true);
    Node **node = graph->nodes.at, *first = node[0];

    node[0] = node[1];
    node[1] = first;
    finds(arena, graph, "its id is");
    node[0]->id = 0;
    node[1]->id = 1;
    finds(arena, graph, "before it is made");
    node[1] = node[0];
    node[0] = first;
    node[0]->id = 0;
    node[1]->id = 1;
    assert_null(graph_verify(arena, graph));

    const char *name = graph->tensors.at[3]->name;
    graph->tensors.at[3]->name = graph->tensors.at[4]->name;
    finds(arena, graph, "is used twice");
    graph->tensors.at[3]->name = name;

    Tensor *indices = node[1]->out[1];
    indices->producer = NULL;
    finds(arena, graph, "no node makes it");
    indices->producer = node[0];
    finds(arena, graph, "made by another node");
    indices->producer = node[1];

    node[0]->in.count--;
    finds(arena, graph, "which the node does not read");
    node[0]->in.count++;
    node[2]->nests.at[0]->over[0]->extent++;
    finds(arena, graph, "may be above");
    node[2]->nests.at[0]->over[0]->extent--;
    int nests = node[2]->nests.count;
    node[2]->nests.count = 0;
    finds(arena, graph, "no nest stores");
    node[2]->nests.count = nests;
    graph->correct = NULL;
    finds(arena, graph, "nothing reads it");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_fuse),
        cmocka_unit_test(test_fuse_keeps),
        cmocka_unit_test(test_fuse_chain),
        cmocka_unit_test(test_fuse_conditions),
        cmocka_unit_test(test_fuse_bounded),
        cmocka_unit_test(test_prune),
        cmocka_unit_test(test_sum),
        cmocka_unit_test(test_unreached),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_same_text),
        cmocka_unit_test(test_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
