/* From what the files hold to what training works on; for the readers of datasets. */
#ifndef NETC_DATA_PREPARE_H
#define NETC_DATA_PREPARE_H

#include "data.h"

/* Whether images of shape `raw`, as the files have them, become the network's input by the model's transforms, augmented or
 * not. Says in the name of the file, `what`, where not. */
bool data_fits(const struct model *model, struct sample_shape raw, const char *what, struct error *error);

/* Does the prepared transforms to all images, whose shape is that of the files. */
bool data_prepare(const struct model *model, struct dataset *data, const char *what, struct error *error);

/* Labels as target_transform makes them, and what is held out behind the rest. */
bool data_finish(const struct model *model, enum part part, struct dataset *data, struct error *error);

#endif
