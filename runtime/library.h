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

/* Fills in the pointers of `functions`. The library stays loaded until the process ends. */
bool library_load(const struct library *library, void *functions, struct error *error);

#endif
