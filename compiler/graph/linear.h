/* INT expressions as sums: constant + factor * atom + … An atom is an axis, or what is not linear (a quotient, a
 * minimum …), which is then taken as a whole. */
#ifndef NETC_LINEAR_H
#define NETC_LINEAR_H

#include "graph/nest.h"

enum { MAX_TERMS = 12 };

typedef struct Term { Expr *atom; int64_t factor; } Term;   /* factor is not 0 */

typedef struct Linear {
    bool    valid;              /* false: too many terms, or a number that overflows; the rest means nothing */
    int64_t constant;
    int     terms;
    Term    term[MAX_TERMS];    /* atoms are all different */
} Linear;

/* A remainder e % c is written as e - c * (e / c), so that it cancels against the quotient. */
Linear linear_of(Arena *arena, Expr *e);
/* a * x + b * y */
Linear linear_combine(const Linear *x, int64_t a, const Linear *y, int64_t b);
/* What it can be, from the ranges of its atoms. */
Range  linear_range(const Linear *x);
/* The factor of `atom`, 0 where it does not occur. */
int64_t linear_factor(const Linear *x, const Expr *atom);

/* The conditions known to hold, innermost first. */
typedef struct Fact {
    const struct Fact *outer;
    Expr              *condition;
} Fact;

/* Whether e >= 0 follows from the facts (prove.c). The left sides of DIV and MOD in all of them are 0 or more. */
bool prove_nonnegative(Arena *arena, const Fact *facts, Expr *e);

/* NULL when the nests reach every element of each tensor they store to exactly once, else the message (cover.c). Their
 * indices have been proven. */
const char *stores_cover(Arena *arena, Arena *scratch, const Nest *const nests[], int count);

#endif
