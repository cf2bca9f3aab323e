/* From a spec's text to its Model: names, shapes, who reads whom, defaults, parameters, data and training. */
#include "check/model.h"
#include "op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Checked {
    Arena *arena;
    Model *model;           /* NULL where there are errors */
    char  *messages;
    size_t size;
    int    errors;
} Checked;

static Checked check_text(const char *text, bool need_all)
{
    Checked checked = { .arena = arena_new() };
    Source *source = NEW(checked.arena, Source);
    FILE   *out = open_memstream(&checked.messages, &checked.size);
    *source = (Source){ "test.net", text, strlen(text) };
    Diag      *diag = diag_new(checked.arena, source, out, false);
    const Ast *file = parse(checked.arena, source, diag);
    if (file)
        checked.model = check(checked.arena, source, file, need_all, diag);
    checked.errors = diag_errors(diag);
    fclose(out);
    assert_true((checked.model != NULL) == (checked.errors == 0));
    return checked;
}

static void checked_free(Checked *checked)
{
    arena_free(checked->arena);
    free(checked->messages);
}

/* The model of a spec that is right. */
static Checked good(const char *text)
{
    Checked checked = check_text(text, false);
    if (!checked.model)
        fail_msg("%s", checked.messages);
    return checked;
}

/* Checks that the spec has just `errors` errors and that the messages hold `words`. */
static void bad(const char *text, int errors, const char *words)
{
    Checked checked = check_text(text, false);
    if (checked.errors != errors || !strstr(checked.messages, words))
        fail_msg("%d errors, \"%s\" expected, but %d:\n%s", errors, words, checked.errors, checked.messages);
    checked_free(&checked);
}

static void add_line(Arena *arena, char **text, const char *line)
{
    *text = arena_printf(arena, "%s%s\n", *text, line);
}

/* A line for each layer: name, what it reads, shape, its parameters: `fc <- flatten_1: 10 | weight 10x320, bias 10`. */
static const char *model_text(const Checked *checked)
{
    Arena *arena = checked->arena;
    char  *text = "";
    for (int i = 0; i < checked->model->layers.count; i++) {
        const Layer *layer = checked->model->layers.at[i];
        char        *line = arena_printf(arena, "%s%s", layer->name, layer->in.count ? " <- " : "");
        assert_int_equal(layer->index, i);
        for (int j = 0; j < layer->in.count; j++) {
            assert_true(layer->in.at[j]->index < i);
            assert_ptr_equal(checked->model->layers.at[layer->in.at[j]->index], layer->in.at[j]);
            line = arena_printf(arena, "%s%s%s", line, j ? ", " : "", layer->in.at[j]->name);
        }
        line = arena_printf(arena, "%s: %s", line, shape_text(arena, layer->out));
        for (int j = 0; j < layer->learnables.count; j++) {
            const Learnable *learnable = &layer->learnables.at[j];
            line = arena_printf(arena, "%s%s%s ", line, j ? ", " : " | ", learnable->name);
            for (int d = 0; d < learnable->rank; d++)
                line = arena_printf(arena, "%s%s%" PRId64, line, d ? "x" : "", learnable->dim[d]);
        }
        add_line(arena, &text, line);
    }
    return text;
}

static void expect_model(const char *spec, const char *expected)
{
    Checked checked = good(spec);
    assert_string_equal(model_text(&checked), expected);
    checked_free(&checked);
}

static void test_shapes(void **state)
{
    (void)state;
    Shape  row = { 1, { 4 } }, image = { 3, { 4, 1, 2 } }, other = { 3, { 4, 1, 3 } };
    Arena *arena = arena_new();
    assert_true(shape_equal(image, image) && shape_equal(row, row));
    assert_false(shape_equal(row, image) || shape_equal(image, row) || shape_equal(image, other));
    assert_int_equal(shape_elements(other), 12);
    assert_string_equal(shape_text(arena, image), "4x1x2");
    assert_string_equal(shape_text(arena, row), "4");
    arena_free(arena);
}

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
    "}\n"
    "data mnist {\n"
    "    root       = \"somewhere\"\n"
    "    download   = true\n"
    "    transform  = [to_tensor, normalize(mean=0.1307, std=0.3081)]\n"
    "    batch_size = 100\n"
    "    shuffle    = true\n"
    "    test { batch_size = 50; shuffle = true }\n"
    "}\n"
    "train {\n"
    "    loss      = cross_entropy\n"
    "    optimizer = sgd(lr=0.01, momentum=0.5)\n"
    "    epochs    = 10\n"
    "    device    = \"cuda:0,1\"\n"
    "    seed      = 7\n"
    "}\n";

