/* Where the datasets are published, and how to tell whether a file is what it should be. */
#ifndef NETC_DATA_SOURCE_H
#define NETC_DATA_SOURCE_H

#include "data.h"

enum { PART_BOTH = -1 };

/* A file that is fetched whole. */
struct data_file {
    const char *name;                   /* "train-images-idx3-ubyte.gz" */
    int         part;                   /* enum part, or PART_BOTH */
    const char *md5;                    /* of the file */
    const char *content_md5;            /* of what gzip makes of it, or NULL: another compression of it will do too */
    int64_t     size, content_size;     /* of both; content_size 0: it is an archive */
};

struct data_source {
    const char              *dataset;   /* "mnist" */
    const char *const       *bases;     /* addresses before the name, in the order to try them; ends with NULL */
    const struct data_file  *files;     /* ends with a NULL name */
};

/* NULL for datasets that nobody publishes: idx, folder. */
const struct data_source *data_source_find(const char *dataset);

/* The files that `source` holds part `part` in: whether `file` is one of them. */
bool data_file_of(const struct data_file *file, enum part part);

/* Says that there is no data of this part (`found` in words: "there is neither … nor …") and what to type. */
bool data_missing(const struct model *model, const char *root, enum part part, const char *found, struct error *error);

/* Whether a file that was just fetched is the right one, by its MD5 or that of its contents. False and no error
 * (STATUS_OK) where it is another. */
bool data_file_verify(const struct data_file *file, const char *path, struct error *error);

/* A file whose plain contents have exactly the published size must have the published MD5 as well, where libcrypto is
 * there to compute it. `name` is the file's without ".gz". */
bool data_check_content(const struct model *model, const char *name, const char *path, int64_t size, struct error *error);

/* After part `part` could not be read: finds out which of its files are missing, or damaged. Damaged ones are kept
 * aside as NAME.damaged; all of these are fetched. *changed tells whether there was any. */
bool data_obtain(const struct model *model, const char *root, enum part part, enum progress_mode mode, bool *changed,
                 struct error *error);

#endif
