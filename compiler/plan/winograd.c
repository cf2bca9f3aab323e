#include "plan/winograd.h"

#include <string.h>

/* The product of (x - at[j]) for all j but `without`: coefficients of x^0, x^1 …; `n` factors are looked at. */
static void product(double *coefficient, const double *at, int n, int without)
{
    memset(coefficient, 0, WINOGRAD_MOST * sizeof *coefficient);
    coefficient[0] = 1;
    int degree = 0;
    for (int j = 0; j < n; j++) {
        if (j == without)
            continue;
        degree++;
        for (int k = degree; k >= 0; k--)
            coefficient[k] = (k ? coefficient[k - 1] : 0) - at[j] * coefficient[k];
    }
}

/* Of point i: a[i][k] = p^k, g[i][k] = p^k / product of (p - q) over the other points q, bt[i] = the coefficients of
 * the product of (x - q); of infinity: the highest power only. Small points keep the numbers small. */
void winograd_make(Winograd *w, int results, int taps)
{
    static const double points[WINOGRAD_MOST - 1] = { 0, 1, -1, 2, -2, 0.5, -0.5 };
    int n = results + taps - 1, finite = n - 1;
    *w = (Winograd){ .results = results, .taps = taps, .points = n };
    memcpy(w->at, points, (size_t)finite * sizeof *points);
    for (int i = 0; i < finite; i++) {
        double scale = 1, power = 1;
        for (int j = 0; j < finite; j++)
            scale *= j == i ? 1 : points[i] - points[j];
        for (int k = 0; k < WINOGRAD_MOST; k++, power *= points[i]) {
            if (k < results)
                w->a[i][k] = power;
            if (k < taps)
                w->g[i][k] = power / scale;
        }
        product(w->bt[i], points, finite, i);
    }
    w->a[finite][results - 1] = 1;
    w->g[finite][taps - 1] = 1;
    product(w->bt[finite], points, finite, -1);
}
