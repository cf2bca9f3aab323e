/* The kinds of nodes that operators make: what a planner compares node->kind with. */
#ifndef NETC_OPS_KINDS_H
#define NETC_OPS_KINDS_H

#include "graph/graph.h"

/*                                                     in -> out */
extern const NodeKind kind_pad;                     /* x -> x with a border */
extern const NodeKind kind_pad_backward;            /* dy -> dx */
extern const NodeKind kind_conv2d;                  /* x, weight, bias if any -> y; a border is a pad node before it */
extern const NodeKind kind_conv2d_backward_input;   /* weight, dy -> dx */
extern const NodeKind kind_conv2d_backward_weight;  /* x, dy -> dweight */
extern const NodeKind kind_conv2d_backward_bias;    /* dy -> dbias */
extern const NodeKind kind_max_pool2d;              /* x -> y, indices: u * kernel width + v of what was taken */
extern const NodeKind kind_max_pool2d_backward;     /* indices, dy -> dx */
extern const NodeKind kind_max_unpool2d;            /* x, indices -> y */
extern const NodeKind kind_max_unpool2d_backward;   /* indices, dy -> dx */
extern const NodeKind kind_relu;                    /* x -> y */
extern const NodeKind kind_relu_backward;           /* y, dy -> dx */
extern const NodeKind kind_flatten;                 /* x (c, y, x) -> y (i) */
extern const NodeKind kind_flatten_backward;        /* dy -> dx */
extern const NodeKind kind_linear;                  /* x, weight, bias if any -> y */
extern const NodeKind kind_linear_backward_input;   /* weight, dy -> dx */
extern const NodeKind kind_linear_backward_weight;  /* x, dy -> dweight */
extern const NodeKind kind_linear_backward_bias;    /* dy -> dbias */
extern const NodeKind kind_add;                     /* two or more -> their sum */
extern const NodeKind kind_concat;                  /* one or more -> one after another */
extern const NodeKind kind_slice;                   /* x -> a part of x */
extern const NodeKind kind_class_maximum;           /* logits, label -> largest logit, 1 where it is the label's */
extern const NodeKind kind_cross_entropy;           /* logits, label, maximum -> loss, sum of exponentials */
extern const NodeKind kind_cross_entropy_backward;  /* logits, label, maximum, sum, dloss -> dlogits */

extern const NodeKind kind_log_sum_exp;             /* logits, maximum -> log of the sum of their exponentials */
extern const NodeKind kind_target_loss;             /* logits, label, log-sum-exp, class weights if any -> loss, sum of
                                                       what the classes are to get, where they have weights */
extern const NodeKind kind_target_loss_backward;    /* the same, sum if any, dloss -> dlogits */

/* The border of a pad node: attribute[] in this order. */
enum { PAD_MODE, PAD_TOP, PAD_BOTTOM, PAD_LEFT, PAD_RIGHT };
/* Its modes, in the order of conv2d's words for padding_mode. */
enum { PAD_ZEROS, PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR };

/* Appends the node that puts a border around `x`: before[] at the top and left, after[] at the bottom and right.
 * Returns `x` itself where both are nothing. */
Tensor *pad(Graph *graph, Layer *layer, Tensor *x, int mode, const int64_t before[2], const int64_t after[2]);

#endif
