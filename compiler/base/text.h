/* Text being written: all printing of a compilation (emitted source, tables, --emit) goes through here. */
#ifndef NETC_TEXT_H
#define NETC_TEXT_H

#include "base/arena.h"

typedef struct Text {
    Arena *arena;
    char  *at;              /* `size` bytes, a zero after them */
    size_t size, capacity;
    int    indent;          /* level of the next line(); 4 spaces each */
} Text;

/* An empty text in the arena. */
Text *text_new(Arena *arena);

/* Appends exactly what printf would print. */
__attribute__((format(printf, 2, 3))) void text_add(Text *text, const char *format, ...);

/* Appends one line of C or of a table, and indents itself: a line that begins with `}` closes a level first, one that
 * ends with `{` opens one after it. An empty line gets no spaces. A newline inside starts a line of the same kind. */
__attribute__((format(printf, 2, 3))) void line(Text *text, const char *format, ...);

#endif
