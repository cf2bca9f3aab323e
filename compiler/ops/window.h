/* Windows that slide over an image: what convolutions and pools read. */
#ifndef NETC_OPS_WINDOW_H
#define NETC_OPS_WINDOW_H

#include "ops/nests.h"

/* Tap u of window i is at i * stride + u * dilation - padding; [0] is the height, [1] the width. */
typedef struct Window { int64_t kernel[2], stride[2], dilation[2], padding[2]; } Window;

/* The most elements that a tensor may have: 64 TiB of float32. Sums of a few sizes below it never overflow. */
#define MOST_ELEMENTS ((int64_t)1 << 44)

/* dilation * (kernel - 1) + 1: what a kernel covers. False where that is MOST_ELEMENTS or more. */
bool window_reach(const Window *w, int side, int64_t *reach);

/* Reports a kernel that covers `reach` and does not fit into its padded input. */
void window_too_large(Arena *arena, const Layer *layer, const Window *w, const int64_t reach[2],
                      const int64_t image[2], const int64_t padded[2], Diag *diag);

/* Where tap `u` of window `i` is. */
Expr *window_tap(Nest *n, const Window *w, int side, Expr *i, Expr *u);

/* The window whose tap `u` is at `at`, with guards that there is one among `windows`. */
Expr *window_of_tap(Nest *n, const Window *w, int side, Expr *at, Expr *u, int64_t windows);

/* The nest of a node that takes, for each element of out[0], what the windows that took it hold in `values`: `indices`
 * says which tap a window took, u * kernel width + v. Windows are folded in their row order, with REDUCE_SUM or
 * REDUCE_LAST. */
void window_give_back(Graph *graph, Node *node, const Window *w, const Tensor *indices, const Tensor *values,
                      ReduceKind kind, const char *note);

#endif
