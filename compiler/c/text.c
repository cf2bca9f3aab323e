/* Lines, literals and the heads of files. */
#include "c/print.h"

#include "base/sha256.h"
#include "base/version.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line is broken after a comma or beside an operator. */
static bool may_break(char before, char after)
{
    return before && after && (strchr(",=+-*/%<>&|?:", before) || strchr("=+-*/%<>&|?:", after));
}

/* Where to break: the last place within `room` of those inside the fewest brackets, after a comma rather than at an
 * operator; 0 if there is none. */
static size_t break_at(const char *text, size_t room)
{
    size_t best = 0;
    int depth = 0, least = INT_MAX;
    bool quoted = false;
    for (size_t i = 0; text[i] && i <= room; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        depth += (strchr("([{", text[i]) != NULL) - (strchr(")]}", text[i]) != NULL);
        int rank = 2 * depth + (i > 0 && text[i - 1] != ',');
        if (text[i] == ' ' && i > room / 3 && rank <= least && may_break(text[i - 1], text[i + 1])) {
            best = i;
            least = rank;
        }
    }
    return best;
}

void line_wrapped(Text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *statement = arena_vprintf(text->arena, format, list);
    va_end(list);

    int indent = text->indent;
    for (;;) {
        size_t width = 4 * (size_t)text->indent, room = width + 40 < LINE_WIDTH ? LINE_WIDTH - width : 40;
        size_t end = strlen(statement) > room ? break_at(statement, room) : 0;
        if (!end)
            break;
        line(text, "%.*s", (int)end, statement);
        statement += end + 1;
        text->indent = indent + 2;
    }
    line(text, "%s", statement);
    text->indent = indent;
}

const char *double_c(Arena *arena, double value)
{
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    return arena_printf(arena, "%s%s", digits, strpbrk(digits, ".e") ? "" : ".0");
}

const char *c_string(Arena *arena, const char *value)
{
    Text *text = text_new(arena);
    text_add(text, "\"");
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if (*at == '"' || *at == '\\')
            text_add(text, "\\%c", *at);
        else
            text_add(text, *at < ' ' || *at > '~' ? "\\%03o" : "%c", *at);
    }
    text_add(text, "\"");
    return text->at;
}

/* The text on one line of a comment, whatever bytes it has. */
static const char *comment_text(Arena *arena, const char *value)
{
    char *text = arena_copy(arena, value, strlen(value));
    for (char *at = text; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '\\' || (*at == '/' && at > text && at[-1] == '*'))
            *at = '?';
    return text;
}

const char *spec_name(Arena *arena, const Source *source)
{
    const char *slash = strrchr(source->path, '/');
    if (strcmp(source->path, "-") == 0)
        return "standard input";
    return comment_text(arena, slash ? slash + 1 : source->path);
}

void print_constants(Text *text, const char *type, const char *cast, const Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        const char *values = "";
        for (int64_t k = 0; tensor->role == ROLE_CONSTANT && k < tensor->dim[0]; k++)
            values = arena_printf(text->arena, "%s%s%s%s", values, k ? ", " : "", cast, double_c(text->arena, tensor->values[k]));
        if (*values) {
            line(text, "%s", "");
            line_wrapped(text, "%s %s[%" PRId64 "] = { %s };", type, tensor->name, tensor->dim[0], values);
        }
    }
}

void print_head(Text *text, const Model *model, const char *target, const char *what, const char *command_line)
{
    const Source *source = model->source;
    const char *spec = spec_name(text->arena, source), *hash = sha256_text(text->arena, source->text, source->size);
    const char *open = what ? "/*" : "#", *margin = what ? " *" : "#";
    line(text, "%s %s, compiled by netc %s for %s from %s with: %s", open, model->name, NETC_VERSION,
         target, spec, comment_text(text->arena, command_line));
    line(text, "%s sha256 of %s: %s", margin, spec, hash);
    if (what)
        line(text, " * %s */", what);
}

void print_normalize(Text *text, const char *type, const char *cast, const Normalize *normalize, int64_t channels)
{
    const char *factors = "", *shifts = "", *open = *cast ? "(" : "", *close = *cast ? ")" : "";
    for (int64_t c = 0; c < channels; c++) {
        const char *mean = double_c(text->arena, 0 - normalize[c].mean), *std = double_c(text->arena, normalize[c].std);
        const char *comma = c ? ", " : "";
        factors = arena_printf(text->arena, "%s%s%s%s1 / (255 * %s)%s", factors, comma, cast, open, std, close);
        shifts = arena_printf(text->arena, "%s%s%s%s%s / %s%s", shifts, comma, cast, open, mean, std, close);
    }
    line_wrapped(text, "%s factor[%" PRId64 "] = { %s };", type, channels, factors);
    line_wrapped(text, "%s shift[%" PRId64 "] = { %s };", type, channels, shifts);
}
