/* Plans of small networks: phases and units, memory, loops, what the verifier refuses; and what every emitted file has
 * in common. The emitted code itself is in tests/golden/emit/. */
#include "base/sha256.h"
#include "cpu/emit.h"
#include "cpu/print.h"
#include "plan/plan.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char small[] =
    "net small {\n"
    "    input 1x12x12\n"
    "    conv: conv2d(-> 6, kernel_size=3)\n"
    "    pool: max_pool2d(2)\n"
    "    relu\n"
    "    strided: conv2d(-> 4, kernel_size=3, stride=2)\n"
    "    flatten\n"
    "    fc: linear(-> 10)\n"
    "}\n";

/* 400,000 weights: a partial gradient of each of 8 blocks would take 12 MB. */
static const char large[] =
    "net large {\n"
    "    input 1000\n"
    "    hidden: linear(-> 400)\n"
    "    relu\n"
    "    fc: linear(-> 10)\n"
    "}\n";

static const char rest[] =
    "data idx { root = \"d\"; batch_size = %d }\n"
    "train { loss = cross_entropy; optimizer = sgd(lr=0.1, momentum=0.5); epochs = 1 }\n";

static Plan *build_at(Arena *arena, const char *path, const char *net, int batch, const char *target)
{
    const char *text = arena_printf(arena, "%s%s", net, arena_printf(arena, rest, batch));
    Source *source = NEW(arena, Source);
    *source = (Source){ path, text, strlen(text) };
    Diag *diag = diag_new(arena, source, stderr, false);
    const Ast *ast = parse(arena, source, diag);
    Model *model = ast ? check(arena, source, ast, true, diag) : NULL;
    assert_non_null(model);
    return plan_build(arena, model, graph_build(arena, model, true, false), graph_build(arena, model, false, false),
                      target_find(target), &(PlanOptions){ .plain = true });
}

static Plan *build(Arena *arena, const char *net, int batch, const char *target)
{
    return build_at(arena, "test.net", net, batch, target);
}

static Kernel *kernel_of(const Phase *phase, const char *name)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (strcmp(phase->kernels.at[i]->name, name) == 0)
            return phase->kernels.at[i];
    fail_msg("no kernel %s", name);
    return NULL;
}

/* One of a list of buffers, or NULL. */
#define buffer_of(list, name_) find_buffer((list).at, (list).count, name_)
static Buffer *find_buffer(Buffer *const buffers[], int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(buffers[i]->name, name) == 0)
            return buffers[i];
    return NULL;
}

static Loop *loop_of(Kernel *kernel, const char *axis)
{
    for (int i = 0; i < kernel->nest->overs; i++)
        if (strcmp(kernel->over[i].axis->name, axis) == 0)
            return &kernel->over[i];
    fail_msg("no loop over %s", axis);
    return NULL;
}

static void expect_fault(Arena *arena, const Plan *plan, const char *part)
{
    const char *fault = plan_verify(arena, plan);
    if (!fault || !strstr(fault, part))
        fail_msg("expected a fault with \"%s\", got: %s", part, fault ? fault : "none");
}

/* ---- hash and targets */

