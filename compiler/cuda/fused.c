/* Elements, rows and loops of the fused step. */
#include "cuda/fused.h"

#include <inttypes.h>
#include <string.h>

const char *fused_element(const Scope *scope, const Tensor *tensor, Expr *const index[])
{
    const Kernel *kernel = scope->kernel;
    const Graph *graph = kernel->program->graph;
    Arena *arena = scope->arena;
    if (tensor == graph->label)
        return "label";
    if (tensor == graph->scale)
        return graph->model->train.class_weights ? "step_scale(step)" : "step.scale";
    if (kernel->scheme == SCHEME_FUSED_LINEAR && tensor == kernel->node->in.at[0] && tensor != kernel->shape)
        return arena_printf(arena, "features[%s]", expr_c(scope, index[0], 0));
    const Buffer *buffer = kernel_buffer(kernel, tensor);
    const char *text = buffer->place == PLACE_BATCH ? arena_printf(arena, "%s[sample]", buffer->name) : buffer->name;
    for (int i = 0; i < buffer->rank; i++) {
        Expr *at = index[i];
        int64_t width = buffer->packed && i == 2 ? tensor->dim[3] : buffer->pitch && i == 1 ? buffer->pitch : 0;
        if (width)
            at = expr_binary(arena, EXPR_ADD, expr_binary(arena, EXPR_MUL, expr_int(arena, width), at), index[i + 1]);
        text = arena_printf(arena, "%s[%s]", text, expr_c(scope, at, 0));
    }
    return text;
}

const char *fused_row(const CudaEmitter *e, const Tensor *tensor, const char *c, const char *y, const char *x)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    bool sum = strpbrk(y, " ") != NULL;
    if (!buffer->pitch)
        return arena_printf(e->arena, "%s[%s][%s][%s]", buffer->name, c, y, x);
    return arena_printf(e->arena, sum ? "%s[%s][%" PRId64 "*(%s)%s%s]" : "%s[%s][%" PRId64 "*%s%s%s]", buffer->name, c,
                        buffer->pitch, y, strcmp(x, "0") ? " + " : "", strcmp(x, "0") ? x : "");
}

int fused_vector(const CudaEmitter *e, const Tensor *tensor, int64_t step)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    int64_t pitch = buffer->pitch ? buffer->pitch : buffer->dim[2];
    int64_t plane = buffer->pitch ? buffer->dim[1] : buffer->dim[1] * buffer->dim[2];
    int vector = 4;
    while (pitch % vector || plane % vector || step % vector)
        vector /= 2;
    return vector;
}

void fused_open_items(const CudaEmitter *e, const char *item, int64_t items)
{
    int threads = e->kernel->launch.threads, first = e->kernel->launch.first;
    if (first)
        line(e->text, "int %s = (int)threadIdx.x - %d;\n"
                      "if (0 <= %s && %s < %" PRId64 ") {", item, first, item, item, items);
    else if (items > threads)
        line(e->text, "for (int %s = threadIdx.x; %s < %" PRId64 "; %s += %d) {", item, item, items, item, threads);
    else
        line(e->text, items == threads ? "{\n"
                                         "int %s = threadIdx.x;"
                                       : "int %s = threadIdx.x;\n"
                                         "if (%s < %" PRId64 ") {", item, item, items);
}

void fused_stores(const CudaEmitter *e)
{
    const Nest *nest = e->kernel->nest;
    for (int i = 0; i < nest->stores; i++)
        line_wrapped(e->text, "%s = %s;", fused_element(&e->scope, nest->store[i].tensor, nest->store[i].index),
                     expr_c(&e->scope, nest->store[i].value, 0));
}

const char *fused_digit(Arena *arena, const char *number, int64_t inner, int64_t count, bool outermost)
{
    if (count == 1)
        return "0";
    const char *text = inner > 1 ? arena_printf(arena, "%s / %" PRId64, number, inner) : number;
    return outermost ? text : arena_printf(arena, "%s %% %" PRId64, text, count);
}
