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
    const double *numbers;      /* PARAM_NUMBERS: `count` of them, and where each stands if given */
    const Span   *spans;
    int           count;
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
    const char *arguments;      /* without defaults, as one writes them: "kernel_size=5, padding=same"; NULL: the input */
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
    int64_t     samples;        /* of its training part; 0: only its files know, or the split */
    bool        split;          /* it takes one */
    bool        pictures;       /* read from image files: the input is grey or colour */
} Dataset;

/* (byte / 255 - mean) / std, one pair a channel; without normalize mean is 0 and std is 1. */
typedef struct Normalize { double mean, std; } Normalize;

/* One step of `transform = […]`, as torchvision defines it. */
typedef enum TransformKind {
    TRANSFORM_PAD,              /* padding, padding_mode, fill */
    TRANSFORM_CENTER_CROP,      /* size */
    TRANSFORM_RANDOM_CROP,      /* size; before it padding, padding_mode, fill; of the test part: CENTER_CROP */
    TRANSFORM_RANDOM_HORIZONTAL_FLIP,   /* p */
    TRANSFORM_RANDOM_VERTICAL_FLIP,     /* p */
    TRANSFORM_RESIZE,           /* size, or size[1] = 0: the shorter side becomes size[0] */
    TRANSFORM_RANDOM_AFFINE,    /* degrees, translate, scale, shear, bilinear, fill; random_rotation is one too */
    TRANSFORM_RANDOM_ERASING,   /* p, scale, ratio, fill */
    TRANSFORM_GRAYSCALE,        /* channels: 1 or 3 */
    TRANSFORM_INVERT,
    TRANSFORM_TO_TENSOR,        /* bytes become reals from 0 to 1; not in the list where `real_images` is false */
    TRANSFORM_NORMALIZE,        /* DataSpec.normalize; likewise */
} TransformKind;

typedef enum PaddingMode { PADDING_CONSTANT, PADDING_EDGE, PADDING_REFLECT, PADDING_SYMMETRIC } PaddingMode;

typedef struct Transform {
    TransformKind kind;
    Span          span;
    int64_t       size[2];      /* height, width */
    int64_t       padding[4];   /* left, top, right, bottom, as torchvision orders them */
    PaddingMode   mode;
    bool          pad_if_needed, bilinear;
    double        fill;         /* in the values that the image has at this place: bytes before to_tensor, reals behind it */
    double        p;
    double        degrees[2], translate[2], scale[2], shear[4], ratio[2];
    int           channels;     /* NORMALIZE too: entries of DataSpec.normalize */
} Transform;

typedef struct DataSpec {
    Span        span;
    const Dataset *set;
    const char *name;           /* "mnist" */
    const char *split;          /* of emnist: "letters"; else NULL */
    const char *root;
    bool        download;
    Normalize  *normalize;      /* one for each channel of the input; where it is listed, of the image at that place */

    /* What is done to an image beside to_tensor and normalize at the end, which generated code does while it loads bytes.
     * Where transforms leave what bytes cannot hold (real_images), both stand in the list, and the network gets reals. */
    List(Transform) transforms;
    int         prepared;       /* the first so many are done once, when the data are read: they are not random, and leave bytes */
    bool        real_images;
    Shape       source;         /* of an image behind the prepared ones; a dimension that only the files know is 0 */

    Span        targets_span;   /* of target_transform's list */
    int16_t    *targets;        /* target_transform: what each label of 256 becomes, below 256; NULL: itself */
    int64_t     samples;        /* of the training part; 0: only its files know */
    int64_t     classes;        /* of the dataset, before target_transform; 0: only its files know */
    int64_t     valid;          /* that many of them are held out */
    int64_t     batch_size;
    bool        shuffle, test_shuffle, drop_last, balanced;
    int64_t     test_batch_size;
} DataSpec;

typedef struct Sgd { double lr, momentum, dampening, weight_decay; bool nesterov; } Sgd;

/* lr_scheduler: PyTorch's, of the learning rate and, one_cycle, of momentum. */
typedef enum ScheduleKind {
    SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_MULTI_STEP, SCHEDULE_COSINE, SCHEDULE_ONE_CYCLE, SCHEDULE_LINEAR
} ScheduleKind;

typedef struct Schedule {
    ScheduleKind kind;
    int64_t      step_size, t_max, total_iters;     /* epochs; t_max 0: all there are */
    const int64_t *milestones;  /* epochs, ascending */
    int          milestone_count;
    double       gamma, eta_min, start_factor, end_factor;
    double       max_lr;        /* one_cycle; 0: the optimizer's lr */
    double       pct_start, div_factor, final_div_factor;
    bool         linear;        /* one_cycle's anneal_strategy */
    double       base_momentum, max_momentum;   /* one_cycle's; max_momentum 0: the optimizer's stays as it is */
    int64_t      warmup_steps;  /* 0: none; else lr grows from warmup_factor of it to all of it in so many steps */
    double       warmup_factor;
} Schedule;

typedef enum Keep { KEEP_LAST, KEEP_BEST } Keep;

typedef struct TrainSpec {
    Span        span;
    const Op   *loss;           /* op_cross_entropy */
    Layer      *loss_layer;     /* with its arguments */
    double      label_smoothing;    /* of the loss */
    const double *class_weights;    /* of the loss, one for each class; NULL: all are 1 */
    Schedule    schedule;
    double      clip_grad_norm; /* 0: gradients are not clipped */
    Keep        keep;           /* which weights are the result */
    int64_t     checkpoints;    /* that are kept: FILE, FILE.1, … */
    int64_t     patience;       /* epochs without a better one after which training ends; 0: never */
    Sgd         sgd;
    int64_t     epochs;
    const char *device;         /* "auto", "cpu", "cuda", "cuda:1", "cuda:0,1" */
    uint64_t    seed;
} TrainSpec;

/* Whether the schedule gives each step a momentum of its own, in place of the optimizer's. */
static inline bool cycles_momentum(const TrainSpec *train) { return train->schedule.max_momentum > 0; }

/* Whether weights have a history. */
static inline bool has_momentum(const TrainSpec *train) { return train->sgd.momentum != 0 || cycles_momentum(train); }

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