static void test_sha256(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    /* The examples of FIPS 180-4, and the lengths around which padding takes one block more. */
    assert_string_equal(sha256_text(arena, "abc", 3),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(sha256_text(arena, "", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(sha256_text(arena, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char many[1000];
    memset(many, 'a', sizeof many);
    assert_string_equal(sha256_text(arena, many, 55),
                        "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    assert_string_equal(sha256_text(arena, many, 64),
                        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    assert_string_equal(sha256_text(arena, many, sizeof many),
                        "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
    arena_free(arena);
}

static void test_targets(void **state)
{
    (void)state;
    for (int i = 0; target_names[i]; i++) {
        const Target *target = target_find(target_names[i]);
        assert_non_null(target);
        assert_true(target->lanes >= 4 && target->lanes % 4 == 0 && target->accumulators >= 8);
        bool native = strcmp(target_names[i], "native") == 0;
        assert_string_equal(target->name, native ? target_native()->name : target_names[i]);
        assert_null(strstr(target->cflags, "native"));
    }
    assert_null(target_find("avx"));
}

/* ---- phases and units */

static void test_units_of_blocks(void **state)
{
    (void)state;
    static const struct { int batch; const char *target; int64_t blocks; } cases[] = {
        { 64, "avx512", 4 }, { 64, "avx2", 8 }, { 64, "neon", 16 },
        { 1, "avx2", 1 }, { 13, "avx2", 2 }, { 17, "avx512", 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        Plan *plan = build(arena, small, cases[i].batch, cases[i].target);
        assert_int_equal(plan->phases.count, 2);
        assert_int_equal(plan->phases.at[0]->kind, PHASE_BLOCKS);
        assert_int_equal(plan->phases.at[0]->units, cases[i].blocks);
        assert_int_equal(plan->phases.at[1]->kind, PHASE_UPDATE);
        /* 6*9 + 6, 4*54 + 4, 10*16 + 10 weights */
        assert_int_equal(plan->weights_size, 60 + 220 + 170);
        assert_int_equal(plan->phases.at[1]->units, 1);
        assert_int_equal(plan->batch_size, 2 * cases[i].blocks * plan->weights_size);
        arena_free(arena);
    }
}

static void test_large_gradients(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, large, 64, "avx2");
    assert_int_equal(plan->phases.count, 3);
    const Phase *weights = plan->phases.at[1];
    assert_int_equal(weights->kind, PHASE_WEIGHTS);
    assert_int_equal(weights->kernels.count, 2);

    /* Only the matrices move: what they read is kept, one for each block, and they come last in the flat array. */
    const Kernel *kernel = kernel_of(weights, "hidden_backward_weight");
    assert_true(kernel->all_blocks);
    assert_true(kernel->units > 16 && kernel->slice * kernel->units >= 400);
    assert_int_equal(buffer_of(plan->weights, "hidden_bias")->offset, 0);
    assert_int_equal(plan->partial_size, 400 + 10);
    assert_int_equal(plan->trained_size, 410 + 400 * 1000 + 400 * 10);
    assert_non_null(buffer_of(plan->batch, "input"));
    assert_non_null(buffer_of(plan->batch, "d_hidden"));
    assert_null(buffer_of(plan->scratch, "d_hidden"));
    assert_int_equal(buffer_of(plan->batch, "input")->size, 8 * 1000);

    /* The evaluation keeps nothing: there its values are scratch. */
    assert_non_null(buffer_of(plan->scratch, "input"));

    const Phase *update = plan->phases.at[2];
    assert_false(update->everywhere);
    assert_int_equal(update->units, 1 + (404000 + UPDATE_SLICE - 1) / UPDATE_SLICE);

    /* In a small batch the partial gradients cost less than that. */
    assert_int_equal(build(arena, large, 8, "avx2")->phases.count, 2);
    arena_free(arena);
}

/* Threads update apart where all partial gradients together are small: of 16,009 weights for up to 8 blocks. */
static void test_update_everywhere(void **state)
{
    (void)state;
    static const char net[] = "net n { input 1590; fc: linear(-> 10); linear(-> 9) }\n";
    static const struct { int batch; bool everywhere; } cases[] = {
        { 1, true }, { 64, true }, { 65, false }, { 256, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *arena = arena_new();
        Plan *plan = build(arena, net, cases[i].batch, "avx2");
        Text *text = text_new(arena);
        assert_int_equal(plan->phases.count, 2);
        assert_false(plan->phases.at[0]->everywhere);
        assert_int_equal(plan->phases.at[1]->everywhere, cases[i].everywhere);
        assert_int_equal(plan->batch_size, (cases[i].everywhere ? 2 : 1) * plan->blocks * plan->weights_size);
        plan_print(text, plan);
        assert_int_equal(strstr(text->at, "every thread does all of them for itself") != NULL, cases[i].everywhere);
        arena_free(arena);
    }
}

/* ---- memory and loops */

static void test_layouts(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    const Buffer *weight = buffer_of(plan->weights, "strided_weight"), *conv = buffer_of(plan->scratch, "conv");
    static const int64_t weight_dims[] = { 4, 3, 3, 6 }, conv_dims[] = { 10, 10, 6 };
    assert_memory_equal(weight->dim, weight_dims, sizeof weight_dims);      /* [o][u][v][c] */
    assert_memory_equal(conv->dim, conv_dims, sizeof conv_dims);            /* [y][x][c] */
    assert_int_equal(conv->size, 600 * 8);
    arena_free(arena);
}

static void test_tiles(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    Phase *blocks = plan->phases.at[0];

    /* Points of x share the weights, output channels the image. */
    Kernel *forward = kernel_of(blocks, "conv_forward");
    assert_true(forward->tile > 4 && forward->tile <= plan->target->accumulators);
    assert_true(loop_of(forward, "x")->tile > 1 && loop_of(forward, "o")->tile > 1);

    /* Whether an output read (y, x) depends on both: only channels may share a tile. */
    Kernel *backward = kernel_of(blocks, "strided_backward_input");
    assert_true(backward->nest->guards > 0);
    assert_int_equal(loop_of(backward, "c")->tile, backward->tile);

    /* A maximum takes the first of equals: its fold keeps the order of the nest. */
    Kernel *pool = kernel_of(blocks, "pool_forward");
    assert_string_equal(pool->fold[0]->name, "u");
    assert_string_equal(pool->fold[1]->name, "v");
    arena_free(arena);
}

static void test_shared_kernels(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    assert_ptr_equal(kernel_of(plan->evaluation, "conv_forward")->same, kernel_of(plan->phases.at[0], "conv_forward"));
    /* The indices are training's alone. */
    assert_null(kernel_of(plan->evaluation, "evaluate_pool_forward")->same);
    /* So is the sum of exponentials, which the gradient reads: the same loops, but one store fewer. */
    assert_null(kernel_of(plan->evaluation, "evaluate_cross_entropy_forward")->same);
    arena_free(arena);
}

static void test_names(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, "net n { input 8\n"
                              "x0: linear(-> 5); value_x0: linear(-> 5); int_abs: linear(-> 4); sum: linear(-> 3) }\n",
                       8, "avx2");
    static const char *const clash[] = { "x0", "int_abs", "sum" };
    for (size_t i = 0; i < sizeof clash / sizeof *clash; i++)
        assert_null(buffer_of(plan->scratch, clash[i]));
    assert_non_null(buffer_of(plan->scratch, "value_int_abs"));
    for (int i = 0; i < plan->scratch.count; i++)
        assert_ptr_equal(buffer_of(plan->scratch, plan->scratch.at[i]->name), plan->scratch.at[i]);
    arena_free(arena);
}

/* ---- what the verifier refuses */

static void test_wrong_order(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    Kernel **at = plan->phases.at[0]->kernels.at, *first = at[0];
    at[0] = at[1];
    at[1] = first;
    expect_fault(arena, plan, "pool_forward reads conv before it is written");

    plan = build(arena, small, 8, "avx2");
    at = plan->evaluation->kernels.at;
    first = at[0];
    at[0] = at[1];
    at[1] = first;
    expect_fault(arena, plan, "reads conv before it is written");
    arena_free(arena);
}

static void test_wrong_memory(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    buffer_of(plan->scratch, "conv")->offset -= 1;
    expect_fault(arena, plan, "reaches into what lies after it");

    plan = build(arena, small, 8, "avx2");
    plan->scratch_size -= 1;
    expect_fault(arena, plan, "reaches into what lies after it");

    plan = build(arena, small, 8, "avx2");
    plan->weights_size -= 1;
    expect_fault(arena, plan, "fc_bias reaches into what lies after it");

    plan = build(arena, large, 64, "avx2");
    plan->batch_size -= 1;
    expect_fault(arena, plan, "reaches into what lies after it");

    plan = build(arena, small, 8, "avx2");
    plan->train.buffer[plan->train.graph->gradients.at[1]->id]->offset += 1;
    expect_fault(arena, plan, "is not where the update looks for it");

    plan = build(arena, large, 64, "avx2");
    buffer_of(plan->batch, "d_hidden")->place = PLACE_SCRATCH;
    expect_fault(arena, plan, "was another thread's scratch");

    plan = build(arena, small, 8, "avx2");
    plan->train.buffer[plan->train.graph->gradients.at[0]->id]->place = PLACE_GRADIENT;
    expect_fault(arena, plan, "is not its to write");
    arena_free(arena);
}

static void test_wrong_units(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 64, "avx2");
    plan->phases.at[0]->units -= 1;
    expect_fault(arena, plan, "phase blocks has 7 units for the work of 8");

    plan = build(arena, small, 64, "avx2");
    plan->phases.at[1]->units += 1;
    expect_fault(arena, plan, "phase update has 2 units for the work of 1");

    plan = build(arena, small, 64, "avx2");
    plan->phases.at[1]->everywhere = false;
    expect_fault(arena, plan, "phase update runs everywhere, or should");

    plan = build(arena, small, 64, "avx2");
    plan->phases.at[0]->everywhere = true;
    expect_fault(arena, plan, "phase blocks runs everywhere, or should");

    plan = build(arena, large, 64, "avx2");
    plan->everywhere = plan->phases.at[2]->everywhere = true;
    expect_fault(arena, plan, "one gradient for steps of either parity");

    plan = build(arena, large, 64, "avx2");
    Kernel *kernel = kernel_of(plan->phases.at[1], "hidden_backward_weight");
    kernel->slice -= kernel->over[0].tile;
    expect_fault(arena, plan, "do not cover i once");

    plan = build(arena, large, 64, "avx2");
    kernel = kernel_of(plan->phases.at[1], "hidden_backward_weight");
    kernel->over[1].tile = 1;
    kernel->over[0].tile = kernel->tile = 7;
    expect_fault(arena, plan, "share a tile");
    arena_free(arena);
}

static void test_wrong_loops(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 8, "avx2");
    Kernel *kernel = kernel_of(plan->phases.at[0], "conv_forward");
    kernel->over[0].axis = kernel->over[1].axis;
    expect_fault(arena, plan, "conv_forward has 0 loops over y");

    plan = build(arena, small, 8, "avx2");
    kernel = kernel_of(plan->phases.at[0], "conv_forward");
    kernel->fold[0] = kernel->fold[1];
    expect_fault(arena, plan, "conv_forward has 0 loops over u");

    plan = build(arena, small, 8, "avx2");
    kernel = kernel_of(plan->phases.at[0], "strided_backward_input");
    loop_of(kernel, "c")->tile = 1;
    loop_of(kernel, "y")->tile = kernel->tile = 5;
    expect_fault(arena, plan, "has a tile over y, which a condition depends on");

    plan = build(arena, small, 8, "avx2");
    kernel = kernel_of(plan->phases.at[0], "conv_forward");
    loop_of(kernel, "x")->tile = 11;
    expect_fault(arena, plan, "has a tile of 11 of the 10 points of x");

    plan = build(arena, small, 8, "avx2");
    kernel = kernel_of(plan->phases.at[0], "conv_forward");
    loop_of(kernel, "x")->tile = 10;
    loop_of(kernel, "o")->tile = 6;
    kernel->tile = 60;
    expect_fault(arena, plan, "keeps 60 sums in registers");
    arena_free(arena);
}

/* ---- the work of kernels */

static KernelWork work_of(Arena *arena, const Plan *plan, const char *name)
{
    const KernelWorks *works = kernel_works(arena, plan);
    for (int i = 0; i < works->count; i++)
        if (strcmp(works->at[i].name, name) == 0)
            return works->at[i];
    fail_msg("no work of %s", name);
    return (KernelWork){0};
}

static void test_work(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Plan *plan = build(arena, small, 64, "avx2");
    KernelWork conv = work_of(arena, plan, "conv_forward"), load = work_of(arena, plan, "load_block");
    assert_string_equal(conv.phase, "blocks");
    assert_int_equal(conv.sample_flop, 2 * 10 * 10 * 6 * 9);
    assert_int_equal(conv.block_reals, 8 * 12 * 12 + 6 * 9 + 6 + 8 * 10 * 10 * 6);
    assert_int_equal(conv.step_flop + conv.step_reals + conv.sample_bytes, 0);
    assert_int_equal(load.sample_flop, 2 * 12 * 12);
    assert_int_equal(load.sample_bytes, 12 * 12 + 1);
    assert_int_equal(load.block_reals, 8 * (12 * 12 + 1));
    assert_string_equal(work_of(arena, plan, "evaluate_pool_forward").phase, "evaluate");

    /* momentum * history + gradient, weight - lr * that; the gradient from 8 blocks */
    KernelWork update = work_of(arena, plan, "update");
    assert_int_equal(update.step_flop, (8 + 3 + 2) * plan->weights_size);
    assert_int_equal(update.block_reals, plan->weights_size);
    assert_int_equal(update.step_reals, 4 * plan->weights_size);

    /* What is summed over all blocks reads the activations of each and writes one gradient. */
    plan = build(arena, large, 64, "avx2");
    KernelWork hidden = work_of(arena, plan, "hidden_backward_weight");
    assert_string_equal(hidden.phase, "weights");
    assert_int_equal(hidden.sample_flop, 2 * 400 * 1000);
    assert_int_equal(hidden.block_reals, 8 * (400 + 1000));
    assert_int_equal(hidden.step_reals, 400 * 1000);
    update = work_of(arena, plan, "update");
    assert_int_equal(update.block_reals, 410);
    assert_int_equal(update.step_reals, 404000 + 4 * 404410);
    arena_free(arena);
}

/* ---- files */

static void test_files(void **state)
{
    (void)state;
    static const char *const names[] = { "small.h", "small.c", "small_model.c", "small_predict.c", "small_layers.c",
                                        "main.c", "Makefile" };
    Arena *arena = arena_new();
    const Plan *plan = build_at(arena, "/home/me/specs/test.net", small, 64, "avx2");
    const char *line = "netc test.net --cpu=avx2";
    const Files *files = cpu_emit(arena, plan, line), *again = cpu_emit(arena, plan, line);
    const char *hash = sha256_text(arena, plan->model->source->text, plan->model->source->size);

    assert_int_equal(files->count, sizeof names / sizeof *names);
    for (int i = 0; i < files->count; i++) {
        const File *file = &files->at[i];
        assert_string_equal(file->name, names[i]);
        assert_int_equal(file->size, strlen(file->text));
        assert_string_equal(file->text, again->at[i].text);
        assert_null(strstr(file->text, "/home"));
        assert_null(strchr(file->text, '\r'));
        assert_int_equal(file->text[file->size - 1], '\n');
        assert_non_null(strstr(file->text, "small, compiled by netc "));
        assert_non_null(strstr(file->text, " for avx2 from test.net with: netc test.net --cpu=avx2\n"));
        assert_non_null(strstr(file->text, hash));
    }
    arena_free(arena);
}

/* Neither a file's name nor the command line gets out of the comment or the string it stands in. */
static void test_odd_names(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = build_at(arena, "folder/a\n\"b\\.net", small, 64, "avx2");
    const Files *files = cpu_emit(arena, plan, "netc */ int x; /*\nall: evil\\");
    for (int i = 0; i < files->count; i++) {
        const File *file = &files->at[i];
        assert_null(strstr(file->text, "*/ int x"));
        assert_null(strstr(file->text, "\nall: evil"));
        assert_null(strstr(file->text, "a\n\"b"));
        assert_null(strstr(file->text, "evil\\"));
    }
    arena_free(arena);
}

/* Long lines are broken; no line of code is longer than the style allows. */
static void test_line_width(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = build(arena,
        "net wide { input 3x20x20\n"
        "a_layer_with_quite_a_long_name: conv2d(-> 12, kernel_size=3, padding=1, groups=3, padding_mode=reflect)\n"
        "another_layer_with_a_long_name: relu\n"
        "the_pool: max_pool2d(3, stride=2, padding=1)\n"
        "concat from the_pool, the_pool\n"
        "flatten\n"
        "linear(-> 10) }\n", 64, "avx2");
    const Files *files = cpu_emit(arena, plan, "netc test.net");
    for (int i = 0; i < 4; i++)
        for (const char *at = files->at[i].text, *end; (end = strchr(at, '\n')); at = end + 1)
            if (end - at > 120)
                fail_msg("%s: %.*s", files->at[i].name, (int)(end - at), at);
    arena_free(arena);
}

/* --emit=plan names every kernel and buffer. */
static void test_print(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = build(arena, large, 64, "avx2");
    Text *text = text_new(arena);
    plan_print(text, plan);
    for (int i = 0; i < plan->phases.count; i++)
        for (int j = 0; j < plan->phases.at[i]->kernels.count; j++)
            assert_non_null(strstr(text->at, plan->phases.at[i]->kernels.at[j]->name));
    for (int i = 0; i < plan->scratch.count; i++)
        assert_non_null(strstr(text->at, plan->scratch.at[i]->name));
    assert_non_null(strstr(text->at, "phase weights"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_units_of_blocks),
        cmocka_unit_test(test_large_gradients),
        cmocka_unit_test(test_update_everywhere),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_shared_kernels),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_wrong_order),
        cmocka_unit_test(test_wrong_memory),
        cmocka_unit_test(test_wrong_units),
        cmocka_unit_test(test_wrong_loops),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_line_width),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
