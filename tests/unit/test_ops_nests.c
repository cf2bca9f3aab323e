/* Every nest of every kind of node is proven, over many combinations of arguments. */
#include "ops_bench.h"

/* Builds forward and backward of the model behind a loss, with a gradient for its input too, and verifies each node.
 * Returns how many nodes there were. */
static int expect_proven(Bench *bench, const char *what)
{
    Model *model = bench->model;
    Layer *last = model->layers.at[model->layers.count - 1];
    if (last->out.rank == 3)
        keep(bench, layer_new(bench, "flatten", "flatten_last", last));
    model->has_train = true;
    model->train.loss = op_find("cross_entropy", true);
    model->train.loss_layer = layer_new(bench, "cross_entropy", "cross_entropy", model->layers.at[model->layers.count - 1]);

    Graph *graph = graph_new(bench->arena, model);
    graph->input->needs_gradient = true;
    graph_forward(graph);
    graph_backward(graph);
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *node = graph->nodes.at[i];
        node->kind->nests(graph, node);
        const char *fault = node_verify(bench->arena, node);
        if (fault)
            fail_msg("%s: %s: %s", what, node->name, fault);
    }
    return graph->nodes.count;
}

static void conv2d_nests_are_proven(void **state)
{
    int cases = 0;
    (void)state;
    for (int k = 0; k < 2 * 3 * 3 * 2 * 4 * 3 * 3; k++) {
        int rest = k;
        int64_t kernel = rest % 2 * 2 + 1, stride = (rest /= 2) % 3 + 1, padding = (rest /= 3) % 3;
        int64_t dilation = (rest /= 3) % 2 + 1, mode = (rest /= 2) % 4;
        int64_t groups = (rest /= 4) % 3, place = (rest /= 3) % 3;
        Bench *bench = bench_new();
        Layer *in = input_new(bench, 4, place == 1 ? 5 : 7, place == 2 ? 5 : 8);
        Layer *conv = conv_new(bench, in, 4, kernel, place == 1 ? 2 : kernel);
        set(conv, "stride", stride, place == 2 ? 1 : stride);
        set(conv, "padding", padding, place == 1 ? 0 : padding);
        set(conv, "dilation", dilation, 1);
        argument(conv, "padding")->word = place == 0 && stride == 1 && padding == 2 ? 0 : -1;
        argument(conv, "groups")->i[0] = (int64_t[]){ 1, 2, 4 }[groups];
        argument(conv, "bias")->i[0] = place != 2;
        argument(conv, "padding_mode")->i[0] = mode;
        keep(bench, conv);
        cases += expect_proven(bench, arena_printf(bench->arena, "case %d", k)) > 0;
        bench_free(bench);
    }
    assert_int_equal(cases, 1296);
}

static void pool_nests_are_proven(void **state)
{
    int pools = 0, unpools = 0;
    (void)state;
    for (int k = 0; k < 3 * 4 * 2 * 2 * 2 * 4; k++) {
        int rest = k;
        int64_t kernel = rest % 3 + 1, stride = (rest /= 3) % 4 + 1, padding = (rest /= 4) % 2;
        int64_t dilation = (rest /= 2) % 2 + 1, ceil_mode = (rest /= 2) % 2, size = (rest /= 2) % 4 + 5;
        Bench *bench = bench_new();
        Layer *pool = pool_new(bench, input_new(bench, 3, size, 6), kernel, 2);
        set(pool, "stride", stride, 2);
        set(pool, "padding", kernel == 1 ? 0 : padding, 0);
        set(pool, "dilation", dilation, 1);
        argument(pool, "ceil_mode")->i[0] = ceil_mode;
        argument(pool, "return_indices")->i[0] = true;
        Layer *relu = keep(bench, layer_new(bench, "relu", "relu_1", keep(bench, pool)));
        Layer *unpool = unpool_new(bench, relu, pool);
        int64_t back = size - (pool->out.dim[1] - 1) * stride + 2 * argument(pool, "padding")->i[0];
        set(unpool, "kernel_size", back, 2);
        set(unpool, "stride", stride, 2);
        *argument(unpool, "padding") = *argument(pool, "padding");
        if (back > 0) {
            keep(bench, unpool);
            unpools++;
        }
        pools += expect_proven(bench, arena_printf(bench->arena, "case %d", k)) > 0;
        bench_free(bench);
    }
    assert_int_equal(pools, 384);
    assert_in_range(unpools, 300, 384);
}

static void other_nests_are_proven(void **state)
{
    (void)state;
    for (int64_t dim = 1; dim <= 3; dim++) {
        Bench *bench = bench_new();
        Layer *in = input_new(bench, 2, 3, 4), *relu = keep(bench, layer_new(bench, "relu", "relu_1", in));
        Layer *add = layer_new(bench, "add", "add_1", in);
        read_from(bench, add, relu);
        read_from(bench, add, in);
        Layer *concat = layer_new(bench, "concat", "concat_1", relu);
        argument(concat, "dim")->i[0] = dim;
        read_from(bench, concat, keep(bench, layer_new(bench, "identity", "entry", keep(bench, add))));
        read_from(bench, concat, relu);
        Layer *linear = layer_new(bench, "linear", "fc",
                                  keep(bench, layer_new(bench, "flatten", "flatten_1", keep(bench, concat))));
        linear->sizes.out = 7;
        argument(linear, "bias")->i[0] = dim == 1;
        Layer *again = layer_new(bench, "concat", "concat_2", keep(bench, linear));
        read_from(bench, again, linear);
        keep(bench, again);
        assert_true(expect_proven(bench, "others") > 10);
        bench_free(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d_nests_are_proven),
        cmocka_unit_test(pool_nests_are_proven),
        cmocka_unit_test(other_nests_are_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
