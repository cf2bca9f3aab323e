/* Winograd's transforms as functions of the generated code. Points come in pairs p and -p: what their rows have in
 * common, the even and the odd powers, is summed once. */
#include "cpu/tuned.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* "0.5f*d[2]", with its sign before it; nothing where the factor is zero. */
static void add_term(Text *text, double factor, const char *value, int index)
{
    if (factor == 0)
        return;
    const char *sign = factor < 0 ? "-" : "+";
    double size = fabs(factor);
    const char *digits = double_c(text->arena, size);
    if (text->size)
        text_add(text, " %s ", sign);
    else if (factor < 0)
        text_add(text, "-");
    if (size != 1)
        text_add(text, (double)(float)size == size ? "%sf*" : "(real)%s*", digits);
    text_add(text, index < 0 ? "%s" : "%s[%d]", value, index);
}

/* The sum of factor[j] * value[j] for the j from `first` in steps. */
static const char *combination(Arena *arena, const double *factor, int count, int first, int step, const char *value)
{
    Text *text = text_new(arena);
    for (int j = first; j < count; j += step)
        add_term(text, factor[j], value, j);
    return text->size ? text->at : "(vf){0}";
}

const char *winograd_sum(Arena *arena, const double *factor, int count, const char *value)
{
    return combination(arena, factor, count, 0, 1, value);
}

/* Whether rows i and i + 1 belong to points p and -p, and differ only in the sign of odd powers, times *sign. */
static bool is_pair(const Winograd *w, const double row[][WINOGRAD_MOST], int i, double *sign)
{
    if (i + 1 >= w->points - 1 || i == 0 || w->at[i] != -w->at[i + 1])
        return false;
    for (*sign = 1; *sign >= -1; *sign -= 2) {
        bool all = true;
        for (int j = 0; j < WINOGRAD_MOST; j++)
            all = all && row[i + 1][j] == *sign * (j % 2 ? -1 : 1) * row[i][j];
        if (all)
            return true;
    }
    return false;
}

/* to[i] = sum over j of row[i][j] * from[j]: BT and A, whose rows are points. */
static void print_rows(Text *text, const Winograd *w, const double row[][WINOGRAD_MOST], int columns)
{
    double sign;
    for (int i = 0, pair = 0; i < w->points; i++) {
        if (!is_pair(w, row, i, &sign)) {
            line_wrapped(text, "to[%d] = %s;", i, combination(text->arena, row[i], columns, 0, 1, "from"));
            continue;
        }
        pair++;
        line_wrapped(text, "vf even_%d = %s;", pair, combination(text->arena, row[i], columns, 0, 2, "from"));
        line_wrapped(text, "vf odd_%d = %s;", pair, combination(text->arena, row[i], columns, 1, 2, "from"));
        line(text, "to[%d] = even_%d + odd_%d;", i, pair, pair);
        line(text, "to[%d] = %s_%d - %s_%d;", i + 1, sign > 0 ? "even" : "odd", pair, sign > 0 ? "odd" : "even", pair);
        i++;
    }
}

/* to[j] = sum over i of row[i][j] * from[i]: AT and B, whose columns are points. */
static void print_columns(Text *text, const Winograd *w, const double row[][WINOGRAD_MOST], int columns)
{
    double sign[WINOGRAD_MOST];
    bool paired[WINOGRAD_MOST] = { false };
    for (int i = 0; i < w->points; i++)
        if (is_pair(w, row, i, &sign[i])) {
            line(text, "vf sum_%d = from[%d] + from[%d], difference_%d = from[%d] - from[%d];", i, i, i + 1, i, i, i + 1);
            paired[i++] = true;
        }
    for (int j = 0; j < columns; j++) {
        Text *terms = text_new(text->arena);
        for (int i = 0; i < w->points; i++) {
            if (!paired[i]) {
                add_term(terms, row[i][j], "from", i);
                continue;
            }
            bool sum = sign[i] * (j % 2 ? -1 : 1) > 0;
            add_term(terms, row[i][j], arena_printf(text->arena, "%s_%d", sum ? "sum" : "difference", i), -1);
            i++;
        }
        line_wrapped(text, "to[%d] = %s;", j, terms->at);
    }
}

static void print_function(Text *text, const Winograd *w, const char *name, const char *what, bool rows,
                           const double matrix[][WINOGRAD_MOST], int from, int to)
{
    line(text, "\n/* %s */", what);
    line(text, "INLINE void f%dx%d_%s(const vf from[%d], vf to[%d])\n{", w->results, w->taps, name, from, to);
    if (rows)
        print_rows(text, w, matrix, from);
    else
        print_columns(text, w, matrix, to);
    line(text, "}");
}

void print_winograd_functions(Text *text, const Winograd *w, int parts)
{
    const char *points = "0";
    for (int i = 1; i < w->points - 1; i++)
        points = arena_printf(text->arena, "%s, %g", points, w->at[i]);
    line(text, "\n/* Winograd's convolution F(%d, %d): %d neighbouring sums of %d taps take %d products instead of %d. "
               "Inputs and\n * taps are taken to polynomials' values at %s and infinity, and back. */", w->results,
         w->taps, w->results, w->taps, w->points, w->results * w->taps, points);
    if (parts & FORM_INPUT)
        print_function(text, w, "input", "The inputs that the sums read.", true, w->bt, w->points, w->points);
    if (parts & FORM_OUTPUT)
        print_function(text, w, "output", "The products, back to the sums.", false, w->a, w->points, w->results);
    if (parts & FORM_GRADIENT)
        print_function(text, w, "gradient", "The gradients of the sums.", true, w->a, w->results, w->points);
    if (parts & FORM_SCATTER)
        print_function(text, w, "scatter", "The products, back to the gradients of the inputs.", false, w->bt,
                       w->points, w->points);
    if (parts & FORM_TAPS)
        print_function(text, w, "taps", "Sums of products, back to the gradients of the taps.", false, w->g, w->points,
                       w->taps);
}

void print_winograd_weight(Emitter *e)
{
    const WinogradWeight *shape = e->kernel->shape;
    const Winograd *w = shape->winograd;
    const Tensor *weight = shape->weight;
    const char *from = name_of(e, weight), *to = name_of(e, e->kernel->stores.at[0]);
    open_loop(e, "%s", range_head(e, "o", "o", weight->dim[0], 1));
    open_count(e, "u", weight->dim[2]);
    line(e->text, "for (int c = 0; c < %" PRId64 "; c++) {", weight->dim[1]);
    line(e->text, "real tap[%d];", w->taps);
    open_unrolled(e, "v", w->taps);
    line(e->text, "tap[v] = %s[o][u][v][c];", from);
    close_loops(e, 1);
    for (int i = 0; i < w->points; i++)
        line_wrapped(e->text, "%s[%d][o][u][c] = %s;", to, i, combination(e->arena, w->g[i], w->taps, 0, 1, "tap"));
    line(e->text, "}");
    close_loops(e, 2);
}
