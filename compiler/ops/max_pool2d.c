/* The largest element of each window; of equal ones the first in row order. Padding and ceil_mode never read outside:
 * windows that stick out are cut by guards. */
#include "ops/max_pool2d.h"

#include "ops/kinds.h"
#include "ops/shapes.h"

#include <inttypes.h>

static const ParamDef max_pool2d_params[] = {
    { .name = "kernel_size", .type = PARAM_SPATIAL, .least = 1, .help = "height and width of the window" },
    { .name = "stride", .type = PARAM_SPATIAL, .fallback = "=kernel_size", .least = 1,
      .help = "rows and columns from one window to the next" },
    { .name = "padding", .type = PARAM_SPATIAL, .fallback = "0", .least = 0,
      .help = "rows and columns that windows may stick out on each side, at most half the kernel" },
    { .name = "dilation", .type = PARAM_SPATIAL, .fallback = "1", .least = 1,
      .help = "rows and columns from one element of the window to the next" },
    { .name = "return_indices", .type = PARAM_BOOL, .fallback = "false",
      .help = "whether a max_unpool2d may use where the largest elements were" },
    { .name = "ceil_mode", .type = PARAM_BOOL, .fallback = "false",
      .help = "whether a last window that sticks out counts too" },
    { .name = NULL }
};

Window max_pool2d_window(const Layer *pool)
{
    const Arg *kernel = layer_arg(pool, "kernel_size"), *stride = layer_arg(pool, "stride");
    const Arg *padding = layer_arg(pool, "padding"), *dilation = layer_arg(pool, "dilation");
    return (Window){ { kernel->i[0], kernel->i[1] }, { stride->i[0], stride->i[1] },
                     { dilation->i[0], dilation->i[1] }, { padding->i[0], padding->i[1] } };
}

/* How many windows PyTorch makes over `padded` rows or columns, of which `padding` lie on each side; 0 or less where
 * the kernel is too large. */
static int64_t count_windows(int64_t padded, int64_t padding, int64_t reach, int64_t stride, bool ceil_mode)
{
    int64_t room = padded - reach;
    if (!ceil_mode)
        return room < 0 ? 0 : room / stride + 1;
    int64_t count = room < 0 ? 1 - -room / stride : room / stride + (room % stride != 0) + 1;
    int64_t last = (padded - padding - 1) / stride;         /* that starts inside the image or the padding before it */
    return count - 1 > last ? count - 1 : count;
}

/* Whether each window has a tap inside the image: only a dilation wider than the image can leave one without. */
static bool windows_see(const Window *w, int side, int64_t size, int64_t windows)
{
    int64_t dilation = w->dilation[side];
    if (dilation <= size)
        return true;
    for (int64_t i = 0; i < windows && i * w->stride[side] < w->padding[side]; i++) {
        int64_t start = i * w->stride[side] - w->padding[side], taps_before = (-start + dilation - 1) / dilation;
        if (taps_before >= w->kernel[side] || start + taps_before * dilation >= size)
            return false;
    }
    return true;
}

static bool padding_fits(Arena *arena, const Layer *layer, const Window *w, Diag *diag)
{
    if (w->padding[0] <= w->kernel[0] / 2 && w->padding[1] <= w->kernel[1] / 2)
        return true;
    diag_error(diag, layer_arg(layer, "padding")->span, "%s's padding %s is more than half its kernel %s",
               layer_title(layer), pair_text(arena, w->padding), pair_text(arena, w->kernel));
    diag_help(diag, "at most %s", pair_text(arena, (int64_t[]){ w->kernel[0] / 2, w->kernel[1] / 2 }));
    return false;
}