static void test_layers_of_lenet(void **state)
{
    (void)state;
    expect_model(lenet,
                 "input: 1x28x28\n"
                 "conv1 <- input: 10x24x24 | weight 10x1x5x5, bias 10\n"
                 "max_pool2d_1 <- conv1: 10x12x12\n"
                 "relu_1 <- max_pool2d_1: 10x12x12\n"
                 "conv2 <- relu_1: 20x8x8 | weight 20x10x5x5, bias 20\n"
                 "max_pool2d_2 <- conv2: 20x4x4\n"
                 "relu_2 <- max_pool2d_2: 20x4x4\n"
                 "flatten_1 <- relu_2: 320\n"
                 "fc <- flatten_1: 10 | weight 10x320, bias 10\n");
}

static void test_sections_of_lenet(void **state)
{
    (void)state;
    Checked          checked = good(lenet);
    const DataSpec  *data = &checked.model->data;
    const TrainSpec *train = &checked.model->train;
    assert_string_equal(checked.model->name, "lenet");
    assert_true(checked.model->has_data && checked.model->has_train);
    assert_string_equal(data->set->title, "MNIST");
    assert_string_equal(data->name, "mnist");
    assert_string_equal(data->root, "somewhere");
    assert_true(data->download && data->shuffle && data->test_shuffle);
    assert_int_equal(data->batch_size, 100);
    assert_int_equal(data->test_batch_size, 50);
    assert_true(data->normalize[0].mean == 0.1307 && data->normalize[0].std == 0.3081);
    assert_ptr_equal(train->loss, op_find("cross_entropy", true));
    assert_true(train->sgd.lr == 0.01 && train->sgd.momentum == 0.5 && train->sgd.dampening == 0);
    assert_true(train->sgd.weight_decay == 0 && !train->sgd.nesterov);
    assert_int_equal(train->epochs, 10);
    assert_string_equal(train->device, "cuda:0,1");
    assert_int_equal(train->seed, 7);
    checked_free(&checked);
}

static void test_defaults_of_sections(void **state)
{
    (void)state;
    Checked checked = good("net n { input 784; linear(-> 10) }\n"
                           "data mnist { batch_size = 32 }\n"
                           "train { loss = cross_entropy(); optimizer = sgd }\n");
    const DataSpec  *data = &checked.model->data;
    const TrainSpec *train = &checked.model->train;
    assert_string_equal(data->root, "data/mnist");
    assert_false(data->download || data->shuffle || data->test_shuffle);
    assert_int_equal(data->batch_size, 32);
    assert_int_equal(data->test_batch_size, 32);
    assert_true(data->normalize[0].mean == 0 && data->normalize[0].std == 1);
    assert_true(train->sgd.lr == 0.001 && train->sgd.momentum == 0);
    assert_int_equal(train->epochs, 1);
    assert_string_equal(train->device, "auto");
    assert_int_equal(train->seed, 1);
    checked_free(&checked);
    checked = good("net n { input 784; linear(-> 10) }\ndata mnist { }\n");
    assert_int_equal(checked.model->data.batch_size, 64);
    assert_false(checked.model->has_train);
    checked_free(&checked);
}

