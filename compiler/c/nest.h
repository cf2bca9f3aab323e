/* What the printers of nests share. Each writes the loops over a nest's results its own way; what is inside them is one. */
#ifndef NETC_C_NEST_H
#define NETC_C_NEST_H

#include "c/print.h"

enum { MAX_HEADS = 3 * (MAX_OVER + MAX_FOLD) + 2 };

/* Loops and conditions around a body. */
typedef struct Heads { const char *at[MAX_HEADS]; int count; } Heads;

typedef struct NestPrinter {
    Text         *text;
    Arena        *arena;
    const Kernel *kernel;
    const Nest   *nest;
    Scope         scope;
    const char   *index;                /* the type of a loop's counter */
    bool          unroll;               /* loops of the fold are unrolled by UNROLL */
    const char   *blocks;               /* with kernel->all_blocks: the head of the loop over the blocks */
} NestPrinter;

/* With the type of its counters; unroll and blocks are the caller's. */
NestPrinter nest_printer(Text *text, const Kernel *kernel);

/* Adds a loop or a condition: inside those before it. */
void heads_add(Heads *heads, const char *head);
/* Prints them, and their ends. Only the innermost gets braces, where its body has several statements. */
void heads_open(NestPrinter *p, const Heads *heads, bool several);
void heads_close(NestPrinter *p, const Heads *heads, bool several);

/* The unrolled loops over the points of a tile. */
void heads_add_tile(NestPrinter *p, Heads *heads);

/* The conditions that the axis at `level` decides: those that depend on it and on none of the loops inside it. `first`:
 * and those that depend on nothing inside it at all. */
void heads_add_conditions(NestPrinter *p, Heads *heads, Expr *const conditions[], int count, int level, bool first);

/* Gives each reduction a variable, but where nothing is folded: there its value stands where the result is used. */
void nest_name_reductions(NestPrinter *p);

/* The statements that leave the reductions of one point, or of a tile's points, in their variables. */
void nest_print_reductions(NestPrinter *p);

#endif
