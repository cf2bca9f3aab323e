/* What the tests of operators share: networks made by hand, layer by layer. */
#ifndef NETC_OPS_BENCH_H
#define NETC_OPS_BENCH_H

#include "op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Source source = { "test.net", "test\n", 5 };

/* One network made by hand, and what is said of it. */
typedef struct Bench {
    Arena *arena;
    Model *model;
    FILE  *file;
    char  *said;
    size_t size;
    Diag  *diag;
} Bench;

static inline Bench *bench_new(void)
{
    Arena *arena = arena_new();
    Bench *bench = NEW(arena, Bench);
    bench->arena = arena;
    bench->model = NEW(arena, Model);
    bench->model->source = &source;
    bench->model->name = "test";
    bench->file = open_memstream(&bench->said, &bench->size);
    bench->diag = diag_new(arena, &source, bench->file, false);
    return bench;
}

static inline void bench_free(Bench *bench)
{
    fclose(bench->file);
    free(bench->said);
    arena_free(bench->arena);
}

/* The value that the table's default gives; "=name" copies an argument before it. */
static inline void set_default(Layer *layer, const ParamDef *def, Arg *arg)
{
    const char *text = def->fallback;
    arg->word = -1;
    if (!text)
        return;
    if (*text == '=') {
        *arg = *layer_arg(layer, text + 1);
    } else if (def->type == PARAM_BOOL) {
        arg->i[0] = strcmp(text, "true") == 0;
    } else if (def->type == PARAM_WORD) {
        while (strcmp(def->words[arg->i[0]], text) != 0)
            arg->i[0]++;
    } else {
        arg->i[0] = arg->i[1] = strtoll(text, NULL, 10);
    }
}

static inline Arg *argument(Layer *layer, const char *name)
{
    return (Arg *)layer_arg(layer, name);
}

/* Sets a pair, and what copies it by default. */
static inline void set(Layer *layer, const char *name, int64_t height, int64_t width)
{
    Arg *arg = argument(layer, name);
    arg->i[0] = height;
    arg->i[1] = width;
    for (int i = 0; layer->op->params[i].name; i++) {
        const char *fallback = layer->op->params[i].fallback;
        if (fallback && *fallback == '=' && strcmp(fallback + 1, name) == 0)
            layer->args[i] = *arg;
    }
}

static inline void read_from(Bench *bench, Layer *layer, Layer *in)
{
    list_add(bench->arena, &layer->in, in);
}

static inline Layer *layer_new(Bench *bench, const char *op, const char *name, Layer *in)
{
    Layer *layer = NEW(bench->arena, Layer);
    int count = 0;
    layer->op = op_find(op, strcmp(op, "cross_entropy") == 0);
    assert_non_null(layer->op);
    layer->name = name;
    layer->span = layer->from_span = (Span){ 0, 4 };
    if (in)
        read_from(bench, layer, in);
    while (layer->op->params && layer->op->params[count].name)
        count++;
    layer->args = arena_alloc(bench->arena, (size_t)(count + 1) * sizeof *layer->args);
    for (int i = 0; i < count; i++)
        set_default(layer, &layer->op->params[i], &layer->args[i]);
    return layer;
}

static inline Layer *input_new(Bench *bench, int64_t channels, int64_t height, int64_t width)
{
    Layer *layer = layer_new(bench, "input", "input", NULL);
    layer->out = (Shape){ 3, { channels, height, width } };
    list_add(bench->arena, &bench->model->layers, layer);
    return layer;
}

static inline Layer *conv_new(Bench *bench, Layer *in, int64_t out, int64_t height, int64_t width)
{
    Layer *layer = layer_new(bench, "conv2d", "conv1", in);
    layer->sizes.out = out;
    set(layer, "kernel_size", height, width);
    return layer;
}

static inline Layer *pool_new(Bench *bench, Layer *in, int64_t height, int64_t width)
{
    Layer *layer = layer_new(bench, "max_pool2d", "max_pool2d_1", in);
    set(layer, "kernel_size", height, width);
    return layer;
}

static inline bool shape(Bench *bench, Layer *layer)
{
    return layer->op->shape(bench->arena, layer, bench->diag);
}

/* A layer that has to be well shaped, as part of the model. */
static inline Layer *keep(Bench *bench, Layer *layer)
{
    bool good = shape(bench, layer);
    fflush(bench->file);
    if (!good)
        fail_msg("%s is refused: %s", layer->name, bench->said);
    layer->index = bench->model->layers.count;
    list_add(bench->arena, &bench->model->layers, layer);
    return layer;
}

static inline Layer *unpool_new(Bench *bench, Layer *in, Layer *pool)
{
    Layer *layer = layer_new(bench, "max_unpool2d", "back", in);
    set(layer, "kernel_size", 2, 2);
    argument(layer, "indices")->layer = pool;
    return layer;
}

#endif
