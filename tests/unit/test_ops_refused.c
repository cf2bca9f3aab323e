/* What the shape rules of operators refuse, and what they say. */
#include "ops_bench.h"
#include "ops/kinds.h"

/* The layer is refused, and what is said holds each of the texts. */
#define expect_refused(bench, layer, ...) refused(bench, layer, (const char *[]){ __VA_ARGS__, NULL })
static void refused(Bench *bench, Layer *layer, const char *const texts[])
{
    assert_false(shape(bench, layer));
    fflush(bench->file);
    for (int i = 0; texts[i]; i++)
        if (!strstr(bench->said, texts[i]))
            fail_msg("no \"%s\" in: %s", texts[i], bench->said);
    bench_free(bench);
}

static void layers_of_features_refuse_images(void **state)
{
    (void)state;
    Bench *bench = bench_new();
    Layer *relu = keep(bench, layer_new(bench, "relu", "relu_1", input_new(bench, 20, 4, 4)));
    expect_refused(bench, layer_new(bench, "linear", "fc", relu),
                   "fc needs features, but relu gives an image, 20x4x4", "write `flatten` before it", "320 features");

    bench = bench_new();
    expect_refused(bench, layer_new(bench, "cross_entropy", "cross_entropy", input_new(bench, 3, 4, 5)),
                   "cross_entropy needs features, but the input gives an image, 3x4x5", "end the net with");

    bench = bench_new();
    Layer *flatten = keep(bench, layer_new(bench, "flatten", "flatten_1", input_new(bench, 20, 4, 4)));
    Layer *linear = layer_new(bench, "linear", "fc", flatten);
    linear->sizes.in_given = true, linear->sizes.in = 300, linear->sizes.out = 10;
    expect_refused(bench, linear, "fc takes 300 features, but flatten gives 320 features (20x4x4)",
                   "note: flatten gives", "`320 -> 10`");
}

static void layers_of_images_refuse_features(void **state)
{
    static const char *const kinds[] = { "conv2d", "max_pool2d" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        Bench *bench = bench_new();
        Layer *flatten = keep(bench, layer_new(bench, "flatten", "flatten_1", input_new(bench, 20, 4, 4)));
        Layer *layer = layer_new(bench, kinds[i], "late", flatten);
        set(layer, "kernel_size", 2, 2);
        expect_refused(bench, layer,
                       "late needs an image (channels, height, width), but flatten gives 320 features (20x4x4)",
                       "put late before the `flatten`");
    }
}

static void conv2d_refuses(void **state)
{
    (void)state;
    Bench *bench = bench_new();
    Layer *conv = conv_new(bench, input_new(bench, 1, 28, 28), 10, 5, 5);
    conv->sizes.in_given = true, conv->sizes.in = 3;
    expect_refused(bench, conv, "conv1 takes 3 channels, but the input gives 1x28x28", "`1 -> 10`");

    bench = bench_new();
    expect_refused(bench, conv_new(bench, input_new(bench, 1, 3, 4), 1, 5, 4),
                   "conv1's kernel 5x4 is larger than its input 3x4");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, 3, 9), 1, 3, 3);
    set(conv, "dilation", 3, 2);
    set(conv, "padding", 1, 0);
    expect_refused(bench, conv, "kernel 7x5 (3x3 with dilation 3x2) is larger than its input 5x9 (3x9 and padding)");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 6, 8, 8), 4, 3, 3);
    argument(conv, "groups")->i[0] = 4;
    expect_refused(bench, conv, "conv1's 4 groups do not divide its 6 channels in", "note: the input gives 6x8x8");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 6, 8, 8), 4, 3, 3);
    argument(conv, "groups")->i[0] = 3;
    expect_refused(bench, conv, "conv1's 3 groups do not divide its 4 channels out");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, 8, 8), 1, 3, 3);
    argument(conv, "padding")->word = 0;
    set(conv, "stride", 1, 2);
    expect_refused(bench, conv, "conv1 has padding=same, which needs stride 1, not 1x2");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, 8, 4), 1, 3, 3);
    set(conv, "padding", 4, 4);
    argument(conv, "padding_mode")->i[0] = PAD_REFLECT;
    expect_refused(bench, conv, "padding of 4 is too wide: padding_mode=reflect fills up to 3", "4 wide");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, 4, 8), 1, 3, 3);
    set(conv, "padding", 5, 5);
    argument(conv, "padding_mode")->i[0] = PAD_CIRCULAR;
    expect_refused(bench, conv, "padding of 5 is too wide: padding_mode=circular fills up to 4", "4 high");
}

static void sizes_that_overflow_are_refused(void **state)
{
    const int64_t huge = (int64_t)1 << 62;
    (void)state;
    Bench *bench = bench_new();
    Layer *conv = conv_new(bench, input_new(bench, 1, 8, 8), 1, huge, 1);
    set(conv, "dilation", 4, 1);
    expect_refused(bench, conv, "kernel of 4611686018427387904 with dilation 4 is larger than any image");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, huge, 8), 1, 1, 1);
    set(conv, "padding", huge, 0);
    expect_refused(bench, conv, "padding of 4611686018427387904 is larger than any image");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1, 28, 28), 1, 1, 1);
    set(conv, "padding", 2147483647, 2147483647);
    set(conv, "stride", 2147483647, 2147483647);
    expect_refused(bench, conv, "padded input would be 1x4294967322x4294967322");

    bench = bench_new();
    conv = conv_new(bench, input_new(bench, 1 << 20, 1 << 12, 1 << 12), huge, 1 << 12, 1 << 12);
    expect_refused(bench, conv, "weight would be 4611686018427387904x1048576x4096x4096");

    bench = bench_new();
    Layer *pool = pool_new(bench, input_new(bench, 1, huge, 8), huge, 8);
    expect_refused(bench, pool, "kernel 4611686018427387904x8 with dilation 1x1 is too large");

    bench = bench_new();
    Layer *concat = layer_new(bench, "concat", "both", input_new(bench, huge, 1, 1));
    read_from(bench, concat, concat->in.at[0]);
    expect_refused(bench, concat, "both would be larger than 9223372036854775807 in dimension 1");
}

