/* Diagnostics: file, line, column, the line itself with a caret, what was expected, how to mend it. */
#ifndef NETC_DIAG_H
#define NETC_DIAG_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The bytes [begin, end) of the source. An empty span points between two bytes. */
typedef struct Span { uint32_t begin, end; } Span;

/* The smallest span that holds both. */
Span span_join(Span a, Span b);

/* One spec, read whole. `text` has `size` bytes and a zero after them. */
typedef struct Source {
    const char *path;           /* as the user typed it; standard input is <stdin> */
    const char *text;
    size_t      size;
} Source;

/* The line and the column (both from 1; columns count code points, a byte order mark aside) of byte `at`. */
typedef struct Position { int line, column; } Position;
Position source_position(const Source *source, uint32_t at);

/* Reads `path` ("-" is standard input, and then called <stdin>) into the arena. On failure returns NULL and sets *why
 * ("No such file or directory", "is a directory", "is larger than 4 MiB" …). What is in it is not looked at. */
const Source *source_read(Arena *arena, const char *path, const char **why);

typedef struct Diag Diag;

/* Messages about `source` go to `out`. */
Diag *diag_new(Arena *arena, const Source *source, FILE *out, bool colour);

/* Whether `out` is a terminal that wants colour: NO_COLOR and TERM=dumb say no. */
bool diag_wants_colour(FILE *out);

/* An error at `span`:
 *     lenet.net:9:22: error: linear takes 300 features, but flatten gives 320
 *         9 |     fc: linear(300 -> 10)
 *           |                ^~~
 * Errors are printed at once; a stage goes on after one, and stops at its end when there were any. At most 50 are
 * printed, then one line says that there were more. */
__attribute__((format(printf, 3, 4))) void diag_error(Diag *diag, Span span, const char *format, ...);

/* Where the fact comes from that the last error speaks of, shown like an error but as a `note:`. */
__attribute__((format(printf, 3, 4))) void diag_note(Diag *diag, Span span, const char *format, ...);

/* How to mend the last error: `      = help: write flatten before it`. */
__attribute__((format(printf, 2, 3))) void diag_help(Diag *diag, const char *format, ...);

/* The number of errors so far. */
int diag_errors(const Diag *diag);

/* The one of `names` that `word` most likely stands for (Conv2d -> conv2d, kernal_size -> kernel_size), or NULL when
 * none is near. `names` ends with NULL. */
const char *nearest_name(const char *word, const char *const *names);

#endif
