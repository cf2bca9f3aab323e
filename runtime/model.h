/* The contract between generated code and the runtime: generated code defines one `struct model`, the runtime loads
 * data, owns all memory and threads, and calls what the model points to.
 *
 * All weights lie in one flat array of `weights_size` reals, in the layout that the generated code wants (its
 * `struct NAME_weights`); a gradient has the same layout, and so has each slot of the optimiser's state. `struct
 * parameter` says where PyTorch's element (i, j, k, l) of a tensor stands in it. */
#ifndef NETC_MODEL_CONTRACT_H
#define NETC_MODEL_CONTRACT_H

#include "optim.h"
#include "real.h"
#include "schedule.h"
#include "transform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_MAX_RANK = 4 };

/* One learned tensor. */
struct parameter {
    const char *name;                   /* "conv1.weight" */
    int         rank;
    int64_t     shape[MODEL_MAX_RANK];  /* PyTorch's */
    int64_t     stride[MODEL_MAX_RANK]; /* of each dimension in the flat array, in reals */
    int64_t     offset;                 /* of its first element there */
    int64_t     fan_in;                 /* initial values are U(-1/sqrt(fan_in), 1/sqrt(fan_in)) */
};

/* One layer, for the tables that `info` prints. */
struct layer {
    const char *name, *kind;            /* "conv1", "conv2d" */
    int         rank;
    int64_t     shape[3];               /* of its output, one sample */
    const char *arguments;              /* "kernel_size=5, padding=1", without defaults; NULL: none */
    const char *from;                   /* "conv1, relu_2", if it does not read the layer before; else NULL */
    int64_t     parameters;
    int64_t     forward_flop, backward_flop;    /* one sample */
};

/* A kernel: a function of the generated code that does a part of a phase. `bench` times each (RUN in step.h) and wants to
 * know its work: in training each step does step_flop, and sample_flop for each of its samples; likewise bytes, of the
 * arrays that are read and written, each counted whole and once. */
struct kernel {
    const char *name, *phase;           /* "conv1_forward", "blocks" */
    int64_t     sample_flop, step_flop;
    int64_t     block_bytes, step_bytes;    /* for each block of samples, for each step */
    bool        everywhere;             /* each thread does it for itself, the whole work */
};

/* What one block contributes to a step's or an evaluation's results: the sum (not the mean) of its samples' losses,
 * and how many of its samples it classified correctly. All are zero when a step starts; the runtime adds them up in
 * the order of the blocks, so that no thread count changes a sum. Beside them it adds up what the samples weigh, each one
 * 1 or the weight of its class: the mean loss is loss / weight. */
struct result { double loss; int64_t correct; double weight; };

/* One step of training, or one evaluation: what the runtime hands to every unit. A block's samples are the positions
 * [block * lanes, (block + 1) * lanes) of 0 .. count-1; sample_at() says which sample of the dataset a position is.
 * weights, state and batch are 64-byte aligned; state and batch are zero before the first step, and so is whatever
 * padding the weights have. Weights and state are the running thread's own where the update is done everywhere (struct
 * phase), else there is one of each. */
struct step {
    real          *weights;             /* flat; read by all units, written by those of the update phase */
    real          *state;               /* the optimiser's slots, each weights_size reals */
    void          *batch;               /* model->batch_bytes: what a phase leaves for the next: partial gradients */
    int            parity;              /* 0 and 1 by turns from step to step: which half of such memory is this step's */
    const uint8_t *images;              /* the dataset part: samples x channels x height x width bytes */
    const uint8_t *labels;              /* one byte a sample */
    const struct order *order;          /* of the epoch, or NULL for the order of the file (random.h) */
    const struct sampler *sampler;      /* that says in place of the order which samples come (sampler.h), or NULL */
    int64_t        first;               /* position in the order of the step's first sample */
    int64_t        count;               /* samples in this step; 1 .. batch_size when training, any number otherwise */
    double         lr, momentum;        /* of this step */
    real           scale;               /* what a sample's loss weighs in the mean over the step: 1 / count; with class
                                           weights 1 / their sum over the step's samples, 0 where that is 0 */
    const struct pipeline *pipeline;    /* what is done to images on their way in (transform.h), or NULL: nothing */
    void          *workspace;           /* of the running thread, for that: pipeline_bytes of it for each lane */
    int64_t        version;             /* of the weights, from 1: another number whenever they have changed */
    bool           first_step;          /* the optimiser has no history yet */
    struct result *result;              /* one for each block; written by the phase that computes the loss */
    real          *logits;              /* count x classes, in the order of positions; or NULL: not wanted */
    uint64_t      *laps;                /* of the running thread, one for each kernel: its ticks so far, which the unit
                                           adds to; or NULL: not wanted */
};

