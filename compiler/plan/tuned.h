/* Tuned kernels: code of their own for the patterns where the time goes. A rule (tuned.c) looks at a kernel and its
 * neighbours in the graph, and where it fits gives the kernel a scheme, the shape that the scheme's emitter prints
 * (cpu/), and what it reads and uses now. Everything else stays a nest. */
#ifndef NETC_PLAN_TUNED_H
#define NETC_PLAN_TUNED_H

#include "plan/plan.h"
#include "plan/winograd.h"

/* A convolution of samples side by side in the lanes, with the pool behind it, if that is fused: windows that neither
 * overlap nor leave gaps. A convolution alone has windows of 1 x 1. Pairs are height and width. */
typedef struct ConvShape {
    const Tensor *x, *weight, *bias;    /* bias: NULL where there is none */
    const Tensor *indices, *dy;         /* SCHEME_CONV_INPUT: which element each window took (NULL: no pool), gradient */
    int64_t groups, in, out;            /* channels of a group */
    int64_t kernel[2], stride[2], dilation[2];
    int64_t image[2];                   /* of x, its border included */
    int64_t result[2];                  /* of the convolution, as far as the pool reads it */
    int64_t pool[2], pooled[2];         /* window; results of the kernel */
    int64_t border[2], inside[2];       /* SCHEME_CONV_INPUT: of the image, what is not wanted before, and what is */
    int64_t channels;                   /* tile: output channels (SCHEME_CONV_INPUT: input channels) */
    int64_t rows, columns;              /* tile: of the convolution's result; whole windows */
    const Winograd *winograd;           /* along x; NULL: every tap is multiplied */
    const Tensor   *transformed;        /* with it: the weight, made by a kernel of plan->prepare */
} ConvShape;

/* The gradient of a convolution's weight, behind a pool whose windows each took one element of its result. The channels
 * of conv's tile are not used. */
typedef struct ConvWeightShape {
    ConvShape conv;                     /* SCHEME_CONV_WEIGHT_BLEND: its tile is rows x columns of taps */
    /* SCHEME_CONV_WEIGHT_LISTS: */
    int64_t   run, runs;                /* reals side by side both in x and in the weight; runs in a row of taps */
    int64_t   tile[3];                  /* of a pass: rows of taps, runs of a row, vectors of a run */
    int64_t   tiles[3];                 /* passes that cover them; what they sum beyond is dropped */
    int64_t   group;                    /* samples that share a list */
} ConvWeightShape;

/* The gradient of a convolution's weight. Strips of x or dy are turned from samples side by side to channels side by side;
 * these are multiplied in vectors, the channels of the other one by one. */
typedef struct DenseWeightShape {
    ConvShape conv;                     /* no pool; weight: its gradient; columns: of a tile, 1 without Winograd */
    bool      over_out;                 /* vectors are of output channels, of dy; else of input channels, of x */
    int64_t   vectors;                  /* of a group's channels, the last one filled up with zeros */
    int64_t   padded;                   /* single channels of a group, in whole tiles */
    bool      copied;                   /* these, into work */
    int64_t   taps, scalars, wide;      /* tile: rows of the kernel (all or 1), single channels, vectors */
    int64_t   all_tiles;                /* of a row */
    int64_t   rows, tiles;              /* of a strip */
} DenseWeightShape;

typedef struct WinogradWeight {
    const Tensor   *weight;
    const Winograd *winograd;
} WinogradWeight;

/* The gradient of a linear layer's weight: rows of features, which lie in the lanes. */
typedef struct LinearWeight {
    const Tensor *x, *dy;
    bool    of_inputs;                  /* the features are the layer's inputs and the rows its outputs, or else the other
                                           way round */
    int64_t rows, features, vectors;    /* vectors of a row: the last one may have lanes too many */
    int64_t tile_rows, tile_vectors;
} LinearWeight;

/* A convolution of a single image, whose neighbouring results of a row lie in the lanes. Of the ConvShape, `rows` are
 * those of a tile (Winograd's, along a column, else the pool's), `columns` a piece's, `channels` a register tile's. */
typedef struct PixelConv {
    ConvShape conv;
    int64_t   row_tiles;                /* tiles of rows; the last may begin early */
    int64_t   row_pieces;               /* pieces of a row; the last may begin early */
    int64_t   vectors;                  /* of a register tile */
    int64_t   pitch;                    /* from a row to the next of what the products read */
} PixelConv;

typedef struct PixelWeight {
    const Tensor   *weight;
    const Winograd *winograd;           /* along a column, or NULL */
} PixelWeight;

/* A linear layer of a single sample: features lie in the lanes, and are summed at the end. */
typedef struct DotShape {
    const Tensor *x, *weight, *bias;    /* x may be an image: its elements in their own order */
    int64_t features, outputs;
    bool    across;                     /* the weight's rows are those of the inputs: outputs lie in the lanes */
    int64_t tile;                       /* outputs of a register tile; with across, vectors of them */
    int64_t vectors;                    /* with across: of a row */
} DotShape;

typedef struct LossShape {
    const Tensor *logits, *label, *scale;
    const Tensor *correct, *loss, *gradient;
} LossShape;

