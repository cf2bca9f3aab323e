#include "cuda_driver.h"

#include "format.h"
#include "library.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST_DRIVER = 11080 };

/* What is told of a part of CUDA that is not there. */
struct part {
    const char *name;                   /* "NVRTC" */
    const char *variable;               /* of the environment; names the file */
    const char *const *files;           /* to be tried otherwise; ends with NULL */
    const char *remedy, *old;           /* where it is missing, where functions of it are missing */
};

static void *open_any(const struct part *part, struct error *error)
{
    const char *named = part->variable ? getenv(part->variable) : NULL;
    const char *const only[] = {named, NULL};
    bool        is_named = named && *named;
    char        why[512] = "";
    void       *handle = library_open(is_named ? only : part->files, why, sizeof why);
    if (!handle) {
        error_set(error, STATUS_MACHINE, is_named ? "%s cannot be opened: %s" : "%s is not here: %s", part->name, why);
        error_add(error, is_named ? "%s names this file: correct or unset it" : "%s",
                  is_named ? part->variable : part->remedy);
    }
    return handle;
}

/* Opens the part and looks up all of its functions. */
static bool open_part(const struct part *part, const struct symbol *symbols, void *table, struct error *error)
{
    void       *handle = open_any(part, error);
    const char *missing = handle ? library_find(handle, symbols, table) : NULL;
    if (!missing)
        return handle != NULL;
    error_set(error, STATUS_MACHINE, "%s has no function %s", part->name, missing);
    return error_add(error, "%s", part->old);
}

const char *cuda_version(char *text, int version)
{
    snprintf(text, FORMAT_SIZE, "%d.%d", version / 1000, version % 1000 / 10);
    return text;
}

bool cuda_no_gpu(struct error *error)
{
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    error_set(error, STATUS_MACHINE, "NVIDIA's driver finds no CUDA-capable device");
    if (visible)
        return error_add(error, "CUDA_VISIBLE_DEVICES is '%s': only the GPUs that it names are seen", visible);
    return error_add(error, "nvidia-smi lists those that there are; a container must be given them");
}

bool cuda_driver_open(struct cuda_driver *driver, struct error *error)
{
    static const char *const files[] = {"libcuda.so.1", NULL};
    static const struct part part = {
        .name = "NVIDIA's driver", .files = files,
        .remedy = "a GPU needs its driver (libcuda.so.1 comes with it); --device cpu trains without",
        .old = "a driver for CUDA 11.8 or later has it",
    };
#define SYMBOL(name, symbol, parameters) {#symbol, offsetof(struct cuda_driver, name)},
    static const struct symbol symbols[] = {CUDA_DRIVER_FUNCTIONS(SYMBOL) {NULL, 0}};
#undef SYMBOL
    int  version = 0;
    char text[FORMAT_SIZE];
    if (!open_part(&part, symbols, driver, error))
        return false;
    int status = driver->init(0);
    if (status == CUDA_NO_DEVICE)
        return cuda_no_gpu(error);
    if (!cuda_succeeds(driver, status, NULL, error, "cuInit")
        || !cuda_succeeds(driver, driver->driver_get_version(&version), NULL, error, "cuDriverGetVersion"))
        return false;
    if (version >= OLDEST_DRIVER)
        return true;
    error_set(error, STATUS_MACHINE, "NVIDIA's driver is too old: it is for CUDA %s", cuda_version(text, version));
    return error_add(error, "one for CUDA %s or later is wanted; --device cpu trains without",
                     cuda_version(text, OLDEST_DRIVER));
}

