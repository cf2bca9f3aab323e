/* Fetches a file over HTTP, by libcurl: it goes on where it was cut off, passes on to the next address after a failure, and
 * appears under its name only when it is whole and right. */
#ifndef NETC_FETCH_H
#define NETC_FETCH_H

#include "data_source.h"
#include "progress.h"

struct fetch {
    const struct data_file *file;       /* how the right one is known */
    const char *path;                   /* where it goes; until it is whole it lies beside, as PATH.part */
    const char *const *addresses;       /* in the order to try them; ends with NULL */
    int         patience;               /* seconds without a byte until a connection is given up */
    struct progress *progress;
};

enum { FETCH_PATIENCE = 30 };

bool fetch_file(const struct fetch *fetch, struct error *error);

#endif
