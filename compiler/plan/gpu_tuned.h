/* Tuned kernels of a GPU, layer by layer: the shapes that the rules (gpu_tuned*.c) find and the emitters (cuda/) print.
 * A lane is a sample everywhere: what a warp reads of an activation lies side by side, and a weight is one value for all
 * its threads. */
#ifndef NETC_PLAN_GPU_TUNED_H
#define NETC_PLAN_GPU_TUNED_H

#include "plan/gpu.h"

enum {
    GPU_BUSY_BLOCKS = 120,      /* of threads, and warps: with fewer, part of a large GPU has nothing to do */
    GPU_BUSY_WARPS = 768,
    GPU_MOST_WARPS = 16,        /* of a block of tuned code: leaves a thread 128 registers */
    GPU_REGISTERS = 64 << 10,   /* of a multiprocessor: what the threads of a block share */
    GPU_SHARED = 47 << 10,      /* bytes of shared memory that every GPU gives a block unasked, about */
};

/* A convolution and the pool behind it. Of its ConvShape, a tile is `rows` x `columns` results of `channels` channels, in
 * the registers of one warp. The last tile of an axis begins early where they do not fill it. */
typedef struct GpuConv {
    ConvShape conv;
    bool      images;           /* x is the network's input: read from the bytes of the dataset, through shared memory */
    bool      staged;           /* the weights of the tile's channels go through shared memory */
    int64_t   down, across;     /* tiles along y and x */
    int64_t   splits;           /* warps that share a tile: each sums some of the input channels */
    int64_t   tiles;            /* of one block of threads, side by side */
} GpuConv;

/* The gradient of its input. A tile is `rows` x `columns` of dx, of `channels` input channels; the output channels are
 * split over `splits` warps. Windows of the pool that reach a tile are at the same places of every tile. */
typedef struct GpuConvInput {
    ConvShape conv;
    int64_t   down, across, splits;
    int64_t   first[2], windows[2];     /* the window, relative to the tile's first one; how many of them; y and x */
} GpuConvInput;

/* The gradient of its weight and bias, summed over the samples of a block, in `parts` parts. Each warp has the taps of one
 * pair of channels in registers. */
typedef struct GpuConvWeight {
    ConvShape     conv;         /* rows x columns: of a tile of dy */
    const Tensor *partial;      /* parts x size: weight and bias as they lie in the flat gradient */
    bool          images;       /* as GpuConv's */
    bool          sparse;       /* only what the pool's windows took is multiplied, gathered from shared memory */
    bool          bias;         /* its gradient as well */
    int64_t       down, across; /* tiles */
    int64_t       parts;        /* into which the tiles are divided, by rows of them if images */
    int64_t       warps;        /* images: of a block of threads, one an output channel */
} GpuConvWeight;

/* y[i] = bias[i] + sum of weight[i][j] * x[j], or of_input: dx[j] = sum of weight[i][j] * dy[i]. A warp has `tile` results. */
typedef struct GpuLinear {
    const Tensor *x, *weight, *bias;    /* x: what is summed over; may be an image, then it is read as a list */
    const Tensor *list;                 /* of_input: what the nest's stores call the result; NULL: their reduction */
    bool          of_input;
    int64_t       terms, results, tile, splits;
} GpuLinear;

/* The last layer, all of its classes, and the loss. 8 samples of each class are a block's. */
typedef struct GpuClassify {
    const Tensor *x, *weight, *bias;    /* x may be an image */
    const Tensor *logits;               /* NULL: nobody reads them */
    const Tensor *loss, *correct, *d_logits;
    bool          wants_input;          /* the gradient of x is made, which the nest's stores call `list` or a reduction */
    const Tensor *list;
    int64_t       features, classes, warps;
} GpuClassify;

/* A tile of rows x columns outputs x inputs is a block's: 16 x 16 threads, each with every 16th of both. */
typedef struct GpuLinearWeight {
    const Tensor *x, *dy, *weight, *bias;   /* bias: NULL, or its gradient is made as well */
    int64_t       inputs, outputs, rows, columns;
} GpuLinearWeight;

typedef struct GpuSum {
    const Tensor *from;                 /* parts x size for each block of samples, or, with no parts, one for the step */
    const Tensor *parameter;            /* and, in `from`, those that come right after it in the flat array */
    int64_t       parts, size;
} GpuSum;

/* ---- the rules, each in its file; true where it fits */

bool gpu_conv(Tuner *tuner, Kernel *kernel);            /* gpu_tuned_conv.c: conv2d */
bool gpu_conv_pool(Tuner *tuner, Kernel *kernel);       /* max_pool2d, whose conv2d it takes in */
bool gpu_conv_input(Tuner *tuner, Kernel *kernel);      /* gpu_tuned_input.c: conv2d_backward_input */
bool gpu_conv_border(Tuner *tuner, Kernel *kernel);     /* pad_backward, whose conv2d_backward_input it takes in */
bool gpu_conv_weight(Tuner *tuner, Kernel *kernel);     /* gpu_tuned_weight.c: conv2d_backward_weight, behind a pool */
bool gpu_dense_weight(Tuner *tuner, Kernel *kernel);    /* conv2d_backward_weight */
bool gpu_linear(Tuner *tuner, Kernel *kernel);          /* gpu_tuned_linear.c: linear */
bool gpu_linear_input(Tuner *tuner, Kernel *kernel);    /* linear_backward_input */
bool gpu_flatten_input(Tuner *tuner, Kernel *kernel);   /* flatten_backward, whose linear_backward_input it takes in */
bool gpu_classify(Tuner *tuner, Kernel *kernel);        /* cross_entropy, with the linear before it */

/* NULL, or what is wrong: a tuned kernel whose units leave part of its work undone, or with other warps than its sums
 * are shared by (gpu_tuned_verify.c). */
const char *gpu_tuned_verify(Arena *arena, const Kernel *kernel);

/* ---- what they share */

/* Blocks of samples of a full step. */
int64_t gpu_blocks(const Tuner *tuner);

/* The image that `features` is a list of; else `features` itself. */
const Tensor *gpu_flattened(const Tuner *tuner, const Tensor *features);

/* Floats of a channel's taps in memory. */
int64_t gpu_taps(const ConvShape *s);

/* The gradient of a parameter, or NULL; and the other way round. */
const Tensor *gpu_gradient_of(const Graph *graph, const Tensor *parameter);
const Tensor *gpu_parameter_of(const Graph *graph, const Tensor *gradient);

/* The smallest number of warps that share the terms of a sum, at most `most` and one that divides them, with which there
 * are GPU_BUSY_WARPS; else the largest. */
int64_t gpu_splits(int64_t warps, int64_t terms, int64_t most);

/* A kernel's note: lines of its comment. */
__attribute__((format(printf, 2, 3))) const char *gpu_note(Arena *arena, const char *format, ...);

#endif
