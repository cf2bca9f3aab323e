/* Gradients of convolutions' weights in the fused step: of all results, or of those that the windows of a pool took. */
#include "cuda/fused.h"

#include <inttypes.h>

static const char *name_of(const CudaEmitter *e, const Tensor *tensor) { return kernel_buffer(e->kernel, tensor)->name; }

void fused_print_weight(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Tensor *gradient = e->kernel->stores.at[0];
    fused_open_items(e, "item", f->items);
    line(e->text, "int o = %s, c = %s;", fused_digit(e->arena, "item", 1, s->out, s->in == 1),
         fused_digit(e->arena, "item", s->out, s->in, true));
    line(e->text, "float sum[%" PRId64 "] = {}, dy[%" PRId64 "][%" PRId64 "];", kernel_buffer(e->kernel, gradient)->dim[2],
         s->result[0], s->result[1]);
    line(e->text, "UNROLL\n"
                  "for (int r = 0; r < %" PRId64 "; r++) {\n"
                  "float row[%" PRId64 "];", s->result[0] + s->kernel[0] - 1, s->result[1] + s->kernel[1] - 1);
    line_wrapped(e->text, "load_row<%d>(row, &%s);", fused_vector(e, s->x, 4), fused_row(e, s->x, "c", "r", "0"));
    line(e->text, "if (r < %" PRId64 ")\n"
                  "    load_row<%d>(dy[r], &%s);", s->result[0], fused_vector(e, s->dy, 4),
         fused_row(e, s->dy, "o", "r", "0"));
    line(e->text, "UNROLL\n"
                  "for (int u = 0; u < %" PRId64 "; u++)\n"
                  "    if (0 <= r - u && r - u < %" PRId64 ")\n"
                  "        UNROLL\n"
                  "        for (int v = 0; v < %" PRId64 "; v++)\n"
                  "            UNROLL\n"
                  "            for (int x = 0; x < %" PRId64 "; x++)\n"
                  "                sum[%" PRId64 "*u + v] += dy[r - u][x] * row[x + v];\n"
                  "}", s->kernel[0], s->result[0], s->kernel[1], s->result[1], s->kernel[1]);
    line(e->text, "store_row<4>(%s[o][c], sum);\n"
                  "}", name_of(e, gradient));
}

/* ---- what windows took */

/* The number of a window in a plane of its tensor. */
static const char *window_c(const CudaEmitter *e, const Tensor *tensor, const char *o, const char *window)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    int64_t width = tensor->dim[2];
    if (buffer->pitch == width)
        return arena_printf(e->arena, "%s[%s][%s]", buffer->name, o, window);
    if (buffer->pitch)
        return arena_printf(e->arena, "%s[%s][%s / %" PRId64 " * %" PRId64 " + %s %% %" PRId64 "]", buffer->name, o, window,
                            width, buffer->pitch, window, width);
    return arena_printf(e->arena, "%s[%s][%s / %" PRId64 "][%s %% %" PRId64 "]", buffer->name, o, window, width, window,
                        width);
}

void fused_print_places(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Buffer *x = kernel_buffer(e->kernel, s->x);
    int64_t windows = s->pooled[0] * s->pooled[1];
    fused_open_items(e, "item", windows * s->out);
    line(e->text, "int window = %s, o = %s;", fused_digit(e->arena, "item", 1, windows, s->out == 1),
         fused_digit(e->arena, "item", windows, s->out, true));
    line(e->text, "int place = %s;", window_c(e, s->indices, "o", "window"));
    line(e->text, "int y = window / %" PRId64 " * %" PRId64 " + place / %" PRId64 ";\n"
                  "int x = window %% %" PRId64 " * %" PRId64 " + place %% %" PRId64 ";\n"
                  "%s = %" PRId64 "*y + x;\n"
                  "}", s->pooled[1], s->pool[0], s->pool[1], s->pooled[1], s->pool[1], s->pool[1],
         window_c(e, f->places, "o", "window"), x->pitch ? x->pitch : x->dim[2]);
}

