/* Convolutions of the fused step, and the gradients of their inputs. Loops over registers are written out by the compiler:
 * their bounds are literals. */
#include "cuda/fused.h"

#include <inttypes.h>
#include <string.h>

static const char *name_of(const CudaEmitter *e, const Tensor *tensor) { return kernel_buffer(e->kernel, tensor)->name; }

static void open_unrolled(const CudaEmitter *e, const char *name, int64_t count)
{
    line(e->text, "UNROLL\n"
                  "for (int %s = 0; %s < %" PRId64 "; %s++) {", name, name, count, name);
}

static void close(const CudaEmitter *e, int count)
{
    for (int i = 0; i < count; i++)
        line(e->text, "}");
}

/* ---- forward */

/* Axes of the nest: rows, columns, channels, each where it has more than one value. */
static void declare(const CudaEmitter *e, int axis, const char *value)
{
    const Axis *of = e->kernel->nest->over[axis];
    if (of->extent > 1)
        line(e->text, "int %s = %s;", of->name, value);
}

static int64_t pitch_of(const CudaEmitter *e, const Tensor *tensor)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    return buffer->pitch ? buffer->pitch : buffer->dim[2];
}

/* The largest of a window's sums, and which it is; what the nest stores of it. `element` is the sum number e. */
static void print_finish(CudaEmitter *e, const FusedConv *f, const char *element, const char *first, const char *channel)
{
    const ConvShape *s = &f->conv;
    int64_t elements = s->pool[0] * s->pool[1];
    const char *value = elements > 1 ? "largest" : "total";
    const Nest *nest = e->kernel->nest;
    bool places = nest->reduces > 1;
    const char *place = "e";
    if (f->places && s->pool[0] > 1)
        place = arena_printf(e->arena, s->pool[1] > 1 ? "e / %" PRId64 " * %" PRId64 " + e %% %" PRId64
                                                      : "e / %" PRId64 " * %" PRId64, s->pool[1], pitch_of(e, s->x),
                             s->pool[1]);
    if (elements == 1 && s->bias)
        line(e->text, "float total = %s + %s[%s];", first, name_of(e, s->bias), channel);
    else
        line(e->text, "float %s = %s;", value, first);
    if (elements > 1) {
        if (places)
            line(e->text, "int place = 0;");
        line(e->text, "UNROLL\n"
                      "for (int e = 1; e < %" PRId64 "; e++) {\n"
                      "float value = %s;", elements, element);
        line(e->text, places ? "bool taken = real_exceeds(value, largest);\n"
                               "largest = taken ? value : largest;\n"
                               "place = taken ? %s : place;\n"
                               "}"
                             : "largest = real_exceeds(value, largest) ? value : largest;\n"
                               "}", place);
    }
    if (elements > 1 && s->bias)
        line(e->text, "%s += %s[%s];", value, name_of(e, s->bias), channel);
    e->scope.reduced[0] = value;
    e->scope.reduced[1] = "place";
    fused_stores(e);
}

/* Where in a plane of the input the window begins, and what it took. */
static void print_place(CudaEmitter *e, const FusedConv *f, const char *channel)
{
    const ConvShape *s = &f->conv;
    const Nest *nest = e->kernel->nest;
    const char *y = s->pooled[0] > 1 ? nest->over[0]->name : "0", *x = s->pooled[1] > 1 ? nest->over[1]->name : "0";
    line_wrapped(e->text, "%s = %" PRId64 "*%s + %" PRId64 "*%s + place;", fused_row(e, f->places, channel, y, x),
                 s->pool[0] * pitch_of(e, s->x), y, s->pool[1], x);
}

static const char *bracketed(Arena *arena, const char *text)
{
    return strpbrk(text, " /%") ? arena_printf(arena, "(%s)", text) : text;
}

/* "2*(tile % 6)"; "0" stays. */
static const char *times(Arena *arena, int64_t factor, const char *text)
{
    if (strcmp(text, "0") == 0 || factor == 1)
        return text;
    return arena_printf(arena, "%" PRId64 "*%s", factor, bracketed(arena, text));
}

static const char *plus(Arena *arena, const char *a, const char *b)
{
    return strcmp(a, "0") == 0 ? b : strcmp(b, "0") == 0 ? a : arena_printf(arena, "%s + %s", a, b);
}

/* A loop's counter; where there is one round there is no loop. */
static const char *counter(const char *name, int64_t count) { return count > 1 ? name : "0"; }

/* Opens an unrolled loop, where there is more than one round; returns how many were opened. */
static int open_rounds(const CudaEmitter *e, const char *name, int64_t count)
{
    if (count > 1)
        open_unrolled(e, name, count);
    return count > 1;
}

