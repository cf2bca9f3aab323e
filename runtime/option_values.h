/* The values that options take. */
#ifndef NETC_OPTION_VALUES_H
#define NETC_OPTION_VALUES_H

#include "options.h"

/* How a value is read (false: it is none of the kind) and how a default is shown in the help (nothing: there is none). */
struct value_kind {
    const char *expected;
    bool      (*read)(const char *text, void *value);
    void      (*show)(const void *value, char *text, size_t size);
};

/* int64_t, int64_t of 1 or more, uint64_t, int, double, const char * (file, folder, device), and the enums. */
extern const struct value_kind value_count, value_most, value_seed, value_threads, value_rate, value_file, value_folder, value_device, value_kernels, value_mode;

#endif
