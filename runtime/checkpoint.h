/* Checkpoints: all that it takes to go on with a training as if it had never been interrupted, in one safetensors file. The
 * weights stand there under PyTorch's names, so that a checkpoint is a file of weights, too; beside them
 * "optimizer.momentum_buffer.NAME", "best.NAME" where the best weights are kept, and in the metadata, under keys that
 * begin with "netc.", the numbers below and what the training is of. */
#ifndef NETC_CHECKPOINT_H
#define NETC_CHECKPOINT_H

#include "data.h"
#include "error.h"
#include "model.h"

/* The key that only checkpoints have; its value is the version of what follows. */
#define CHECKPOINT_KEY "netc.checkpoint"

/* Where a training stands. */
struct checkpoint {
    int64_t       epoch, step;          /* epochs that are done, evaluation included; steps that are made, in all */
    uint64_t      seed;
    double        lr;                   /* of the optimiser; a schedule starts from it */
    double        next_lr;              /* what the schedule gave for the step to come; below 0: no finite number */
    struct result sum;                  /* of the steps since these epochs */
    int64_t       best_epoch;           /* the best one so far, from 1; 0: none yet */
    double        best_accuracy, best_loss;
    real         *weights, *state;      /* flat; state: NULL where the optimiser has none */
    real         *best;                 /* flat, the best epoch's weights; NULL where they are not kept */
};

/* Allocates the arrays that the model needs. */
bool checkpoint_make(struct checkpoint *checkpoint, const struct model *model, struct error *error);
void checkpoint_free(struct checkpoint *checkpoint);

/* Writes it to `path`, whole or not at all, durably. The last `keep` files that were written there stay: the one before
 * becomes path.1, and so on. `train` is the training part. */
bool checkpoint_write(const struct checkpoint *checkpoint, const struct model *model, const struct dataset *train,
                      const char *path, int64_t keep, struct error *error);

/* Reads it into what checkpoint_make has made. A checkpoint of another network or of another sequence of steps is refused,
 * naming what differs. */
bool checkpoint_read(struct checkpoint *checkpoint, const struct model *model, const struct dataset *train,
                     const char *path, struct error *error);

/* The two numbers that the command line may want to change, before any data is read: with them whether it is a checkpoint
 * at all. */
bool checkpoint_peek(const char *path, uint64_t *seed, double *lr, struct error *error);

#endif
