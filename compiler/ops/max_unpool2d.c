/* Puts the elements of a pooled image back where a max_pool2d took them from; 0 elsewhere. Where windows overlap, the
 * last one in row order wins. */
#include "ops/max_pool2d.h"

#include "ops/kinds.h"
#include "ops/shapes.h"

#include <inttypes.h>

static const ParamDef max_unpool2d_params[] = {
    { .name = "kernel_size", .type = PARAM_SPATIAL, .least = 1, .help = "height and width of the pool's window" },
    { .name = "stride", .type = PARAM_SPATIAL, .fallback = "=kernel_size", .least = 1, .help = "the pool's stride" },
    { .name = "padding", .type = PARAM_SPATIAL, .fallback = "0", .least = 0, .help = "the pool's padding" },
    { .name = "indices", .type = PARAM_LAYER, .named_only = true,
      .help = "the max_pool2d, with return_indices=true, whose elements are put back" },
    { .name = NULL }
};

/* The pool that the argument names, or NULL after a report. */
static const Layer *find_pool(Arena *arena, const Layer *layer, Diag *diag)
{
    const Arg *indices = layer_arg(layer, "indices");
    const Layer *pool = indices->layer;
    if (pool->op != &op_max_pool2d) {
        diag_error(diag, indices->span, "%s needs the indices of a max_pool2d, not of %s (%s)",
                   layer_title(layer), layer_title(pool), pool->op->name);
        note_source(arena, diag, pool);
        return NULL;
    }
    if (!layer_arg(pool, "return_indices")->i[0]) {
        diag_error(diag, indices->span, "%s needs the indices of %s, which does not return them", layer_title(layer),
                   layer_title(pool));
        diag_note(diag, pool->span, "%s has return_indices=false", layer_title(pool));
        diag_help(diag, "add `return_indices=true` to %s", layer_title(pool));
        return NULL;
    }
    return pool;
}

static bool max_unpool2d_shape(Arena *arena, Layer *layer, Diag *diag)
{
    const Layer *source = layer->in.at[0], *pool = find_pool(arena, layer, diag);
    if (!needs_image(arena, layer, diag) || !pool)
        return false;
    if (!shape_equal(source->out, pool->out)) {
        diag_error(diag, layer->from_span, "%s needs what %s gives, %s, to use its indices, but %s gives %s",
                   layer_title(layer), layer_title(pool), shape_text(arena, pool->out), layer_title(source),
                   shape_text(arena, source->out));
        note_source(arena, diag, source);
        note_source(arena, diag, pool);
        return false;
    }
    const Shape image = pool->in.at[0]->out;
    layer->out = (Shape){ 3, { source->out.dim[0] } };
    for (int side = 0; side < 2; side++) {
        int64_t kernel = layer_arg(layer, "kernel_size")->i[side], stride = layer_arg(layer, "stride")->i[side];
        int64_t padding = layer_arg(layer, "padding")->i[side], size;
        if (__builtin_mul_overflow(source->out.dim[1 + side] - 1, stride, &size)
            || __builtin_add_overflow(size, kernel, &size)
            || __builtin_sub_overflow(size, padding, &size) || __builtin_sub_overflow(size, padding, &size)) {
            diag_error(diag, layer->span, "%s with stride %" PRId64 " and kernel_size %" PRId64 " would give more than "
                       "%" PRId64 " rows or columns", layer_title(layer), stride, kernel, INT64_MAX);
            return false;
        }
        layer->out.dim[1 + side] = size;
    }
    if (!shape_equal(layer->out, image)) {
        diag_error(diag, layer->span, "%s gives %s, but %s took its elements from %s", layer_title(layer),
                   shape_text(arena, layer->out), layer_title(pool), shape_text(arena, image));
        diag_note(diag, pool->span, "%s reads %s, %s", layer_title(pool), layer_title(pool->in.at[0]),
                  shape_text(arena, image));
        diag_help(diag, "(size - 1) * stride - 2 * padding + kernel_size must be the size that the pool reads");
        return false;
    }
    return true;
}

static Tensor *max_unpool2d_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    const Layer *pool = layer_arg(layer, "indices")->layer;
    Tensor *y = graph_value(graph, layer, TYPE_REAL, 3, layer->out.dim, "%s", layer->name);
    (void)ins;
    graph_node(graph, &kind_max_unpool2d, layer, "forward", (Tensor *[]){ in[0], graph->indices[pool->index] }, 2,
               &y, 1);
    return y;
}

static void max_unpool2d_nests(Graph *graph, Node *node)
{
    const Window w = max_pool2d_window(layer_arg(node->layer, "indices")->layer);
    window_give_back(graph, node, &w, node->in.at[1], node->in.at[0], REDUCE_LAST,
                     "y[c][y][x] is the element of the last window that took (y, x), else 0");
}

static void max_unpool2d_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    graph_node(graph, &kind_max_unpool2d_backward, node->layer, "backward", (Tensor *[]){ node->in.at[1], dout[0] }, 2,
               &din[0], 1);
}

static void max_unpool2d_backward_nests(Graph *graph, Node *node)
{
    const Tensor *indices = node->in.at[0], *dy = node->in.at[1], *dx = node->out[0];
    const Window w = max_pool2d_window(layer_arg(node->layer, "indices")->layer);

    Nest *n = node_nest(graph, node, NULL, "dx[c][y][x] is the gradient at the position that its element was put to");
    Expr *y = nest_over(n, "y", dx->dim[1]), *x = nest_over(n, "x", dx->dim[2]), *c = nest_over(n, "c", dx->dim[0]);
    Expr *u = nest_fold(n, "u", w.kernel[0]), *v = nest_fold(n, "v", w.kernel[1]);
    Expr *row = window_tap(n, &w, 0, y, u), *column = window_tap(n, &w, 1, x, v);
    guard_range(n, row, 0, dy->dim[1] - 1);
    guard_range(n, column, 0, dy->dim[2] - 1);
    Expr *took = equal(n, load(n, indices, AT(c, y, x)), plus(n, scale(n, u, w.kernel[1]), v));
    nest_store(n, node->out[0], sum(n, choose(n, took, load(n, dy, AT(c, row, column)), real(n, 0))), AT(c, y, x));
}

const NodeKind kind_max_unpool2d = { "max_unpool2d", max_unpool2d_nests, max_unpool2d_gradient };
const NodeKind kind_max_unpool2d_backward = { "max_unpool2d_backward", max_unpool2d_backward_nests, NULL };

const Op op_max_unpool2d = {
    .name = "max_unpool2d",
    .help = "the elements of a pooled image, put back where max_pool2d took them from",
    .params = max_unpool2d_params,
    .least_inputs = 1, .most_inputs = 1,
    .shape = max_unpool2d_shape,
    .forward = max_unpool2d_forward,
};
