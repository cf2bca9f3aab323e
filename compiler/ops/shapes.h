/* What the shape rules of operators share: above all, how messages name things. */
#ifndef NETC_OPS_SHAPES_H
#define NETC_OPS_SHAPES_H

#include "op.h"

/* How messages call a layer: by its label, or by what it is where it has none: conv1, flatten, the input. */
const char *layer_title(const Layer *layer);

/* What a layer gives, in words: "320 features (20x4x4)" of a flatten, "10x12x12" of a convolution. */
const char *layer_gives(Arena *arena, const Layer *layer);

/* A note at `source` that says what it gives. */
void note_source(Arena *arena, Diag *diag, const Layer *source);

/* Whether the layer's input is (channels, height, width), or (features); reports it where it is not. */
bool needs_image(Arena *arena, const Layer *layer, Diag *diag);
bool needs_features(Arena *arena, const Layer *layer, Diag *diag);

/* Checks `in -> out` against `found`, the size that the input has (of the unit "channel" or "feature"), and fills in sizes.in. */
bool sizes_agree(Arena *arena, Layer *layer, int64_t found, const char *unit, Diag *diag);

/* "5x3" of two sizes. */
const char *pair_text(Arena *arena, const int64_t pair[2]);

/* Resolves a `dim` argument of PyTorch's, where the batch is 0 and negative ones count from the end, to a place in the
 * shape of a sample. The batch itself and what lies outside are errors; `why` completes "… is the batch: ". */
bool resolve_dim(const Layer *layer, const char *param, int rank, const char *why, int *dim, Diag *diag);

#endif