static void max_pool2d_refuses(void **state)
{
    (void)state;
    Bench *bench = bench_new();
    Layer *pool = pool_new(bench, input_new(bench, 1, 8, 8), 3, 3);
    set(pool, "padding", 2, 1);
    expect_refused(bench, pool, "max_pool2d's padding 2x1 is more than half its kernel 3x3", "at most 1x1");

    bench = bench_new();
    expect_refused(bench, pool_new(bench, input_new(bench, 1, 4, 1), 2, 2),
                   "max_pool2d's kernel 2x2 is larger than its input 4x1");

    /* PyTorch makes -infinity of it. */
    bench = bench_new();
    pool = pool_new(bench, input_new(bench, 1, 2, 5), 2, 2);
    set(pool, "padding", 1, 1);
    set(pool, "dilation", 3, 1);
    expect_refused(bench, pool, "has a window that sees nothing but padding");
}

static void max_unpool2d_refuses(void **state)
{
    (void)state;
    Bench *bench = bench_new();
    Layer *in = input_new(bench, 1, 8, 8);
    Layer *pool = keep(bench, pool_new(bench, in, 2, 2));
    expect_refused(bench, unpool_new(bench, pool, pool),
                   "back needs the indices of max_pool2d, which does not return", "return_indices=true");

    bench = bench_new();
    in = input_new(bench, 1, 8, 8);
    expect_refused(bench, unpool_new(bench, in, keep(bench, layer_new(bench, "relu", "act", in))),
                   "back needs the indices of a max_pool2d, not of act (relu)");

    bench = bench_new();
    in = input_new(bench, 1, 8, 8);
    pool = pool_new(bench, in, 2, 2);
    argument(pool, "return_indices")->i[0] = true;
    expect_refused(bench, unpool_new(bench, in, keep(bench, pool)),
                   "back needs what max_pool2d gives, 1x4x4, to use its indices, but the input gives 1x8x8");

    bench = bench_new();
    in = input_new(bench, 1, 9, 8);
    pool = pool_new(bench, in, 2, 2);
    argument(pool, "return_indices")->i[0] = true;
    expect_refused(bench, unpool_new(bench, keep(bench, pool), pool),
                   "back gives 1x8x8, but max_pool2d took its elements from 1x9x8");
}

static void joining_layers_refuse(void **state)
{
    (void)state;
    Bench *bench = bench_new();
    Layer *in = input_new(bench, 2, 8, 8), *pool = keep(bench, pool_new(bench, in, 2, 2));
    Layer *add = layer_new(bench, "add", "add_1", in);
    read_from(bench, add, pool);
    expect_refused(bench, add, "add needs values of one shape, but the input gives 2x8x8 and max_pool2d gives 2x4x4");

    bench = bench_new();
    in = input_new(bench, 2, 8, 8), pool = keep(bench, pool_new(bench, in, 2, 1));
    Layer *concat = layer_new(bench, "concat", "concat_1", in);
    read_from(bench, concat, pool);
    expect_refused(bench, concat, "concat needs shapes that differ in dimension 1 only, but the input gives 2x8x8 and "
                   "max_pool2d gives 2x4x8");

    bench = bench_new();
    concat = layer_new(bench, "concat", "concat_1", input_new(bench, 2, 8, 8));
    argument(concat, "dim")->i[0] = 0;
    expect_refused(bench, concat, "concat has dim=0, which is the batch: samples are never joined", "1 is the channel");

    bench = bench_new();
    concat = layer_new(bench, "concat", "concat_1",
                       keep(bench, layer_new(bench, "flatten", "flatten_1", input_new(bench, 2, 8, 8))));
    argument(concat, "dim")->i[0] = 2;
    expect_refused(bench, concat, "flatten has no dimension 2: with the batch it has 2");
}

static void flatten_takes_what_gives_features(void **state)
{
    static const struct { int64_t start, end; int rank; const char *text; } cases[] = {
        { 1, -1, 1, NULL }, { 1, 3, 1, NULL }, { -3, -1, 1, NULL }, { 2, 2, 3, NULL }, { -1, -1, 3, NULL },
        { 0, -1, 0, "start_dim=0, which is the batch" }, { 1, -4, 0, "end_dim=-4, which is the batch" },
        { 2, -1, 0, "flatten would keep two dimensions of 2x3x4" },
        { 1, 2, 0, "flatten would keep two dimensions of 2x3x4" }, { 3, 1, 0, "ends before it starts" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bench *bench = bench_new();
        Layer *flatten = layer_new(bench, "flatten", "flatten_1", input_new(bench, 2, 3, 4));
        argument(flatten, "start_dim")->i[0] = cases[i].start;
        argument(flatten, "end_dim")->i[0] = cases[i].end;
        if (cases[i].text) {
            expect_refused(bench, flatten, cases[i].text);
            continue;
        }
        keep(bench, flatten);
        assert_int_equal(flatten->out.rank, cases[i].rank);
        assert_int_equal(shape_elements(flatten->out), 24);
        bench_free(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_of_features_refuse_images),
        cmocka_unit_test(layers_of_images_refuse_features),
        cmocka_unit_test(conv2d_refuses),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(max_pool2d_refuses),
        cmocka_unit_test(max_unpool2d_refuses),
        cmocka_unit_test(joining_layers_refuse),
        cmocka_unit_test(flatten_takes_what_gives_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
