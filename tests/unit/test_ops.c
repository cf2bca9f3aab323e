/* Operators: output sizes against PyTorch's, parameters, dimensions. */
#include "ops_bench.h"
#include "shapes_table.h"

static void operators_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(op_find("conv2d", false), all_ops[1]);
    assert_null(op_find("conv3d", false));
    assert_null(op_find("cross_entropy", false));
    assert_null(op_find("relu", true));
    for (int i = 0; all_ops[i]; i++) {
        assert_non_null(all_ops[i]->help);
        for (int k = 0; all_ops[i]->params && all_ops[i]->params[k].name; k++)
            assert_non_null(all_ops[i]->params[k].help);
    }
}

static void expect_sizes(Bench *bench, const char *what, int row, Layer *layer, const int64_t out[2])
{
    bool good = shape(bench, layer);
    if (good != (out[0] > 0))
        fail_msg("%s %d: PyTorch %s it", what, row, out[0] > 0 ? "takes" : "refuses");
    if (good && (layer->out.dim[1] != out[0] || layer->out.dim[2] != out[1]))
        fail_msg("%s %d: %s, but PyTorch gives %dx%d", what, row, shape_text(bench->arena, layer->out), (int)out[0],
                 (int)out[1]);
}

static void conv2d_sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_shapes / sizeof *conv_shapes; i++) {
        Bench *bench = bench_new();
        Layer *in = input_new(bench, 1, conv_shapes[i].image[0], conv_shapes[i].image[1]);
        Layer *conv = conv_new(bench, in, 1, conv_shapes[i].kernel[0], conv_shapes[i].kernel[1]);
        set(conv, "stride", conv_shapes[i].stride[0], conv_shapes[i].stride[1]);
        set(conv, "dilation", conv_shapes[i].dilation[0], conv_shapes[i].dilation[1]);
        set(conv, "padding", conv_shapes[i].padding[0], conv_shapes[i].padding[1]);
        argument(conv, "padding")->word = conv_shapes[i].word;
        argument(conv, "padding_mode")->i[0] = conv_shapes[i].mode;
        expect_sizes(bench, "conv_shapes", (int)i, conv, conv_shapes[i].out);
        bench_free(bench);
    }
}

static void max_pool2d_sizes_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pool_shapes / sizeof *pool_shapes; i++) {
        Bench *bench = bench_new();
        Layer *in = input_new(bench, 1, pool_shapes[i].image[0], pool_shapes[i].image[1]);
        Layer *pool = pool_new(bench, in, pool_shapes[i].kernel[0], pool_shapes[i].kernel[1]);
        set(pool, "stride", pool_shapes[i].stride[0], pool_shapes[i].stride[1]);
        set(pool, "dilation", pool_shapes[i].dilation[0], pool_shapes[i].dilation[1]);
        set(pool, "padding", pool_shapes[i].padding[0], pool_shapes[i].padding[1]);
        argument(pool, "ceil_mode")->i[0] = pool_shapes[i].ceil_mode;
        expect_sizes(bench, "pool_shapes", (int)i, pool, pool_shapes[i].out);
        bench_free(bench);
    }
}

static void expect_learnable(const Layer *layer, int which, const char *name, int rank, const int64_t dim[],
                             int64_t fan_in)
{
    const Learnable *learnable = &layer->learnables.at[which];
    assert_true(which < layer->learnables.count);
    assert_string_equal(learnable->name, name);
    assert_int_equal(learnable->rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(learnable->dim[i], dim[i]);
    assert_int_equal(learnable->fan_in, fan_in);
}

static void parameters_are_those_of_pytorch(void **state)
{
    Bench *bench = bench_new();
    (void)state;
    Layer *conv = conv_new(bench, input_new(bench, 4, 8, 8), 6, 3, 5);
    argument(conv, "groups")->i[0] = 2;
    keep(bench, conv);
    expect_learnable(conv, 0, "weight", 4, (int64_t[]){ 6, 2, 3, 5 }, 30);
    expect_learnable(conv, 1, "bias", 1, (int64_t[]){ 6 }, 30);
    assert_int_equal(conv->sizes.in, 4);

    Layer *plain = conv_new(bench, conv, 5, 1, 1);
    argument(plain, "bias")->i[0] = false;
    assert_int_equal(keep(bench, plain)->learnables.count, 1);

    Layer *linear = layer_new(bench, "linear", "fc", keep(bench, layer_new(bench, "flatten", "flatten_1", plain)));
    linear->sizes.out = 10;
    keep(bench, linear);
    expect_learnable(linear, 0, "weight", 2, (int64_t[]){ 10, 120 }, 120);
    expect_learnable(linear, 1, "bias", 1, (int64_t[]){ 10 }, 120);
    bench_free(bench);
}

static void concat_counts_dimensions_with_the_batch(void **state)
{
    static const struct { int64_t dim; Shape out; } cases[] = {
        { 1, { 3, { 4, 3, 4 } } }, { 2, { 3, { 2, 6, 4 } } }, { 3, { 3, { 2, 3, 8 } } },
        { -1, { 3, { 2, 3, 8 } } }, { -2, { 3, { 2, 6, 4 } } }, { -3, { 3, { 4, 3, 4 } } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bench *bench = bench_new();
        Layer *in = input_new(bench, 2, 3, 4), *concat = layer_new(bench, "concat", "concat_1", in);
        read_from(bench, concat, in);
        argument(concat, "dim")->i[0] = cases[i].dim;
        assert_true(shape_equal(keep(bench, concat)->out, cases[i].out));
        bench_free(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_are_found_by_name),
        cmocka_unit_test(conv2d_sizes_are_those_of_pytorch),
        cmocka_unit_test(max_pool2d_sizes_are_those_of_pytorch),
        cmocka_unit_test(parameters_are_those_of_pytorch),
        cmocka_unit_test(concat_counts_dimensions_with_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
