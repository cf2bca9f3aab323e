/* What went wrong, in words for the person at the terminal, and the exit status that belongs to it. A function that can
 * fail takes a `struct error *`, fills it in and returns false (or NULL); nothing else is printed on the way. */
#ifndef NETC_ERROR_H
#define NETC_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum {
    STATUS_OK = 0,
    STATUS_INPUT = 1,                   /* the spec, the data or a file given is wrong */
    STATUS_USAGE = 2,                   /* the command line is wrong */
    STATUS_MACHINE = 3,                 /* device, disk or memory failed */
    STATUS_SIGNAL = 128,                /* plus the signal's number */
};

struct error {
    int    status;
    size_t length;                      /* of text */
    bool   full;                        /* text was cut off */
    char   text[8192];                  /* one line or several, without the last line break */
};

/* Replaces what `error` says. Always returns false, so that a caller can `return error_set(…)`. */
bool error_set(struct error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with STATUS_INPUT. */
bool error_input(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends to it, after a line break and an indentation of two. Always returns false. */
bool error_add(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says that `bytes` bytes for `what` could not be had. Always returns false. */
bool error_memory(struct error *error, const char *what, size_t bytes);

/* Prints "name: error: text" to standard error; a signal's message without the word error. Control characters, which
 * may come from file names or from names in files, are printed as '?'. */
void error_print(const struct error *error, const char *name);

#endif
