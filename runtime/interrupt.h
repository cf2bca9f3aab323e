/* SIGINT and SIGTERM as something to ask about between two pieces of work. */
#ifndef NETC_INTERRUPT_H
#define NETC_INTERRUPT_H

#include "error.h"

/* From now on the first SIGINT or SIGTERM is only noted; a second one ends the process. Broken pipes and files that
 * grow beyond their limit become errors of the write. */
void interrupt_catch(void);

/* False once a signal has come; `error` then says so and has its exit status. */
bool interrupt_none(struct error *error);

#endif