static void test_settings_with_lets(void **state)
{
    (void)state;
    Checked checked = good("let where = \"a folder\"\n"
                           "let n = 8\n"
                           "net n { input 3x4x4; flatten; linear(-> 10) }\n"
                           "data idx {\n"
                           "    let m = (0.5, 0.25, 0.125)\n"
                           "    root = where; batch_size = 2 * n\n"
                           "    transform = [to_tensor, normalize(m, std=[1, n, 0.5])]\n"
                           "}\n"
                           "train { loss = cross_entropy; optimizer = sgd(1, 0.9, nesterov=true, weight_decay=1/2.0)\n"
                           "device = cpu; seed = 9223372036854775807 }\n");
    const DataSpec  *data = &checked.model->data;
    const TrainSpec *train = &checked.model->train;
    assert_string_equal(data->set->name, "idx");
    assert_string_equal(data->root, "a folder");
    assert_int_equal(data->batch_size, 16);
    assert_true(data->normalize[0].mean == 0.5 && data->normalize[2].mean == 0.125);
    assert_true(data->normalize[0].std == 1);
    assert_true(train->sgd.lr == 1 && train->sgd.momentum == 0.9 && train->sgd.nesterov);
    assert_true(train->sgd.weight_decay == 0.5);
    assert_string_equal(train->device, "cpu");
    assert_true(train->seed == INT64_MAX);
    checked_free(&checked);
}

static const Arg *arg_of(const Checked *checked, int layer, const char *name)
{
    return layer_arg(checked->model->layers.at[layer], name);
}

static void test_arguments_and_defaults(void **state)
{
    (void)state;
    Checked checked = good("net n {\n"
                           "    let no = false\n"
                           "    input 4x9x9\n"
                           "    conv2d(-> 4, (3, 5), 2, bias=no, padding=(1, 2))\n"
                           "    conv2d(4 -> 8, kernel_size=3, padding=same, padding_mode=circular, groups=2)\n"
                           "    max_pool2d((2, 1))\n"
                           "}\n");
    const Layer *first = checked.model->layers.at[1];
    assert_int_equal(first->sizes.in, 4);
    assert_false(first->sizes.in_given);
    assert_int_equal(first->sizes.out, 4);
    assert_int_equal(arg_of(&checked, 1, "kernel_size")->i[0], 3);
    assert_int_equal(arg_of(&checked, 1, "kernel_size")->i[1], 5);
    assert_int_equal(arg_of(&checked, 1, "stride")->i[1], 2);
    assert_int_equal(arg_of(&checked, 1, "padding")->i[0], 1);
    assert_int_equal(arg_of(&checked, 1, "padding")->i[1], 2);
    assert_int_equal(arg_of(&checked, 1, "padding")->word, -1);
    assert_int_equal(arg_of(&checked, 1, "bias")->i[0], 0);
    assert_true(arg_of(&checked, 1, "bias")->given);
    assert_int_equal(arg_of(&checked, 1, "dilation")->i[0], 1);
    assert_false(arg_of(&checked, 1, "dilation")->given);
    assert_int_equal(arg_of(&checked, 2, "bias")->i[0], 1);
    assert_true(arg_of(&checked, 2, "padding")->word >= 0);
    assert_int_equal(arg_of(&checked, 2, "padding_mode")->i[0], 3);
    assert_int_equal(arg_of(&checked, 2, "groups")->i[0], 2);
    assert_int_equal(arg_of(&checked, 3, "stride")->i[0], 2);
    assert_int_equal(arg_of(&checked, 3, "stride")->i[1], 1);
    checked_free(&checked);
}

static void test_spans(void **state)
{
    (void)state;
    const char *text = "net n {\n    input 4x9x9\n    a: conv2d(-> 4, 3) from input\n    relu\n}\n";
    Checked      checked = good(text);
    const Layer *layer = checked.model->layers.at[1];
    assert_string_equal(arena_copy(checked.arena, text + layer->span.begin, layer->span.end - layer->span.begin),
                        "conv2d(-> 4, 3)");
    assert_string_equal(arena_copy(checked.arena, text + layer->from_span.begin,
                                   layer->from_span.end - layer->from_span.begin), "from input");
    assert_int_equal(checked.model->layers.at[2]->from_span.begin, checked.model->layers.at[2]->span.begin);
    checked_free(&checked);
}

