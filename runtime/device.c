#include "device.h"

#include <string.h>

bool device_name_valid(const char *text)
{
    static const char cuda[] = "cuda";
    if (strcmp(text, "auto") == 0 || strcmp(text, "cpu") == 0 || strcmp(text, cuda) == 0)
        return true;
    size_t prefix = sizeof cuda - 1;
    if (strncmp(text, cuda, prefix) != 0 || text[prefix] != ':')
        return false;
    do {
        text += prefix + 1;             /* behind the colon, then behind each comma */
        prefix = strspn(text, "0123456789");
        if (prefix == 0 || prefix > 3)
            return false;
    } while (text[prefix] == ',');
    return text[prefix] == '\0';
}

const struct device_kind *device_find(const char *text, struct error *error)
{
    if (strcmp(text, "auto") == 0 || strcmp(text, "cpu") == 0)
        return &device_cpu;
    error_set(error, STATUS_MACHINE, "device %s: this trainer has no CUDA code, it runs on the CPU only", text);
    error_add(error, "--device cpu (or auto) trains there");
    return NULL;
}
