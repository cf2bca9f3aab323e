/* What a training is of, in texts: what must be the same for its steps to be. Checkpoints hold them. */
#ifndef NETC_IDENTITY_H
#define NETC_IDENTITY_H

#include "data.h"
#include "error.h"
#include "model.h"
#include "safetensors.h"

enum { IDENTITIES = 6 };

/* The keys in a checkpoint's metadata: "netc.network". */
extern const char *const identity_keys[IDENTITIES];

/* A text for each; one that lists several things has a line for each of them. */
struct identity { char *text[IDENTITIES]; };

/* `train` is the training part. False where there is no memory; identity_free is due all the same. */
bool identity_make(struct identity *identity, const struct model *model, const struct dataset *train, struct error *error);
void identity_free(struct identity *identity);

/* Whether the file's texts are those of this training; says of each that differs what was found and what was expected: of a
 * list the first entry that is not the same. */
bool identity_check(const struct safetensors *file, const struct model *model, const struct dataset *train,
                    struct error *error);

#endif