bool nvrtc_open(struct nvrtc *nvrtc, struct error *error)
{
    static const char *const files[] = {
        "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so", "/usr/local/cuda/lib64/libnvrtc.so", NULL,
    };
    static const struct part part = {
        .name = "NVRTC, the compiler of CUDA code,", .variable = "NETC_NVRTC", .files = files,
        .remedy = "it comes with the CUDA toolkit, or from PyPI as nvidia-cuda-nvrtc, which puts it into\n"
                  "  site-packages/nvidia/*/lib; LD_LIBRARY_PATH=folder or NETC_NVRTC=file says where it is",
        .old = "NVRTC 11.2 or later has it",
    };
#define SYMBOL(name, symbol, parameters, result) {#symbol, offsetof(struct nvrtc, name)},
    static const struct symbol symbols[] = {NVRTC_FUNCTIONS(SYMBOL) {NULL, 0}};
#undef SYMBOL
    return open_part(&part, symbols, nvrtc, error);
}

bool nccl_open(struct nccl *nccl, struct error *error)
{
    static const char *const files[] = {"libnccl.so.2", "libnccl.so", NULL};
    static const struct part part = {
        .name = "NCCL, by which GPUs add up their gradients,", .variable = "NETC_NCCL", .files = files,
        .remedy = "several GPUs need it: the package libnccl2, or from PyPI nvidia-nccl-cu12 or -cu13;\n"
                  "  NETC_NCCL=file says where it is; one GPU (--device cuda:0) trains without",
        .old = "NCCL 2.4 or later has it",
    };
#define SYMBOL(name, symbol, parameters, result) {#symbol, offsetof(struct nccl, name)},
    static const struct symbol symbols[] = {NCCL_FUNCTIONS(SYMBOL) {NULL, 0}};
#undef SYMBOL
    return open_part(&part, symbols, nccl, error);
}

/* What may help, by the driver's results. */
static const char *remedy(int status)
{
    static const char fault[] = "a kernel did what it must not: a fault of netc. compute-sanitizer says where;\n"
                                "  --device cpu trains all the same";
    static const struct { int first, last; const char *text; } remedies[] = {
        {2, 2, "other programs may hold the GPU's memory (nvidia-smi lists them); a smaller batch_size takes less"},
        {34, 34, "this libcuda.so.1 is the toolkit's stub: the real one comes with the driver"},
        {46, 46, "another process has the GPU for itself, or its compute mode forbids this one (nvidia-smi -q)"},
        {101, 101, "CUDA_VISIBLE_DEVICES decides which GPUs there are, and their numbers"},
        {209, 209, "this NVRTC and this driver know no common architecture for the GPU: newer ones are needed"},
        {214, 214, "the GPU's memory has failed: nvidia-smi -q tells about ECC errors"},
        {222, 222, "NVRTC is newer than the driver: a newer driver, or an NVRTC of the driver's version, helps"},
        {700, 701, fault},
        {702, 702, "the system ended a kernel that took too long: a GPU that shows a desktop has such a limit"},
        {710, 710, fault},
        {714, 719, fault},
        {802, 802, "the GPUs are not ready yet: nvidia-fabricmanager may have to be started"},
        {803, 803, "driver library and kernel module are of two versions: restart the machine"},
        {804, 804, "this GPU does not support the compatibility package of the driver: update the driver itself"},
    };
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (status >= remedies[i].first && status <= remedies[i].last)
            return remedies[i].text;
    return "--device cpu trains without the GPU";
}

bool cuda_succeeds(const struct cuda_driver *driver, int status, const char *device, struct error *error,
                   const char *format, ...)
{
    const char *name = NULL, *text = NULL;
    char        call[256];
    va_list     args;
    if (status == CUDA_SUCCESS)
        return true;
    va_start(args, format);
    vsnprintf(call, sizeof call, format, args);
    va_end(args);
    if (driver->get_error_name(status, &name) != CUDA_SUCCESS || !name)
        name = "error of the driver";
    if (driver->get_error_string(status, &text) != CUDA_SUCCESS || !text)
        text = "no description";
    error_set(error, STATUS_MACHINE, "%s%s%s failed: %s (%d): %s", device ? device : "", device ? ": " : "", call, name,
              status, text);
    return error_add(error, "%s", remedy(status));
}
