/* The CPU back end: a plan as OpenMP C. */
#ifndef NETC_CPU_EMIT_H
#define NETC_CPU_EMIT_H

#include "c/print.h"

/* The sources of the trainer: NAME.h (weights, memory, phases), NAME.c (the kernels and what calls them), NAME_model.c
 * (the tables that the runtime reads), NAME_predict.c (single images), main.c, Makefile. Each names in its first lines the net, the version, the
 * target, the spec with its hash, and `command_line`, which says how it was made and holds no folders. The same plan
 * and command line give the same bytes. */
Files *cpu_emit(Arena *arena, const Plan *plan, const char *command_line);

#endif
