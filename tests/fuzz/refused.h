/* For the harnesses of the runtime's readers. */
#ifndef NETC_FUZZ_REFUSED_H
#define NETC_FUZZ_REFUSED_H

#include "error.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* What a reader says that refuses its bytes: that the input is wrong, in a message that error_print can show. With
 * FUZZ_REFUSALS in the environment it is printed, too. */
static inline void fuzz_refused(struct error *error)
{
    fuzz_require(error->status == STATUS_INPUT, "exit status %d, expected %d: %s", error->status, STATUS_INPUT, error->text);
    for (char *c = error->text; *c; c++)        /* as error_print does */
        if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
            *c = '?';
    fuzz_require_readable(error->text);
    if (getenv("FUZZ_REFUSALS"))
        puts(error->text);
}

#endif
