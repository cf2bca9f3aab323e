/* Pipelines of transforms on the CPU: which transforms a part's images go through, whether their sizes fit, and the
 * images themselves. */
#ifndef NETC_PIPELINE_H
#define NETC_PIPELINE_H

#include "data.h"
#include "transform_image.h"

/* As in a spec; of random_rotation, which is one, "random_affine". */
const char *transform_name(enum transform_kind kind);

/* Sets up what the transforms [first, end) of the model do to images of shape `from`, the random ones only where
 * wanted. Says where the sizes do not fit, naming `what` the images are: "data/train-images". pipeline_free frees
 * it. */
bool pipeline_make(const struct model *model, int first, int end, bool random, struct sample_shape from,
                   const char *what, struct pipeline *pipeline, struct error *error);
void pipeline_free(struct pipeline *pipeline);

/* What is done to images on their way into the network, of each part that a device has: training's are augmented, those
 * of an evaluation are not. */
struct pipelines { struct pipeline train, plain, test; };

/* `train` may be NULL, as in struct device_config. */
bool pipelines_make(const struct model *model, const struct dataset *train, const struct dataset *test,
                    struct pipelines *pipelines, struct error *error);
void pipelines_free(struct pipelines *pipelines);

/* The one for a part; NULL where it has nothing to do. */
const struct pipeline *pipelines_find(const struct pipelines *pipelines, enum part part, bool augment);

/* Bytes of memory that any of them wants. */
size_t pipelines_bytes(const struct pipelines *pipelines);

/* Bytes of memory that pipeline_image wants. */
size_t pipeline_bytes(const struct pipeline *pipeline);

/* What the pipeline makes of a sample's image: `image` itself where it has no steps, else it lies in the workspace. */
const void *pipeline_image(const struct pipeline *pipeline, const void *image, uint64_t sample, void *workspace);

/* Does one pass to an image. */
void pass_run(const struct pass *pass, const void *from, void *to);

/* Does `step` to one image of bytes or floats, `from`; *shape is its shape, and then the result's, which the caller
 * frees. `random` ones draw as sample 0 of seed 0 does. NULL where the sizes do not fit, or there is no memory. */
void *transform_apply(const struct transform *step, const void *image, struct sample_shape *shape, const char *what,
                      struct error *error);

/* Whether images of this shape, behind all transforms, are the network's input; and what there is to say where they are
 * not: `from` is their shape before. */
bool model_fits(const struct model *model, struct sample_shape shape);
bool model_misfit(const struct model *model, struct sample_shape from, struct sample_shape to, const char *what,
                  struct error *error);

/* The channels that a picture must have when it comes to this model's transforms: the input's, or 3 where these make it
 * grey. */
int model_picture_channels(const struct model *model);

/* Makes of one image of bytes, channels x height x width of any size, what model->predict takes: by all transforms that
 * are not random. `to` has room for model_input_bytes. Says where the result is not what the network takes, naming
 * `what` it is. */
bool model_input(const struct model *model, const uint8_t *image, int channels, int64_t height, int64_t width,
                 const char *what, void *to, struct error *error);
size_t model_input_bytes(const struct model *model);

#endif
