/* What a network does with data that is made for it: on the CPU, and as CUDA code on the device that the host plays. */
#ifndef NETC_OUTCOME_H
#define NETC_OUTCOME_H

#include "host_run.h"

enum { STEPS = 2, RANDOM_STEPS = 4 };

/* What a model does with the data. */
struct outcome {
    double  loss[STEPS + 2];            /* of the steps, of the evaluation of all samples, of the first one alone */
    int64_t correct[STEPS + 2];
    real   *logits;                     /* of all samples, then once more of the first */
    real   *gradient[STEPS];            /* of a whole batch, and of what is left of the epoch */
    real   *momentum;                   /* the movement that these two leave for the next step */
    double  random_loss[RANDOM_STEPS];  /* of steps with the spec's optimiser */
    real   *trained;                    /* the movement that they made */
};

struct subject {
    const struct model *model;          /* the plain one */
    bool                exact;
    struct dataset      data;
    real               *weights;        /* in PyTorch's order */
    int64_t             elements;
    const char         *folder;
};

/* Weights and images that are exact (numbers.h), or random ones. */
struct subject subject_of(const struct model *model, bool exact, const char *folder);
void subject_free(struct subject *subject);

/* All of it, by the CPU. */
struct outcome cpu_outcome(const struct subject *subject);
void outcome_free(struct outcome *outcome);

/* The loss, hits and gradient of each step, and the momentum. A smaller step is followed by a larger one and, where momentum
 * is looked at, the other way round: what a step leaves in the buffers is not to matter for the next. */
struct outcome gpu_gradients(const struct subject *subject, const struct model *model, const struct cuda_code *code);

/* Losses of steps with the spec's optimiser, and the movement they make. */
void gpu_steps(const struct subject *subject, const struct model *model, const struct cuda_code *code,
               struct outcome *outcome);

/* The last step as two GPUs make it, each with buffers for its own part of the samples: loss, hits, gradient. */
void gpu_shared(const struct subject *subject, const struct model *model, const struct cuda_code *code,
                enum host_order order, struct outcome *outcome);

/* The buffers after the gradient of a whole batch; the caller closes it. */
struct host_gpu *gpu_after_gradient(const struct subject *subject, const struct model *model,
                                    const struct cuda_code *code);

/* Losses, hits and logits of an evaluation, with buffers of the size it needs. */
void gpu_evaluate(const struct subject *subject, const struct model *model, const struct cuda_code *code,
                  enum host_order order, struct outcome *outcome);

#endif
