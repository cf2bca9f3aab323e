#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void *library_open(const char *const *files, char *why, size_t size)
{
    for (const char *const *file = files; *file; file++) {
        void *handle = dlopen(*file, RTLD_NOW | RTLD_LOCAL);
        if (handle)
            return handle;
        const char *reason = dlerror();
        if (why && file == files)
            snprintf(why, size, "%s", reason ? reason : *file);
    }
    return NULL;
}

const char *library_find(void *handle, const struct symbol *symbols, void *functions)
{
    for (const struct symbol *symbol = symbols; symbol->name; symbol++) {
        void *address = dlsym(handle, symbol->name);
        if (!address)
            return symbol->name;
        memcpy((char *)functions + symbol->at, &address, sizeof address);
    }
    return NULL;
}

bool library_load(const struct library *library, void *functions, struct error *error)
{
    void *handle = library_open(library->files, NULL, 0);
    if (!handle) {
        error_input(error, "%s is needed %s, but it is not here (looked for %s)", library->name, library->use,
                    library->files[0]);
        return error_add(error, "install it, on Debian with: apt-get install %s", library->package);
    }
    const char *missing = library_find(handle, library->symbols, functions);
    return !missing || error_input(error, "%s is needed %s, but the one that is here has no function %s", library->name,
                                   library->use, missing);
}
