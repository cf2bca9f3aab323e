/* y[o] = bias[o] + sum over c, u, v of weight[o][c][u][v] * x[c] at the taps of the window. A border is a pad node of
 * its own, so that everything here reads inside its image. */
#include "ops/conv2d.h"

#include "ops/kinds.h"
#include "ops/shapes.h"

#include <inttypes.h>

static const char *const padding_words[] = { "same", "valid", NULL };
enum { PADDING_SAME, PADDING_VALID };

/* In the order of PAD_ZEROS and its like. */
static const char *const padding_modes[] = { "zeros", "reflect", "replicate", "circular", NULL };

static const ParamDef conv2d_params[] = {
    { .name = "kernel_size", .type = PARAM_SPATIAL, .least = 1, .help = "height and width of the kernel" },
    { .name = "stride", .type = PARAM_SPATIAL, .fallback = "1", .least = 1,
      .help = "rows and columns from one window to the next" },
    { .name = "padding", .type = PARAM_SPATIAL_OR_WORD, .fallback = "0", .least = 0, .words = padding_words,
      .help = "rows and columns added on each side; same: as many as keep the size; valid: none" },
    { .name = "dilation", .type = PARAM_SPATIAL, .fallback = "1", .least = 1,
      .help = "rows and columns from one element of the kernel to the next" },
    { .name = "groups", .type = PARAM_INT, .fallback = "1", .least = 1,
      .help = "the channels in and out are divided into so many groups, each convolved by itself" },
    { .name = "bias", .type = PARAM_BOOL, .fallback = "true", .help = "whether a bias is added" },
    { .name = "padding_mode", .type = PARAM_WORD, .fallback = "zeros", .words = padding_modes,
      .help = "what the padding consists of" },
    { .name = NULL }
};

Window conv2d_window(const Layer *layer)
{
    const Arg *kernel = layer_arg(layer, "kernel_size"), *stride = layer_arg(layer, "stride");
    const Arg *dilation = layer_arg(layer, "dilation");
    return (Window){ { kernel->i[0], kernel->i[1] }, { stride->i[0], stride->i[1] },
                     { dilation->i[0], dilation->i[1] }, { 0, 0 } };
}

/* Rows (side 0) or columns (side 1) added before and after the image, for a kernel that reaches so far. */
static void border_of(const Layer *layer, int side, int64_t reach, int64_t *before, int64_t *after)
{
    const Arg *padding = layer_arg(layer, "padding");
    bool same = padding->word == PADDING_SAME, valid = padding->word == PADDING_VALID;
    *before = same ? (reach - 1) / 2 : valid ? 0 : padding->i[side];
    *after = same ? reach - 1 - *before : *before;
}

/* Reports a border that is wider than its mode can fill from an image that is `size` high or wide. */
static bool border_fits(Arena *arena, const Layer *layer, int side, int64_t border, int64_t size, Diag *diag)
{
    int64_t mode = layer_arg(layer, "padding_mode")->i[0];
    int64_t most = mode == PAD_REFLECT ? size - 1 : mode == PAD_CIRCULAR ? size : INT64_MAX;
    if (border <= most)
        return true;
    const Layer *source = layer->in.at[0];
    diag_error(diag, layer_arg(layer, "padding")->span,
               "%s's padding of %" PRId64 " is too wide: padding_mode=%s fills up to %" PRId64 " from an image "
               "that is %" PRId64 " %s", layer_title(layer), border, padding_modes[mode], most, size,
               side ? "wide" : "high");
    note_source(arena, diag, source);
    return false;
}

static bool groups_divide(Arena *arena, const Layer *layer, Diag *diag)
{
    const Arg *groups = layer_arg(layer, "groups");
    int64_t count = groups->i[0], in = layer->sizes.in, out = layer->sizes.out;
    if (in % count == 0 && out % count == 0)
        return true;
    bool in_fails = in % count != 0;
    diag_error(diag, groups->span, "%s's %" PRId64 " groups do not divide its %" PRId64 " channels %s",
               layer_title(layer), count, in_fails ? in : out, in_fails ? "in" : "out");
    if (in_fails)
        note_source(arena, diag, layer->in.at[0]);
    else
        diag_note(diag, layer->sizes.out_span, "%" PRId64 " channels out", out);
    diag_help(diag, "groups must divide both channels in and channels out");
    return false;
}

static bool same_without_stride(const Layer *layer, Diag *diag)
{
    const Arg *stride = layer_arg(layer, "stride");
    if (layer_arg(layer, "padding")->word != PADDING_SAME || (stride->i[0] == 1 && stride->i[1] == 1))
        return true;
    diag_error(diag, stride->span, "%s has padding=same, which needs stride 1, not %" PRId64 "x%" PRId64,
               layer_title(layer), stride->i[0], stride->i[1]);
    diag_help(diag, "give the padding as a number: half the kernel, rounded down, is what same adds");
    return false;
}

