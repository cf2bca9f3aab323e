/* Pictures from outside as samples of the network, and samples as pictures. */
#ifndef NETC_PICTURE_H
#define NETC_PICTURE_H

#include "image.h"
#include "model.h"

struct image_shape { int64_t channels, height, width; };

/* The form of a sample in memory. Where the network's input is a row of values, that of the dataset's images, or a square
 * of one channel or three, if one has so many; false: of what form they are is not known, and `shape` is the row. */
bool picture_shape(const struct model *model, struct image_shape *shape);

#endif
