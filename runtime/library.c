#include "library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const struct library *library, void *functions, struct error *error)
{
    void *handle = NULL;
    for (int i = 0; !handle && library->files[i]; i++)
        handle = dlopen(library->files[i], RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        error_input(error, "%s is needed %s, but it is not here (looked for %s)", library->name, library->use,
                    library->files[0]);
        return error_add(error, "install it, on Debian with: apt-get install %s", library->package);
    }
    for (const struct symbol *symbol = library->symbols; symbol->name; symbol++) {
        void *address = dlsym(handle, symbol->name);
        if (!address)
            return error_input(error, "%s is needed %s, but the one that is here has no function %s", library->name,
                               library->use, symbol->name);
        memcpy((char *)functions + symbol->at, &address, sizeof address);
    }
    return true;
}