/* The same without braces, around one statement. */
static void nest_rounds(const CudaEmitter *e, const char *name, int64_t count)
{
    if (count == 1)
        return;
    line(e->text, "UNROLL\n"
                  "for (int %s = 0; %s < %" PRId64 "; %s++)", name, name, count, name);
    e->text->indent++;
}

/* "5*(r - y) + v" */
static const char *tap_c(const CudaEmitter *e, const ConvShape *s, const char *row)
{
    return plus(e->arena, times(e->arena, s->kernel[1], row), counter("v", s->kernel[1]));
}

static void print_products(CudaEmitter *e, const FusedConv *f)
{
    const ConvShape *s = &f->conv;
    Arena *arena = e->arena;
    int64_t taps = s->kernel[0] * s->kernel[1], rows = s->rows + s->kernel[0] - 1, width = s->columns + s->kernel[1] - 1;
    const char *c = counter("c", s->in), *i = counter("i", s->channels), *y = counter("y", s->rows);
    const char *x = counter("x", s->columns), *r = counter("r", rows);
    int opened = s->in > 1, indent;
    if (s->in > 1)
        line(e->text, f->split > 1 ? "for (int c = part; c < %" PRId64 "; c += %" PRId64 ") {"
                                   : "for (int c = 0; c < %" PRId64 "; c++) {", s->in, f->split);
    line(e->text, "float taps[%" PRId64 "][%" PRId64 "];", s->channels, taps);
    indent = e->text->indent;
    nest_rounds(e, "i", s->channels);
    line(e->text, "load_row<4>(taps[%s], %s[%s][%s]);", i, name_of(e, s->weight), plus(arena, "o0", i), c);
    e->text->indent = indent;
    opened += open_rounds(e, "r", rows);
    line(e->text, "float row[%" PRId64 "];", width);
    line_wrapped(e->text, "load_row<%d>(row, &%s);", fused_vector(e, s->x, s->columns),
                 fused_row(e, s->x, c, plus(arena, "y0", r), "x0"));
    indent = e->text->indent;
    nest_rounds(e, "y", s->rows);
    const char *tap = s->rows > 1 ? "r - y" : r;
    if (s->rows > 1 && s->kernel[0] > 1) {
        line(e->text, "if (0 <= %s && %s < %" PRId64 ")", tap, tap, s->kernel[0]);
        e->text->indent++;
    } else if (s->kernel[0] == 1) {
        if (s->rows > 1) {
            line(e->text, "if (r == y)");
            e->text->indent++;
        }
        tap = "0";
    }
    nest_rounds(e, "i", s->channels);
    nest_rounds(e, "v", s->kernel[1]);
    nest_rounds(e, "x", s->columns);
    line(e->text, "sum[%s][%s][%s] += taps[%s][%s] * row[%s];", i, y, x, i, tap_c(e, s, tap),
         plus(arena, x, counter("v", s->kernel[1])));
    e->text->indent = indent;
    close(e, opened);
}

/* The sums of channel i and window k, element e; the first of them with e = 0. */
static const char *element_of(const CudaEmitter *e, const ConvShape *s, bool first)
{
    int64_t high = s->pool[0], wide = s->pool[1];
    const char *k = times(e->arena, wide, counter("k", s->columns / wide));
    const char *row = first || high == 1 ? "0" : wide == 1 ? "e" : arena_printf(e->arena, "e / %" PRId64, wide);
    const char *column = first || wide == 1 ? "0" : high == 1 ? "e" : arena_printf(e->arena, "e %% %" PRId64, wide);
    return arena_printf(e->arena, "sum[%s][%s][%s]", counter("i", s->channels), row, plus(e->arena, k, column));
}