static void test_blocks_and_repeats(void **state)
{
    (void)state;
    expect_model("let width = 4\n"
                 "block unit(c, k) {\n"
                 "    let half = (k - 1) / 2\n"
                 "    entry: identity\n"
                 "    conv2d(c -> c, kernel_size=k, padding=half, bias=false)\n"
                 "    repeat 2 { relu }\n"
                 "    add from entry, previous\n"
                 "}\n"
                 "block two(c) { unit(c, 3); last: unit(k=5, c=c) }\n"
                 "net n {\n"
                 "    input 1x8x8\n"
                 "    stem: conv2d(-> width, kernel_size=1)\n"
                 "    repeat 2 { unit(width, 3) }\n"
                 "    two(width) from stem\n"
                 "    join: two(width)\n"
                 "    concat from join, stem, input\n"
                 "}\n",
                 "input: 1x8x8\n"
                 "stem <- input: 4x8x8 | weight 4x1x1x1, bias 4\n"
                 "unit_1.entry <- stem: 4x8x8\n"
                 "unit_1.conv2d_1 <- unit_1.entry: 4x8x8 | weight 4x4x3x3\n"
                 "unit_1.relu_1 <- unit_1.conv2d_1: 4x8x8\n"
                 "unit_1.relu_2 <- unit_1.relu_1: 4x8x8\n"
                 "unit_1.add_1 <- unit_1.entry, unit_1.relu_2: 4x8x8\n"
                 "unit_2.entry <- unit_1.add_1: 4x8x8\n"
                 "unit_2.conv2d_1 <- unit_2.entry: 4x8x8 | weight 4x4x3x3\n"
                 "unit_2.relu_1 <- unit_2.conv2d_1: 4x8x8\n"
                 "unit_2.relu_2 <- unit_2.relu_1: 4x8x8\n"
                 "unit_2.add_1 <- unit_2.entry, unit_2.relu_2: 4x8x8\n"
                 "two_1.unit_1.entry <- stem: 4x8x8\n"
                 "two_1.unit_1.conv2d_1 <- two_1.unit_1.entry: 4x8x8 | weight 4x4x3x3\n"
                 "two_1.unit_1.relu_1 <- two_1.unit_1.conv2d_1: 4x8x8\n"
                 "two_1.unit_1.relu_2 <- two_1.unit_1.relu_1: 4x8x8\n"
                 "two_1.unit_1.add_1 <- two_1.unit_1.entry, two_1.unit_1.relu_2: 4x8x8\n"
                 "two_1.last.entry <- two_1.unit_1.add_1: 4x8x8\n"
                 "two_1.last.conv2d_1 <- two_1.last.entry: 4x8x8 | weight 4x4x5x5\n"
                 "two_1.last.relu_1 <- two_1.last.conv2d_1: 4x8x8\n"
                 "two_1.last.relu_2 <- two_1.last.relu_1: 4x8x8\n"
                 "two_1.last.add_1 <- two_1.last.entry, two_1.last.relu_2: 4x8x8\n"
                 "join.unit_1.entry <- two_1.last.add_1: 4x8x8\n"
                 "join.unit_1.conv2d_1 <- join.unit_1.entry: 4x8x8 | weight 4x4x3x3\n"
                 "join.unit_1.relu_1 <- join.unit_1.conv2d_1: 4x8x8\n"
                 "join.unit_1.relu_2 <- join.unit_1.relu_1: 4x8x8\n"
                 "join.unit_1.add_1 <- join.unit_1.entry, join.unit_1.relu_2: 4x8x8\n"
                 "join.last.entry <- join.unit_1.add_1: 4x8x8\n"
                 "join.last.conv2d_1 <- join.last.entry: 4x8x8 | weight 4x4x5x5\n"
                 "join.last.relu_1 <- join.last.conv2d_1: 4x8x8\n"
                 "join.last.relu_2 <- join.last.relu_1: 4x8x8\n"
                 "join.last.add_1 <- join.last.entry, join.last.relu_2: 4x8x8\n"
                 "concat_1 <- join.last.add_1, stem, input: 9x8x8\n");
}

static void test_arithmetic(void **state)
{
    (void)state;
    expect_model("let a = 2 + 3 * 4 - 6 / 3     # 12\n"
                 "let b = -(a - 20) * 2          # 16\n"
                 "let c = b / 2 / 2              # 4\n"
                 "net n {\n"
                 "    let a = c - 1\n"
                 "    input (a, 2 * c, 8)\n"
                 "    conv2d(a -> b, kernel_size=(a, 3), padding=(a - 2, 1))\n"
                 "    repeat a - 3 { relu }\n"
                 "    flatten\n"
                 "    linear(b * 64 -> 5 - -5)\n"
                 "}\n",
                 "input: 3x8x8\n"
                 "conv2d_1 <- input: 16x8x8 | weight 16x3x3x3, bias 16\n"
                 "flatten_1 <- conv2d_1: 1024\n"
                 "linear_1 <- flatten_1: 10 | weight 10x1024, bias 10\n");
    Checked checked = good("net n { input 784; linear(-> 10) }\n"
                           "train { loss = cross_entropy; optimizer = sgd(lr=1 / 8.0, momentum=3 - 2.5) }");
    assert_true(checked.model->train.sgd.lr == 0.125 && checked.model->train.sgd.momentum == 0.5);
    checked_free(&checked);
}

