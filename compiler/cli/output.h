/* The output folder: written whole or not at all. */
#ifndef NETC_OUTPUT_H
#define NETC_OUTPUT_H

#include "base/arena.h"
#include "c/print.h"

#include <stdbool.h>

/* Makes `folder` hold `files`, the sources of the net called `net`. Files that already have the same bytes keep their
 * time stamps; those of another net that an earlier netc wrote there are removed; all others stay. A file that netc did
 * not write is never replaced. Where anything fails, says what, leaves the folder as it was, and returns the exit
 * status; signals wait until the folder is whole. On success returns 0; *changed tells whether anything had to be
 * written or removed. */
int output_write(Arena *arena, const char *folder, const char *net, const Files *files, bool *changed);

#endif