static bool max_pool2d_shape(Arena *arena, Layer *layer, Diag *diag)
{
    const Layer *source = layer->in.at[0];
    const Window w = max_pool2d_window(layer);
    bool ceil_mode = layer_arg(layer, "ceil_mode")->i[0], fits = padding_fits(arena, layer, &w, diag), sees = true;
    if (!needs_image(arena, layer, diag) || !fits)
        return false;

    int64_t image[2] = { source->out.dim[1], source->out.dim[2] }, padded[2], reach[2], positions;
    layer->out = (Shape){ 3, { source->out.dim[0] } };
    for (int side = 0; side < 2; side++) {
        if (!window_reach(&w, side, &reach[side]) || __builtin_mul_overflow(w.kernel[0], w.kernel[1], &positions)
            || positions > INT32_MAX) {
            diag_error(diag, layer_arg(layer, "kernel_size")->span, "%s's kernel %s with dilation %s is too large",
                       layer_title(layer), pair_text(arena, w.kernel), pair_text(arena, w.dilation));
            diag_help(diag, "it may have %" PRId32 " elements", INT32_MAX);
            return false;
        }
        padded[side] = image[side] + 2 * w.padding[side];
        int64_t windows = count_windows(padded[side], w.padding[side], reach[side], w.stride[side], ceil_mode);
        fits = fits && windows >= 1;
        sees = sees && windows_see(&w, side, image[side], windows);
        layer->out.dim[1 + side] = windows;
    }
    if (!fits) {
        window_too_large(arena, layer, &w, reach, image, padded, diag);
        return false;
    }
    if (!sees) {
        diag_error(diag, layer->span, "%s has a window that sees nothing but padding: kernel %s with dilation %s on %s",
                   layer_title(layer), pair_text(arena, w.kernel), pair_text(arena, w.dilation),
                   pair_text(arena, image));
        note_source(arena, diag, source);
        return false;
    }
    return true;
}

static Tensor *max_pool2d_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *y = graph_value(graph, layer, TYPE_REAL, 3, layer->out.dim, "%s", layer->name);
    Tensor *indices = graph_value(graph, layer, TYPE_INT, 3, layer->out.dim, "%s_indices", layer->name);
    graph_node(graph, &kind_max_pool2d, layer, "forward", in, ins, (Tensor *[]){ y, indices }, 2);
    graph->indices[layer->index] = indices;
    return y;
}

static void max_pool2d_nests(Graph *graph, Node *node)
{
    const Tensor *x = node->in.at[0];
    const Shape out = node->layer->out;
    const Window w = max_pool2d_window(node->layer);

    Nest *n = node_nest(graph, node, NULL, node->out[1] ? "the largest of each window, and which element of it that is"
                                                        : "the largest of each window");
    Expr *i = nest_over(n, "y", out.dim[1]), *j = nest_over(n, "x", out.dim[2]), *c = nest_over(n, "c", out.dim[0]);
    Expr *u = nest_fold(n, "u", w.kernel[0]), *v = nest_fold(n, "v", w.kernel[1]);
    Expr *row = window_tap(n, &w, 0, i, u), *column = window_tap(n, &w, 1, j, v);
    guard_range(n, row, 0, x->dim[1] - 1);
    guard_range(n, column, 0, x->dim[2] - 1);
    Expr *largest = nest_reduce(n, REDUCE_MAX, NULL, load(n, x, AT(c, row, column)), NULL);
    if (node->out[0])
        nest_store(n, node->out[0], largest, AT(c, i, j));
    if (node->out[1]) {
        Expr *position = nest_reduce(n, REDUCE_ARGMAX, NULL, plus(n, scale(n, u, w.kernel[1]), v), NULL);
        nest_store(n, node->out[1], position, AT(c, i, j));
    }
}

static void max_pool2d_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    graph_node(graph, &kind_max_pool2d_backward, node->layer, "backward", (Tensor *[]){ node->out[1], dout[0] }, 2,
               &din[0], 1);
}

static void max_pool2d_backward_nests(Graph *graph, Node *node)
{
    const Window w = max_pool2d_window(node->layer);
    window_give_back(graph, node, &w, node->in.at[0], node->in.at[1], REDUCE_SUM,
                     "dx[c][y][x] gathers every window that took (y, x)");
}

const NodeKind kind_max_pool2d = { "max_pool2d", max_pool2d_nests, max_pool2d_gradient };
const NodeKind kind_max_pool2d_backward = { "max_pool2d_backward", max_pool2d_backward_nests, NULL };

const Op op_max_pool2d = {
    .name = "max_pool2d",
    .help = "the largest element of each window",
    .params = max_pool2d_params,
    .least_inputs = 1, .most_inputs = 1,
    .shape = max_pool2d_shape,
    .forward = max_pool2d_forward,
};
