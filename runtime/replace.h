/* Files that appear whole or not at all: what is written goes to a file beside, which takes the name at the end. */
#ifndef NETC_REPLACE_H
#define NETC_REPLACE_H

#include "error.h"

#include <stdio.h>

struct replacement {
    const char *name;                   /* as it was given */
    char       *path;                   /* the same with links followed */
    char       *temporary;
    FILE       *file;                   /* to write to */
};

/* Begins a file, or one that replaces what is at `path`. Only regular files are replaced: a device or a pipe would be
 * lost. */
bool replace_begin(struct replacement *replacement, const char *path, struct error *error);

/* Ends it; `written` says whether all could be written so far. With `durable` it has come to the disk when this returns.
 * Where it fails, what was at the path is as it was. */
bool replace_end(struct replacement *replacement, bool written, bool durable, struct error *error);

/* Whether a file could be put there; nothing is left behind. */
bool replace_possible(const char *path, struct error *error);

#endif
