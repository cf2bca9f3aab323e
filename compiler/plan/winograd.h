/* Winograd's convolution F(m, r) along one dimension: m neighbouring results of a kernel of r taps take n = m + r - 1
 * multiplications instead of m * r. With g the taps, d the n inputs that the results read, they are
 *     AT ((G g) * (BT d)),   * element by element.
 * Its transpose makes the n gradients of the inputs of m gradients of results: B ((G g) * (A dy)).
 * Matrices by Cook and Toom's construction: a product of two polynomials is known from its values at n points, the last
 * of which is infinity. */
#ifndef NETC_PLAN_WINOGRAD_H
#define NETC_PLAN_WINOGRAD_H

#include <stdbool.h>

enum { WINOGRAD_MOST = 8 };             /* points; with more, what rounding costs outgrows what is saved */

typedef struct Winograd {
    int    results, taps, points;       /* m, r, n */
    double at[WINOGRAD_MOST];           /* the points but the last: 0, then pairs p, -p */
    double g[WINOGRAD_MOST][WINOGRAD_MOST];     /* n x r */
    double bt[WINOGRAD_MOST][WINOGRAD_MOST];    /* n x n */
    double a[WINOGRAD_MOST][WINOGRAD_MOST];     /* n x m, the transpose of AT */
} Winograd;

/* Whether two are the same F(m, r). */
static inline bool winograd_same(const Winograd *a, const Winograd *b)
{
    return a && b && a->results == b->results && a->taps == b->taps;
}

/* F(results, taps); results + taps - 1 is 2 .. WINOGRAD_MOST. */
void winograd_make(Winograd *winograd, int results, int taps);

#endif
