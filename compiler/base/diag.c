#include "base/diag.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ERRORS_SHOWN = 50,
    TAB_COLUMNS = 8,
    LINE_COLUMNS = 110,         /* longer lines are cut down to a window */
    BEFORE_CARET = 50,          /* columns of the window that stand before the caret */
    NEAR = 1024,                /* bytes at most that are looked at on each side of the caret */
};

struct Diag {
    Arena        *arena;
    const Source *source;
    FILE         *out;
    bool          colour;
    int           errors;
};

typedef struct Style { const char *name, *colour; } Style;

static const Style error_style = {"error", "\033[1;31m"};
static const Style note_style = {"note", "\033[1;36m"};
static const char  bold[] = "\033[1m", plain[] = "\033[0m";

Diag *diag_new(Arena *arena, const Source *source, FILE *out, bool colour)
{
    Diag *diag = NEW(arena, Diag);
    *diag = (Diag){.arena = arena, .source = source, .out = out, .colour = colour};
    return diag;
}

bool diag_wants_colour(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

/* The code point at `at`, with what is not text or would act on a terminal replaced by U+FFFD. */
static int next_character(const char *at, const char *end, uint32_t *code)
{
    int length = utf8_decode(at, (size_t)(end - at), code);
    if (!length || (utf8_is_control(*code) && *code != '\t'))
        *code = 0xFFFD;
    return length ? length : 1;
}

static void add_clean(Text *text, const char *at, const char *end)
{
    for (uint32_t code; at < end;) {
        int length = next_character(at, end, &code);
        if (code == 0xFFFD)
            text_add(text, "\xEF\xBF\xBD");
        else
            text_add(text, "%.*s", length, at);
        at += length;
    }
}

static int columns_between(const char *at, const char *end)
{
    int columns = 0;
    for (uint32_t code; at < end;) {
        at += next_character(at, end, &code);
        columns += code == '\t' ? TAB_COLUMNS : utf8_columns(code);
    }
    return columns;
}

/* The first character after `at` that is at most `columns` before `end`. */
static const char *within(const char *at, const char *end, int columns)
{
    int surplus = columns_between(at, end) - columns;
    for (uint32_t code; surplus > 0 && at < end;) {
        at += next_character(at, end, &code);
        surplus -= code == '\t' ? TAB_COLUMNS : utf8_columns(code);
    }
    return at;
}

/* The end of the characters from `at` that fit into so many columns. */
static const char *fitting(const char *at, const char *end, int columns)
{
    while (at < end) {
        uint32_t code;
        int length = next_character(at, end, &code);
        columns -= code == '\t' ? TAB_COLUMNS : utf8_columns(code);
        if (columns < 0)
            break;
        at += length;
    }
    return at;
}

/* What is shown of the line that holds the caret. */
typedef struct Excerpt { const char *begin, *end; bool cut_left, cut_right; } Excerpt;

static Excerpt excerpt_around(const Source *source, const char *caret)
{
    const char *first = source->text, *last = first + source->size;
    if (source->size >= 3 && !memcmp(first, "\xEF\xBB\xBF", 3))
        first += 3;
    if (caret < first)
        caret = first;
    Excerpt line = {.begin = caret, .end = caret};
    while (line.begin > first && line.begin[-1] != '\n' && (caret - line.begin < NEAR || (*line.begin & 0xC0) == 0x80))
        line.begin--;
    while (line.end < last && *line.end != '\n' && (line.end - caret < NEAR || (*line.end & 0xC0) == 0x80))
        line.end++;
    if (line.end > line.begin && line.end[-1] == '\r' && (line.end == last || *line.end == '\n'))
        line.end--;
    line.cut_left = line.begin > first && line.begin[-1] != '\n';
    line.cut_right = line.end < last && *line.end != '\n' && *line.end != '\r';

    if (columns_between(line.begin, line.end) > LINE_COLUMNS) {
        const char *begin = within(line.begin, caret, BEFORE_CARET), *end = fitting(begin, line.end, LINE_COLUMNS);
        line = (Excerpt){begin, end, line.cut_left || begin > line.begin, line.cut_right || end < line.end};
    }
    return line;
}

/* The source line where `span` begins, and a caret line under it. */
static void add_snippet(const Diag *diag, Text *text, Span span, Style style)
{
    const char *caret = diag->source->text + span.begin, *caret_end = diag->source->text + span.end;
    Excerpt     line = excerpt_around(diag->source, caret);
    if (caret < line.begin)
        caret = line.begin;
    if (caret_end > line.end)
        caret_end = line.end;
    const char *number = arena_printf(diag->arena, "%5d", source_position(diag->source, span.begin).line);
    text_add(text, "%s | %s", number, line.cut_left ? "…" : "");
    add_clean(text, line.begin, line.end);
    text_add(text, "%s\n%*s | %s", line.cut_right ? "…" : "", (int)strlen(number), "", line.cut_left ? " " : "");
    for (const char *at = line.begin; at < caret && at < line.end;) {
        uint32_t code;
        at += next_character(at, line.end, &code);
        text_add(text, "%*s", code == '\t' ? 1 : utf8_columns(code), code == '\t' ? "\t" : "");
    }
    text_add(text, "%s^", diag->colour ? style.colour : "");
    for (int i = columns_between(caret, caret_end); i > 1; i--)
        text_add(text, "~");
    text_add(text, "%s\n", diag->colour ? plain : "");
}

__attribute__((format(printf, 4, 0)))
static void show(const Diag *diag, Span span, Style style, const char *format, va_list list)
{
    const Source *source = diag->source;
    if (span.begin > source->size)
        span.begin = (uint32_t)source->size;
    if (span.end > source->size)
        span.end = (uint32_t)source->size;
    Position    position = source_position(source, span.begin);
    const char *message = arena_vprintf(diag->arena, format, list);
    Text       *text = text_new(diag->arena);

    text_add(text, "%s", diag->colour ? bold : "");
    add_clean(text, source->path, source->path + strlen(source->path));
    text_add(text, ":%d:%d:%s %s%s:%s ", position.line, position.column, diag->colour ? plain : "",
             diag->colour ? style.colour : "", style.name, diag->colour ? plain : "");
    add_clean(text, message, message + strlen(message));
    text_add(text, "\n");
    add_snippet(diag, text, span, style);
    fputs(text->at, diag->out);
}

void diag_error(Diag *diag, Span span, const char *format, ...)
{
    diag->errors++;
    if (diag->errors == ERRORS_SHOWN + 1)
        fprintf(diag->out, "there are more errors; only the first %d are shown\n", ERRORS_SHOWN);
    if (diag->errors > ERRORS_SHOWN)
        return;
    va_list list;
    va_start(list, format);
    show(diag, span, error_style, format, list);
    va_end(list);
}

void diag_note(Diag *diag, Span span, const char *format, ...)
{
    if (diag->errors > ERRORS_SHOWN)
        return;
    va_list list;
    va_start(list, format);
    show(diag, span, note_style, format, list);
    va_end(list);
}

void diag_help(Diag *diag, const char *format, ...)
{
    if (diag->errors > ERRORS_SHOWN)
        return;
    va_list list;
    va_start(list, format);
    const char *message = arena_vprintf(diag->arena, format, list);
    va_end(list);
    Text *text = text_new(diag->arena);
    text_add(text, "      = %shelp:%s ", diag->colour ? bold : "", diag->colour ? plain : "");
    add_clean(text, message, message + strlen(message));
    fprintf(diag->out, "%s\n", text->at);
}

int diag_errors(const Diag *diag)
{
    return diag->errors;
}