void fused_print_sparse(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Buffer *x = kernel_buffer(e->kernel, s->x);
    int64_t pitch = x->pitch ? x->pitch : x->dim[2], windows = s->pooled[0] * s->pooled[1];
    int64_t taps = s->kernel[0] * s->kernel[1], each = divide_up(windows, f->split);
    fused_open_items(e, "item", f->items);
    line(e->text, "int o = %s, c = %s, part = %s;", fused_digit(e->arena, "item", 1, s->out, s->in * f->split == 1),
         fused_digit(e->arena, "item", s->out, s->in, f->split == 1),
         fused_digit(e->arena, "item", s->out * s->in, f->split, true));
    line(e->text, "float sum[%" PRId64 "] = {};", taps);
    line(e->text, windows % f->split == 0
                      ? "for (int window = %" PRId64 "*part; window < %" PRId64 "*part + %" PRId64 "; window++) {"
                      : "for (int window = %" PRId64 "*part; window < %" PRId64 "*part + %" PRId64 " && window < %" PRId64
                        "; window++) {", each, each, each, windows);
    line_wrapped(e->text, "float value = %s;", window_c(e, s->dy, "o", "window"));
    line_wrapped(e->text, "const float *patch = &%s[c][0]%s + %s;", x->name, x->pitch ? "" : "[0]",
                 window_c(e, f->places, "o", "window"));
    line(e->text, "UNROLL\n"
                  "for (int t = 0; t < %" PRId64 "; t++)\n"
                  "    sum[t] += value * patch[t / %" PRId64 " * %" PRId64 " + t %% %" PRId64 "];\n"
                  "}", taps, s->kernel[1], pitch, s->kernel[1]);
    line(e->text, "store_row<1>(%s[part][%s], sum);\n"
                  "}", name_of(e, f->sums), s->in == 1 ? "o" : arena_printf(e->arena, "%" PRId64 "*o + c", s->in));
}

/* Zeros but for what the window took. */
void fused_print_unpool(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Tensor *dx = e->kernel->stores.at[0];
    int64_t windows = s->pooled[0] * s->pooled[1];
    fused_open_items(e, "item", f->items);
    line(e->text, "int window = %s, c = %s;", fused_digit(e->arena, "item", 1, windows, s->out == 1),
         fused_digit(e->arena, "item", windows, s->out, true));
    line(e->text, "int y = %" PRId64 " * (window / %" PRId64 "), x = %" PRId64 " * (window %% %" PRId64 ");", s->pool[0],
         s->pooled[1], s->pool[1], s->pooled[1]);
    line_wrapped(e->text, "int place = %s;", window_c(e, s->indices, "c", "window"));
    line_wrapped(e->text, "float value = %s;", window_c(e, s->dy, "c", "window"));
    line(e->text, "UNROLL\n"
                  "for (int u = 0; u < %" PRId64 "; u++) {\n"
                  "float row[%" PRId64 "];\n"
                  "UNROLL\n"
                  "for (int v = 0; v < %" PRId64 "; v++)\n"
                  "    row[v] = place == %" PRId64 "*u + v ? value : 0;", s->pool[0], s->pool[1], s->pool[1], s->pool[1]);
    line_wrapped(e->text, "store_row<%d>(&%s, row);", fused_vector(e, dx, s->pool[1]), fused_row(e, dx, "c", "y + u", "x"));
    line(e->text, "}\n"
                  "}");
}

void fused_print_sparse_sum(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Buffer *gradient = kernel_buffer(e->kernel, e->kernel->stores.at[0]);
    int64_t taps = s->kernel[0] * s->kernel[1], row = gradient->dim[2];
    fused_open_items(e, "item", s->out * s->in * row);
    line(e->text, "int tap = item %% %" PRId64 ";\n"
                  "float total = 0;", row);
    if (taps < row)
        line(e->text, "if (tap < %" PRId64 ") {", taps);
    line(e->text, "UNROLL\n"
                  "for (int part = 0; part < %" PRId64 "; part++)\n"
                  "    total += %s[part][item / %" PRId64 "][tap];", f->split, name_of(e, f->sums), row);
    if (taps < row)
        line(e->text, "}");
    line(e->text, "(&%s[0][0][0])[item] = total;\n"
                  "}", gradient->name);
}
