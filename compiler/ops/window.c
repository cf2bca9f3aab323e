#include "ops/window.h"

#include "ops/shapes.h"

bool window_reach(const Window *w, int side, int64_t *reach)
{
    return !__builtin_mul_overflow(w->dilation[side], w->kernel[side] - 1, reach)
        && !__builtin_add_overflow(*reach, 1, reach) && *reach < MOST_ELEMENTS;
}

void window_too_large(Arena *arena, const Layer *layer, const Window *w, const int64_t reach[2],
                      const int64_t image[2], const int64_t padded[2], Diag *diag)
{
    const char *kernel = pair_text(arena, w->kernel), *input = pair_text(arena, image);
    if (w->dilation[0] > 1 || w->dilation[1] > 1)
        kernel = arena_printf(arena, "%s (%s with dilation %s)", pair_text(arena, reach), kernel,
                              pair_text(arena, w->dilation));
    if (padded[0] > image[0] || padded[1] > image[1])
        input = arena_printf(arena, "%s (%s and padding)", pair_text(arena, padded), input);
    diag_error(diag, layer_arg(layer, "kernel_size")->span, "%s's kernel %s is larger than its input %s",
               layer_title(layer), kernel, input);
    note_source(arena, diag, layer->in.at[0]);
}

Expr *window_tap(Nest *n, const Window *w, int side, Expr *i, Expr *u)
{
    return shift(n, plus(n, scale(n, i, w->stride[side]), scale(n, u, w->dilation[side])), -w->padding[side]);
}

Expr *window_of_tap(Nest *n, const Window *w, int side, Expr *at, Expr *u, int64_t windows)
{
    int64_t stride = w->stride[side];
    Expr *start = shift(n, minus(n, at, scale(n, u, w->dilation[side])), w->padding[side]);
    guard_range(n, start, 0, (windows - 1) * stride);
    if (stride == 1)
        return start;
    nest_guard(n, equal(n, expr_binary(n->arena, EXPR_MOD, start, whole(n, stride)), whole(n, 0)));
    return expr_binary(n->arena, EXPR_DIV, start, whole(n, stride));
}

/* Windows that neither overlap nor leave gaps between them: every element lies in one of them, at one tap. */
static void give_back_tiles(Node *node, Nest *n, const Window *w, const Tensor *indices, const Tensor *values)
{
    static const char *const name[2][2] = { { "y", "u" }, { "x", "v" } };
    const Tensor *out = node->out[0];
    Expr *at[2], *window[2], *tap[2], *is_window = expr_bool(n->arena, true);

    for (int side = 0; side < 2; side++) {
        int64_t kernel = w->kernel[side], size = out->dim[1 + side];
        window[side] = nest_over(n, name[side][0], (size + kernel - 1) / kernel);
        tap[side] = nest_over(n, name[side][1], kernel);
        at[side] = plus(n, scale(n, window[side], kernel), tap[side]);
        nest_domain(n, less(n, at[side], whole(n, size)));
        is_window = both(n, is_window, less(n, window[side], whole(n, values->dim[1 + side])));
    }
    Expr *c = nest_over(n, "c", out->dim[0]);
    Expr *took = equal(n, load(n, indices, AT(c, window[0], window[1])),
                       plus(n, scale(n, tap[0], w->kernel[1]), tap[1]));
    Expr *value = choose(n, took, load(n, values, AT(c, window[0], window[1])), real(n, 0));
    nest_store(n, node->out[0], choose(n, is_window, value, real(n, 0)), AT(c, at[0], at[1]));
}

/* Any windows. The fold counts taps backwards, so that it meets the windows that read an element in their order. */
static void give_back_folded(Node *node, Nest *n, const Window *w, const Tensor *indices, const Tensor *values,
                             ReduceKind kind)
{
    const Tensor *out = node->out[0];
    Expr *y = nest_over(n, "y", out->dim[1]), *x = nest_over(n, "x", out->dim[2]), *c = nest_over(n, "c", out->dim[0]);
    Expr *u = nest_fold(n, "u", w->kernel[0]), *v = nest_fold(n, "v", w->kernel[1]);
    Expr *row = window_of_tap(n, w, 0, y, minus(n, whole(n, w->kernel[0] - 1), u), values->dim[1]);
    Expr *column = window_of_tap(n, w, 1, x, minus(n, whole(n, w->kernel[1] - 1), v), values->dim[2]);
    Expr *tap = minus(n, whole(n, w->kernel[0] * w->kernel[1] - 1), plus(n, scale(n, u, w->kernel[1]), v));
    Expr *took = equal(n, load(n, indices, AT(c, row, column)), tap);
    Expr *value = load(n, values, AT(c, row, column)), *result;
    if (kind == REDUCE_LAST)
        result = nest_reduce(n, REDUCE_LAST, real(n, 0), value, took);
    else
        result = sum(n, choose(n, took, value, real(n, 0)));
    nest_store(n, node->out[0], result, AT(c, y, x));
}

void window_give_back(Graph *graph, Node *node, const Window *w, const Tensor *indices, const Tensor *values,
                      ReduceKind kind, const char *note)
{
    Nest *n = node_nest(graph, node, NULL, note);
    bool tiles = true;
    for (int side = 0; side < 2; side++)
        tiles = tiles && w->kernel[side] == w->stride[side] && w->dilation[side] == 1 && w->padding[side] == 0;
    if (tiles)
        give_back_tiles(node, n, w, indices, values);
    else
        give_back_folded(node, n, w, indices, values, kind);
}
