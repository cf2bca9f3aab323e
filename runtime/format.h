/* Numbers as people read them. Each function writes into `text` (of FORMAT_SIZE bytes) and returns it. */
#ifndef NETC_FORMAT_H
#define NETC_FORMAT_H

#include <stdint.h>

enum { FORMAT_SIZE = 64 };

/* "812 bytes", "3.4 MiB". A double, so that sums which no machine could address can still be named. */
const char *format_bytes(char *text, double bytes);

/* "60,000" */
const char *format_count(char *text, int64_t count);

/* "1 image", "60,000 images": whatever takes an s where there is not one of it. */
const char *format_counted(char *text, int64_t count, const char *thing);

/* "0:07", "12:34", "3:25:09" */
const char *format_clock(char *text, double seconds);

/* "0.1234"; "1.234e+12" */
const char *format_loss(char *text, double loss);

/* "20x4x4"; "scalar" for rank 0. Shapes too long for `text` end in "...". */
const char *format_shape(char *text, const int64_t *shape, int rank);

/* The one of `names` (ends with NULL) that `word` is most likely meant to be, or NULL when none is near: at most a
 * third of its letters wrong, missing, superfluous or swapped with their neighbour. */
const char *nearest_name(const char *word, const char *const *names);

#endif
