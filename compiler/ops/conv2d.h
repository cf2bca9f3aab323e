/* What the two files of conv2d share: conv2d.c has arguments and shapes, conv2d_nests.c its nodes. */
#ifndef NETC_OPS_CONV2D_H
#define NETC_OPS_CONV2D_H

#include "ops/window.h"

/* The windows of a convolution over its padded input. */
Window conv2d_window(const Layer *layer);

#endif