/* What the rules look at and add to. */
typedef struct Tuner {
    Arena             *arena;
    Plan              *plan;
    Program           *program;
    Phase             *phase;
    const PlanOptions *options;
} Tuner;

/* Whether every array of the program is short enough for indices that are ints, as tuned code has them; nests choose. */
bool tuner_counts_in_ints(const Tuner *tuner);

/* Gives tuned code to the kernels of the phase that have some, and drops those whose results nobody reads any more. */
void plan_tune(Tuner *tuner);

/* The kernel of the phase that makes `tensor`, or NULL. */
Kernel *tuner_maker(const Tuner *tuner, const Tensor *tensor);

/* How many kernels of the phase read `tensor`. */
int tuner_readers(const Tuner *tuner, const Tensor *tensor);

/* Makes `kernel` one that reads nothing: a rule lists anew what the tuned code reads. */
void tuned_start(Kernel *kernel, Scheme scheme, const void *shape);

/* Says that units can share the kernel's loop `name` over `extent` points in tiles of `tile`: its emitter prints it by
 * range_head. Outermost first, MAX_CUTS at most. */
void tuned_cut(Kernel *kernel, const char *name, int64_t extent, int64_t tile);

/* The weight in Winograd's form, which a kernel of plan->prepare makes; one for each weight and form. */
const Tensor *tuner_transformed(Tuner *tuner, const Tensor *weight, const Winograd *winograd);

/* Everything of a convolution but the tile, without a pool. */
ConvShape tuner_conv_shape(const Layer *layer, const Tensor *x, const Tensor *weight, const Tensor *y);

/* Looks through the pool whose gradient `dy` is: puts it behind the convolution, with what it reads, and notes it in
 * `kernel` as absorbed. False where there is none or it does not fit: `s` is no good then. */
bool tuner_see_through_pool(Tuner *tuner, ConvShape *s, const Tensor *dy, Kernel *kernel);

/* The form of Winograd's convolution that pays most for it, NULL if none does. */
const Winograd *tuner_winograd(const Tuner *tuner, const ConvShape *s);

/* Whether all that the nest does is to sum and to store the sum. */
bool nest_is_sum(const Nest *nest);

/* Puts the pool behind the convolution: false where its windows overlap, leave gaps or reach over the border, or
 * are single elements. */
bool tuner_add_pool(ConvShape *s, const Layer *pool, const Tensor *pooled);

/* The nest of a pad's gradient, with the convolution's in place of what it reads of that. */
const Nest *tuner_nest_of_border(Arena *arena, const Nest *pad, const Nest *conv, const Tensor *padded);

/* Whether someone wants what the kernel makes: another kernel, or someone outside the graph. What is no sample's is a
 * gradient or a part of one: always. */
bool tuner_wants(const Tuner *tuner, const Kernel *kernel);

/* Drops the kernels of the phase whose results nobody reads. */
void tuner_drop_unread(Tuner *tuner);

/* A kernel of such a node that is wanted and still a nest is offered to the rule, where the command line has not left its
 * technique out. A rule comes before those that would see less of the same pattern. */
typedef struct Rule {
    Technique       technique;
    const NodeKind *kind;
    bool          (*fit)(Tuner *tuner, Kernel *kernel);
} Rule;

void tuner_apply(Tuner *tuner, const Rule rules[], size_t count);

/* The rules, each in its file; true where it fits. They may look at kernels beside `kernel`, but change only it. */
bool tune_conv(Tuner *tuner, Kernel *kernel);           /* tuned_conv.c: conv2d */
bool tune_conv_pool(Tuner *tuner, Kernel *kernel);      /* max_pool2d, whose conv2d it takes in */
bool tune_conv_input(Tuner *tuner, Kernel *kernel);     /* conv2d_backward_input */
bool tune_conv_border(Tuner *tuner, Kernel *kernel);    /* pad_backward, whose conv2d_backward_input it takes in */
bool tune_conv_weight(Tuner *tuner, Kernel *kernel);    /* tuned_conv_weight.c: conv2d_backward_weight */
bool tune_dense_weight(Tuner *tuner, Kernel *kernel);   /* tuned_dense_weight.c: conv2d_backward_weight, dense */
bool tune_loss(Tuner *tuner, Kernel *kernel);           /* tuned_loss.c: cross_entropy_backward, with what comes before */
bool tune_linear_weight(Tuner *tuner, Kernel *kernel);  /* tuned_linear.c: linear_backward_weight */

/* Makes of a kernel of SCHEME_LINEAR_WEIGHT one for the phase "weights": its units, the tile. */
void linear_over_blocks(Arena *arena, const Plan *plan, Kernel *kernel);

/* Those of single images. */
bool predict_conv(Tuner *tuner, Kernel *kernel);        /* predict_conv.c: conv2d */
bool predict_conv_pool(Tuner *tuner, Kernel *kernel);   /* max_pool2d, whose conv2d it takes in */
bool predict_linear(Tuner *tuner, Kernel *kernel);      /* predict.c: linear */

#endif