static void test_unpool(void **state)
{
    (void)state;
    Checked checked = good("net n {\n"
                           "    input 1x8x8\n"
                           "    pool: max_pool2d(2, return_indices=true)\n"
                           "    relu\n"
                           "    max_unpool2d(2, indices=pool)\n"
                           "}\n");
    assert_string_equal(model_text(&checked), "input: 1x8x8\npool <- input: 1x4x4\nrelu_1 <- pool: 1x4x4\n"
                                              "max_unpool2d_1 <- relu_1: 1x8x8\n");
    assert_ptr_equal(arg_of(&checked, 3, "indices")->layer, checked.model->layers.at[1]);
    checked_free(&checked);
}

static void test_what_is_needed(void **state)
{
    (void)state;
    Checked checked = check_text("net n { input 10; linear(-> 10) }", true);
    assert_int_equal(checked.errors, 2);
    assert_non_null(strstr(checked.messages, "no `data` for the net `n`"));
    assert_non_null(strstr(checked.messages, "no `train` for the net `n`"));
    checked_free(&checked);
    checked = check_text(lenet, true);
    assert_int_equal(checked.errors, 0);
    checked_free(&checked);
}

/* What follows a fault is not reported again; what stands apart from it is. */
static void test_errors_once(void **state)
{
    (void)state;
    bad("net n { input 1x8x8; dropout; conv2d(9 -> 3, 3); flatten; linear(7 -> 10) }", 1, "`dropout` is not built yet");
    bad("net n { input 1x8x8; dropout; conv2d(9 -> 3, 0); conv2d(9 -> 3, 3) from input }", 3, "must be at least 1");
    bad("block b(c) { conv2d(5 -> c, 3) }\nnet n { input 1x8x8; b(1); b(2); repeat 9 { b(3) } }", 1,
        "in this call of the block `b`");
    bad("net n { input 1x8x8; repeat 3 { a: relu; relu from a } }", 1, "cannot stand in a repeat");
    bad("let a = 7 / 2\nnet n { input 1x8x8; conv2d(a -> a, a); repeat a { relu } }", 1, "does not come out even");
}

/* Specs that would grow without end are refused at once. */
static void test_growth(void **state)
{
    (void)state;
    bad("net n { input 1x8x8; repeat 9223372036854775807 { relu } }", 1, "beyond 10000 layers");
    bad("net n { input 1x8x8; repeat 9223372036854775807 { relu; repeat 5 { relu } } }", 1, "beyond 10000 layers");
    bad("block a { repeat 9000 { relu } }\nblock b { repeat 9000 { a } }\nnet n { input 9; repeat 9000 { b } }", 1,
        "beyond 10000 layers");
    bad("block a { b }\nblock b { c }\nblock c { relu; a }\nnet n { input 9; a }", 1, "a -> b -> c -> a");
    Checked checked = good("net n { input 9; relu; repeat 9223372036854775807 { repeat 3000000000 { let a = 1 } } }");
    assert_int_equal(checked.model->layers.count, 2);
    checked_free(&checked);
    checked = good("net n { input 9; repeat 100 { repeat 100 { relu } } }");
    assert_int_equal(checked.model->layers.count, 10001);
    checked_free(&checked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_layers_of_lenet),
        cmocka_unit_test(test_sections_of_lenet),
        cmocka_unit_test(test_defaults_of_sections),
        cmocka_unit_test(test_settings_with_lets),
        cmocka_unit_test(test_arguments_and_defaults),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_blocks_and_repeats),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_unpool),
        cmocka_unit_test(test_what_is_needed),
        cmocka_unit_test(test_errors_once),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
