/* What `netc run` does after the source is written, and where the runtime is. */
#ifndef NETC_RUN_H
#define NETC_RUN_H

#include "base/arena.h"

/* The folder of the runtime's sources: ../share/netc/runtime beside the folder of an installed netc, runtime/ in the
 * source tree when netc runs from its build folder. NULL, with a message on standard error, where there is none. */
const char *runtime_folder(Arena *arena, const char *argv0);

/* Builds `folder` with make, quietly: its output is shown only when it fails. Returns the exit status. */
int build_trainer(Arena *arena, const char *folder, const char *runtime);

/* Becomes the trainer `folder`/`net` with `args` (ends with NULL; NULL or empty: train). Returns only when that fails,
 * with the exit status. */
int become_trainer(Arena *arena, const char *folder, const char *net, char **args);

#endif