void fused_print_conv(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    Arena *arena = e->arena;
    int64_t side = s->columns / s->pool[1], across = s->pooled[1] / side, tiles = s->pooled[0] * across;
    int64_t groups = s->out / s->channels, elements = s->pool[0] * s->pool[1];
    fused_open_items(e, "item", f->items);
    const char *column = fused_digit(arena, "item", 1, across, tiles * groups * f->split == across);
    const char *row = fused_digit(arena, "item", across, s->pooled[0], tiles * groups * f->split == tiles);
    const char *group = fused_digit(arena, "item", tiles, groups, f->split == 1);
    line(e->text, "int x0 = %s, y0 = %s, o0 = %s;", times(arena, s->columns, column), times(arena, s->rows, row),
         times(arena, s->channels, group));
    if (f->split > 1)
        line(e->text, "int part = %s;", fused_digit(arena, "item", tiles * groups, f->split, true));
    line(e->text, "float sum[%" PRId64 "][%" PRId64 "][%" PRId64 "] = {};", s->channels, s->rows, s->columns);
    print_products(e, f);
    int opened = 1 + open_rounds(e, "i", s->channels);
    opened += open_rounds(e, "k", side);
    const char *k = counter("k", side), *channel = plus(arena, "o0", counter("i", s->channels));
    if (f->split > 1 && elements > 1) {
        line(e->text, "float window[%" PRId64 "];\n"
                      "UNROLL\n"
                      "for (int e = 0; e < %" PRId64 "; e++)\n"
                      "    window[e] = %s;", elements, elements, element_of(e, s, false));
        line(e->text, "store_row<%d>(%s[part][%s][%s], window);", elements % 4 == 0 ? 4 : elements % 2 == 0 ? 2 : 1,
             name_of(e, f->sums), channel,
             plus(arena, times(arena, tiles, k), tiles > 1 ? arena_printf(arena, "item %% %" PRId64, tiles) : "0"));
    } else if (f->split > 1) {
        line(e->text, "%s[part][%s][%s][0] = %s;", name_of(e, f->sums), channel,
             plus(arena, times(arena, tiles, k), tiles > 1 ? arena_printf(arena, "item %% %" PRId64, tiles) : "0"),
             element_of(e, s, true));
    } else {
        declare(e, 0, s->rows == 1 ? "y0" : arena_printf(arena, "y0 / %" PRId64, s->rows));
        declare(e, 1, plus(arena, s->pool[1] == 1 ? "x0" : arena_printf(arena, "x0 / %" PRId64, s->pool[1]), k));
        declare(e, 2, channel);
        print_finish(e, f, element_of(e, s, false), element_of(e, s, true), channel);
        if (f->places)
            print_place(e, f, channel);
    }
    close(e, opened);
}

void fused_print_conv_sum(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    Arena *arena = e->arena;
    int64_t side = s->columns / s->pool[1], across = s->pooled[1] / side, tiles = s->pooled[0] * across;
    int64_t windows = s->pooled[0] * s->pooled[1], elements = s->pool[0] * s->pool[1];
    fused_open_items(e, "item", windows * s->out);
    line(e->text, "int tile = item %% %" PRId64 ", channel = %s;", windows,
         fused_digit(arena, "item", windows, s->out, true));
    line(e->text, "float window[%" PRId64 "] = {};", elements);
    open_unrolled(e, "part", f->split);
    if (elements == 1)
        line(e->text, "window[0] += %s[part][channel][tile][0];\n"
                      "}", name_of(e, f->sums));
    else
        line(e->text, "float row[%" PRId64 "];\n"
                      "load_row<%d>(row, %s[part][channel][tile]);\n"
                      "UNROLL\n"
                      "for (int e = 0; e < %" PRId64 "; e++)\n"
                      "    window[e] += row[e];\n"
                      "}", elements, elements % 4 == 0 ? 4 : elements % 2 == 0 ? 2 : 1, name_of(e, f->sums), elements);
    const char *number = side == 1 ? "tile" : arena_printf(arena, "tile %% %" PRId64, tiles);
    declare(e, 0, across == 1 ? number : arena_printf(arena, "%s / %" PRId64, number, across));
    const char *column = across == 1 ? "0" : arena_printf(arena, "tile %% %" PRId64, across);
    if (tiles % across == 0 && side > 1 && across > 1)
        column = arena_printf(arena, "tile %% %" PRId64, across);
    const char *k = side == 1 ? "0" : arena_printf(arena, "tile / %" PRId64, tiles);
    declare(e, 1, plus(arena, times(arena, side, column), k));
    declare(e, 2, "channel");
    print_finish(e, f, "window[e]", "window[0]", "channel");
    if (f->places)
        print_place(e, f, "channel");
    close(e, 1);
}

/* ---- the gradient of the input */

/* The plane as an array of floats. */
static const char *plane_of(const CudaEmitter *e, const Tensor *tensor, const char *channel)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    return arena_printf(e->arena, buffer->pitch ? "%s[%s]" : "%s[%s][0]", buffer->name, channel);
}

