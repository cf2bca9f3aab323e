/* What a network's classes are called. */
#ifndef NETC_CLASSES_H
#define NETC_CLASSES_H

#include "error.h"
#include "model.h"

/* One name for each class, never empty, in UTF-8 without control characters. */
struct classes {
    int64_t count;
    char  **name;
    bool    named;                      /* some are more than the class's number */
};

/* The published names of the dataset's classes; of `folder` those of the folders below `root`, where they are there; else
 * numbers. With target_transform a class bears the names of all labels that become it: "cat/dog". classes_free gives
 * them back, also after false. */
bool classes_find(const struct model *model, const char *root, struct classes *classes, struct error *error);
void classes_free(struct classes *classes);

/* Characters of the longest name. */
int classes_width(const struct classes *classes);

#endif
