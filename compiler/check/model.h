/* The model: what the checker hands to the graph builder. Names are resolved, blocks and repeats unrolled, every shape
 * is known, the training set-up is complete. Nothing after it reports an error of the user's. */
#ifndef NETC_MODEL_H
#define NETC_MODEL_H

#include "syntax/ast.h"

enum { MAX_RANK = 4 };

/* The shape of one sample: (features), or (channels, height, width). */
typedef struct Shape { int rank; int64_t dim[3]; } Shape;

int64_t     shape_elements(Shape shape);
bool        shape_equal(Shape a, Shape b);
const char *shape_text(Arena *arena, Shape shape);          /* "20x4x4" */

typedef struct Op    Op;                                    /* op.h */
typedef struct Layer Layer;

/* The value of one argument of a layer, in the order of its operator's ParamDef table. */
typedef struct Arg {
    bool    given;              /* stands in the spec; else the default has been filled in */
    Span    span;               /* where; the layer's span when not given */
    int64_t i[2];               /* PARAM_INT, PARAM_BOOL, PARAM_WORD (index of the word): i[0]; PARAM_SPATIAL: height, width */
    double  real;               /* PARAM_REAL */
    int     word;               /* PARAM_SPATIAL_OR_WORD: index of the word, or -1 when i holds numbers */
    Layer  *layer;              /* PARAM_LAYER */
} Arg;

/* A tensor that is learned. */
typedef struct Learnable {
    const char *name;           /* "weight": the whole name is layer name, dot, this */
    int         rank;
    int64_t     dim[MAX_RANK];  /* PyTorch's shape */
    int64_t     fan_in;         /* initialised to U(-1/sqrt(fan_in), 1/sqrt(fan_in)) */
} Learnable;

struct Layer {
    const Op   *op;
    const char *name;           /* conv1; max_pool2d_1; residual_2.conv2d_1; the first layer is "input" */
    Span        span;           /* the layer in the spec: its name and arguments */
    int         index;          /* its place in model->layers */
    List(Layer *) in;           /* what it reads, in order */
    Span        from_span;      /* `from …` if written, else the span of the layer */
    Shape       out;
    Arg        *args;           /* one for each entry of op->params */
    struct {                    /* `in -> out`, for operators with takes_sizes */
        bool    in_given;
        int64_t in, out;        /* in is filled in by the shape rule where it was not given */
        Span    in_span, out_span, span;
    } sizes;
    List(Learnable) learnables; /* in PyTorch's order: weight, bias */
};

/* What is known of a dataset before its files are opened: datasets.c has the table. */
typedef struct Dataset {
    const char *name, *title;   /* "mnist", "MNIST" */
    bool        downloads;      /* it can be fetched; else `root` must be given */
    Shape       image;          /* rank 0: only its files know */
    int64_t     classes;        /* 0: only its files know, or the split */
    bool        split;          /* it takes one */
    bool        pictures;       /* read from image files: the input is grey or colour */
} Dataset;

/* (byte / 255 - mean) / std, one pair a channel; without normalize mean is 0 and std is 1. */
typedef struct Normalize { double mean, std; } Normalize;

typedef struct DataSpec {
    Span        span;
    const Dataset *set;
    const char *name;           /* "mnist" */
    const char *split;          /* of emnist: "letters"; else NULL */
    const char *root;
    bool        download;
    Normalize  *normalize;      /* one for each channel of the input */
    int64_t     batch_size;
    bool        shuffle, test_shuffle;
    int64_t     test_batch_size;
} DataSpec;

typedef struct Sgd { double lr, momentum, dampening, weight_decay; bool nesterov; } Sgd;

typedef struct TrainSpec {
    Span        span;
    const Op   *loss;           /* op_cross_entropy */
    Sgd         sgd;
    int64_t     epochs;
    const char *device;         /* "auto", "cpu", "cuda", "cuda:1", "cuda:0,1" */
    uint64_t    seed;
} TrainSpec;

typedef struct Model {
    const Source *source;
    const char   *name;         /* of the net: a C identifier */
    Span          span;
    List(Layer *) layers;       /* [0] is the input; every layer comes after those it reads; the last one is the output */
    bool          has_data, has_train;
    DataSpec      data;
    TrainSpec     train;
} Model;

/* Checks `file`. Returns NULL if there was any error. With `need_all`, a missing data or train section is one. */
Model *check(Arena *arena, const Source *source, const Ast *file, bool need_all, Diag *diag);

#endif
