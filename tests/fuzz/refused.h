/* For the harnesses of the runtime's readers. */
#ifndef NETC_FUZZ_REFUSED_H
#define NETC_FUZZ_REFUSED_H

#include "error.h"
#include "fuzz.h"

/* What a reader says that refuses its bytes: that the input is wrong, in a message that error_print can show. */
static inline void fuzz_refused(struct error *error)
{
    fuzz_require(error->status == STATUS_INPUT, "exit status %d, expected %d: %s", error->status, STATUS_INPUT, error->text);
    for (char *c = error->text; *c; c++)        /* as error_print does */
        if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
            *c = '?';
    fuzz_require_readable(error->text);
}

#endif