/* Whether a tensor of these sizes has at most MOST_ELEMENTS elements; reports it at `span` where it has more. */
static bool tensor_fits(Arena *arena, const Layer *layer, Span span, const char *what, int rank, const int64_t dim[],
                        Diag *diag)
{
    int64_t elements = 1;
    const char *sizes = "";
    bool fits = true;
    for (int d = 0; d < rank; d++) {
        fits = fits && !__builtin_mul_overflow(elements, dim[d], &elements) && elements <= MOST_ELEMENTS;
        sizes = arena_printf(arena, "%s%s%" PRId64, sizes, d ? "x" : "", dim[d]);
    }
    if (!fits)
        diag_error(diag, span, "%s's %s would be %s, more than 64 TiB", layer_title(layer), what, sizes);
    return fits;
}

/* Sets layer->out to the sizes that PyTorch gives. */
static bool convolve_sizes(Arena *arena, Layer *layer, Diag *diag)
{
    const Layer *source = layer->in.at[0];
    const Window w = conv2d_window(layer);
    int64_t image[2] = { source->out.dim[1], source->out.dim[2] }, padded[2], reach[2];
    bool fits = true;

    layer->out = (Shape){ 3, { layer->sizes.out } };
    for (int side = 0; side < 2; side++) {
        int64_t before, after;
        if (!window_reach(&w, side, &reach[side])) {
            diag_error(diag, layer_arg(layer, "kernel_size")->span, "%s's kernel of %" PRId64 " with dilation %" PRId64
                       " is larger than any image", layer_title(layer), w.kernel[side], w.dilation[side]);
            return false;
        }
        border_of(layer, side, reach[side], &before, &after);
        if (!border_fits(arena, layer, side, after, image[side], diag))
            return false;
        if (__builtin_add_overflow(image[side], before, &padded[side])
            || __builtin_add_overflow(padded[side], after, &padded[side])) {
            diag_error(diag, layer_arg(layer, "padding")->span, "%s's padding of %" PRId64 " is larger than any image",
                       layer_title(layer), after);
            return false;
        }
        fits = fits && reach[side] <= padded[side];
        layer->out.dim[1 + side] = (padded[side] - reach[side]) / w.stride[side] + 1;
    }
    if (!fits) {
        window_too_large(arena, layer, &w, reach, image, padded, diag);
        return false;
    }
    return tensor_fits(arena, layer, layer_arg(layer, "padding")->span, "padded input", 3,
                       (int64_t[]){ source->out.dim[0], padded[0], padded[1] }, diag);
}

static bool conv2d_shape(Arena *arena, Layer *layer, Diag *diag)
{
    if (!needs_image(arena, layer, diag))
        return false;
    bool fits = sizes_agree(arena, layer, layer->in.at[0]->out.dim[0], "channel", diag);
    fits = fits && groups_divide(arena, layer, diag);
    if (!same_without_stride(layer, diag) || !convolve_sizes(arena, layer, diag) || !fits)
        return false;

    const Arg *kernel = layer_arg(layer, "kernel_size");
    int64_t out = layer->sizes.out, in = layer->sizes.in / layer_arg(layer, "groups")->i[0];
    Learnable weight = { "weight", 4, { out, in, kernel->i[0], kernel->i[1] }, 0 };
    if (!tensor_fits(arena, layer, layer->span, "weight", 4, weight.dim, diag))
        return false;
    weight.fan_in = in * kernel->i[0] * kernel->i[1];
    list_add(arena, &layer->learnables, weight);
    if (layer_arg(layer, "bias")->i[0])
        list_add(arena, &layer->learnables, ((Learnable){ "bias", 1, { out }, weight.fan_in }));
    return true;
}

static Tensor *conv2d_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    const Window w = conv2d_window(layer);
    int64_t before[2], after[2], reach;
    for (int side = 0; side < 2; side++) {
        window_reach(&w, side, &reach);
        border_of(layer, side, reach, &before[side], &after[side]);
    }
    int mode = (int)layer_arg(layer, "padding_mode")->i[0];
    Tensor *operands[3] = { pad(graph, layer, in[0], mode, before, after) };
    for (int i = 0; i < layer->learnables.count; i++)
        operands[ins + i] = graph_parameter(graph, layer, i);
    Tensor *y = graph_value(graph, layer, TYPE_REAL, 3, layer->out.dim, "%s", layer->name);
    graph_node(graph, &kind_conv2d, layer, "forward", operands, ins + layer->learnables.count, &y, 1);
    return y;
}

const Op op_conv2d = {
    .name = "conv2d",
    .help = "convolution of an image with a learned kernel for each channel out",
    .params = conv2d_params,
    .takes_sizes = true,
    .least_inputs = 1, .most_inputs = 1,
    .shape = conv2d_shape,
    .forward = conv2d_forward,
};
