/* Libraries that only few runs need are loaded when they are needed: a trainer is built without their headers, starts
 * without loading them, and runs where they are not installed. */
#ifndef NETC_LIBRARY_H
#define NETC_LIBRARY_H

#include "error.h"

struct symbol {
    const char *name;
    size_t      at;                     /* in the caller's struct: offsetof of a pointer to a function */
};

struct library {
    const char *name, *package;         /* "libcurl", Debian's name "libcurl4" */
    const char *use;                    /* what it is for: "to download" */
    const char *const   *files;         /* "libcurl.so.4", …, NULL: the first that is there is taken */
    const struct symbol *symbols;       /* ends with a NULL name */
};

/* The first of the files that can be opened; else NULL, and in `why`, where not NULL, what was wrong with the first. */
void *library_open(const char *const *files, char *why, size_t size);

/* Fills in the pointers of `functions`. Returns NULL, or the function that the library does not have. */
const char *library_find(void *handle, const struct symbol *symbols, void *functions);

/* Both, with messages. The library stays loaded until the process ends. */
bool library_load(const struct library *library, void *functions, struct error *error);

#endif