void fused_print_input(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    Arena *arena = e->arena;
    int64_t taps = s->kernel[0] * s->kernel[1], above = s->kernel[0] - 1, groups = s->image[0] / s->rows;
    fused_open_items(e, "item", f->items);
    line(e->text, "int c = %s, part = %s, y0 = %s;", fused_digit(arena, "item", 1, s->in, f->split * groups == 1),
         fused_digit(arena, "item", s->in, f->split, groups == 1),
         times(arena, s->rows, fused_digit(arena, "item", s->in * f->split, groups, true)));
    line(e->text, "float sum[%" PRId64 "][%" PRId64 "] = {};", s->rows, s->image[1]);
    line(e->text, "for (int o = part; o < %" PRId64 "; o += %" PRId64 ") {", s->out, f->split);
    line(e->text, "float taps[%" PRId64 "];\n"
                  "load_row<4>(taps, %s[o][c]);", taps, name_of(e, s->weight));
    line(e->text, "const float *first = &%s[0] + %" PRId64 "*y0 - %" PRId64 ";", plane_of(e, s->dy, "o"), pitch_of(e, s->dy),
         above * pitch_of(e, s->dy));
    int64_t all = s->rows + above;
    int opened = 2 + open_rounds(e, "r", all), indent;
    line(e->text, "if ((unsigned)(%s) < %" PRId64 ") {",
         arena_printf(arena, above ? "%s - %" PRId64 : "%s", plus(arena, "y0", counter("r", all)), above), s->result[0]);
    line(e->text, "float row[%" PRId64 "];\n"
                  "load_row<%d>(row, %s);", s->result[1], fused_vector(e, s->dy, 4),
         plus(arena, "first", times(arena, pitch_of(e, s->dy), counter("r", all))));
    /* Row i of the tile reads this one of dy by the row of taps i - r + above. */
    const char *i = counter("i", s->rows), *tap = "0";
    indent = e->text->indent;
    nest_rounds(e, "i", s->rows);
    if (s->rows > 1 && above)
        tap = arena_printf(arena, "i - r + %" PRId64, above);
    else if (above)
        tap = arena_printf(arena, "%" PRId64 " - r", above);
    if (s->rows > 1) {
        if (above)
            line(e->text, "if (0 <= %s && %s < %" PRId64 ")", tap, tap, s->kernel[0]);
        else
            line(e->text, "if (i == r)");
        e->text->indent++;
    }
    nest_rounds(e, "v", s->kernel[1]);
    nest_rounds(e, "x", s->result[1]);
    const char *x = counter("x", s->result[1]);
    line(e->text, "sum[%s][%s] += taps[%s] * row[%s];", i, plus(arena, x, counter("v", s->kernel[1])), tap_c(e, s, tap), x);
    e->text->indent = indent;
    close(e, opened);
    const char *plane = f->split == 1 ? "c" : arena_printf(arena, "%" PRId64 "*part + c", s->in);
    indent = e->text->indent;
    nest_rounds(e, "i", s->rows);
    line_wrapped(e->text, "store_row<%d>(&%s, sum[%s]);", fused_vector(e, f->sums, 4),
                 fused_row(e, f->sums, plane, plus(arena, "y0", i), "0"), i);
    e->text->indent = indent;
    close(e, 1);
}

/* Four columns a thread where a row has whole fours. */
void fused_print_input_sum(CudaEmitter *e)
{
    const FusedConv *f = e->kernel->shape;
    const ConvShape *s = &f->conv;
    const Nest *nest = e->kernel->nest;
    int64_t each = s->image[1] % 4 == 0 && fused_vector(e, f->sums, 4) == 4 ? 4 : 1, across = s->image[1] / each;
    fused_open_items(e, "item", s->in * s->image[0] * across);
    declare(e, 2, fused_digit(e->arena, "item", s->image[0] * across, s->in, true));
    declare(e, 0, fused_digit(e->arena, "item", across, s->image[0], s->in == 1));
    line(e->text, "int x0 = %s;\n"
                  "float sum[%" PRId64 "] = {};", times(e->arena, each, fused_digit(e->arena, "item", 1, across, false)), each);
    const char *c = s->in > 1 ? nest->over[2]->name : "0", *y = s->image[0] > 1 ? nest->over[0]->name : "0";
    const char *plane = f->split == 1 ? c : arena_printf(e->arena, "%" PRId64 "*part + %s", s->in, c);
    open_unrolled(e, "part", f->split);
    line(e->text, "float row[%" PRId64 "];", each);
    line_wrapped(e->text, "load_row<%" PRId64 ">(row, &%s);", each, fused_row(e, f->sums, plane, y, "x0"));
    line(e->text, "UNROLL\n"
                  "for (int i = 0; i < %" PRId64 "; i++)\n"
                  "    sum[i] += row[i];\n"
                  "}", each);
    open_unrolled(e, "i", each);
    declare(e, 1, "x0 + i");
    e->scope.reduced[0] = "sum[i]";
    fused_stores(e);
    close(e, 2);
}