/* A phase: units that may run in any order, on any thread, at the same time; the next phase starts after all of them.
 * How many units a step has is fixed by the model and the step, never by the number of threads. `scratch` is the
 * running thread's own, scratch_bytes large, 64-byte aligned, zeroed once at the start.
 *
 * A phase that is done `everywhere`, never the first one, saves a barrier: each thread runs all of its units for itself,
 * as soon as all threads have ended the phase before, and goes on to what comes next while others are still at it. What
 * the phase before left must then stay as it is until all threads are through the phase after: it has a half for steps
 * of either parity. */
struct phase {
    const char *name;                   /* "blocks", "update" */
    int64_t     units;                  /* that a step has, whatever its samples; they come first */
    int64_t     block_units;            /* and as many for each of its ceil(count / lanes) blocks of samples, a block's
                                           side by side; none where it is done everywhere */
    bool        everywhere;
    void      (*run)(const struct step *step, void *scratch, int64_t unit);
};

struct model {
    int           contract;             /* MODEL_CONTRACT of the header it was compiled with */
    size_t        real_bytes;           /* sizeof(real) it was compiled with */
    const char   *name, *spec, *target, *compiler;  /* "lenet", "lenet.net", "avx2", "netc 0.1.0" */
    int64_t       channels, height, width;  /* of an input image; a flat input of n features is n x 1 x 1 */
    bool          flat;                 /* the input has rank 1: any image of channels*height*width bytes fits */
    int64_t       classes;
    int           lanes;

    const struct layer     *layers;     int layer_count;
    const struct parameter *parameters; int parameter_count;
    int64_t       weights_size;         /* reals in the flat array, padding included */
    int           state_slots;          /* of the optimiser: 1 where weights have a history, else 0 */
    size_t        scratch_bytes;        /* for each thread; the largest of all phases and of evaluation */
    size_t        batch_bytes;

    const struct phase *train; int train_count;     /* a step is these phases, in order; those that change weights or
                                                       state come after those that leave results */
    struct phase  evaluate;             /* blocks: results and, where wanted, logits */
    const struct kernel *kernels; int kernel_count; /* that these call */

    const struct cuda_code *const *cuda;    /* ways to train it on a GPU (cuda_model.h), the best first; ends with NULL */

    /* The logits of one image, channels x height x width bytes as the dataset has them. `scratch` is the caller's,
     * predict_bytes large, 64-byte aligned, zeroed once at the start. Lanes are pixels here, so the weights are wanted
     * in other forms than a step's. To make these takes longer than an image, and whoever sets weights knows when they
     * change: prepare_predict is called once for each set of weights and scratch, before predict is. NULL where the
     * generated code has no functions for single images. */
    size_t        predict_bytes;
    void        (*prepare_predict)(const real *weights, void *scratch);
    void        (*predict)(const real *weights, void *scratch, const void *image, real *logits);

    /* The plain forward pass of one image, as `predict` takes it, layer by layer: calls visit with each layer's place in
     * `layers` and the values it gives, in any order of elements. It finds where a value first is not finite. */
    size_t        visit_bytes;
    void        (*visit_layers)(const real *weights, void *scratch, const void *image,
                                void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

    /* From the spec's data and train sections. */
    const char   *dataset;              /* "mnist", "idx" */
    const char   *split;                /* of emnist: "letters"; else NULL */
    const char   *root;
    bool          download, shuffle, test_shuffle;

    /* What is done to an image on its way into the network (transform.h), as the spec lists it; but where only bytes are
     * moved, generated code does to_tensor and normalize while it loads them, and neither is listed. */
    const struct transform *transforms; int transform_count;
    const char   *normalize;            /* its arguments in the latter case, "mean=0.1307, std=0.3081"; NULL: none */
    int           prepared;             /* the first so many are done once, when the data are read: they leave bytes */
    bool          real_images;          /* the others leave floats, not bytes: what generated code loads, and predict takes */
    const int16_t *targets;             /* target_transform: what each label of 256 becomes, below 256; NULL: itself */
    int64_t       valid;                /* samples of the training part that are held out for validation */
    bool          drop_last;            /* an epoch has no last, smaller batch */
    bool          balanced;             /* the sampler: each class is drawn as often (sampler.h) */
    int64_t       batch_size;
    int64_t       test_batch_size;      /* results do not depend on it: the runtime evaluates as it likes */
    struct sgd    sgd;
    struct schedule schedule;           /* of the learning rate and momentum */
    double        clip_grad_norm;       /* 0: gradients are not clipped */
    double        label_smoothing;      /* of the loss, which generated code has built in */
    const real   *class_weights;        /* of the loss, one for each class; NULL: all are 1 */
    int64_t       epochs;
    bool          keep_best;            /* the result is the weights of the best epoch, not of the last */
    int64_t       checkpoints;          /* that are kept, 1 or more */
    int64_t       patience;             /* epochs without a better one after which training ends; 0: never */
    const char   *device;               /* "auto", "cpu", "cuda" … */
    uint64_t      seed;
};

enum { MODEL_CONTRACT = 7 };

/* The whole trainer: reads the command line, runs it, returns the exit status (commands in docs/trainer.md). */
int trainer_main(const struct model *model, int argc, char **argv);

#endif
