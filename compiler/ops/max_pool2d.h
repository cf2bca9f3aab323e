/* What max_unpool2d knows of the pool that its indices come from. */
#ifndef NETC_OPS_MAX_POOL2D_H
#define NETC_OPS_MAX_POOL2D_H

#include "ops/window.h"

extern const Op op_max_pool2d;

/* The windows of a max_pool2d over its input. */
Window max_pool2d_window(const Layer *pool);

#endif
