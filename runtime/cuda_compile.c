#include "cuda_compile.h"

#include "cuda_cache.h"
#include "cuda_sources.h"
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION = 64, LOG_LINES = 12 };

int cuda_arch(const int *known, int count, int device, bool binary)
{
    int best = 0;
    for (int i = 0; i < count; i++)
        if (known[i] <= device && known[i] > best && (!binary || known[i] / 10 == device / 10))
            best = known[i];
    return best;
}

int nvrtc_version(const struct nvrtc *nvrtc)
{
    int major = 0, minor = 0;
    return nvrtc->version(&major, &minor) == 0 ? 1000 * major + 10 * minor : 0;
}

static bool succeeds(const struct nvrtc *nvrtc, int status, const char *call, struct error *error)
{
    if (status == 0)
        return true;
    char version[FORMAT_SIZE];
    return error_set(error, STATUS_MACHINE, "NVRTC %s: %s failed: %s", cuda_version(version, nvrtc_version(nvrtc)), call,
                     nvrtc->get_error_string(status));
}

/* The architectures that NVRTC knows, for the caller to free. */
static int *known_archs(const struct nvrtc *nvrtc, int *count, struct error *error)
{
    if (!succeeds(nvrtc, nvrtc->get_num_supported_archs(count), "nvrtcGetNumSupportedArchs", error))
        return NULL;
    int *archs = calloc((size_t)*count + 1, sizeof *archs);
    if (!archs) {
        error_memory(error, "a list of architectures", (size_t)*count * sizeof *archs);
        return NULL;
    }
    if (succeeds(nvrtc, nvrtc->get_supported_archs(archs), "nvrtcGetSupportedArchs", error))
        return archs;
    free(archs);
    return NULL;
}

/* The architecture to compile for; 0 with an error. */
static int choose_arch(const struct nvrtc *nvrtc, int device, bool binary, struct error *error)
{
    int  count = 0, arch = 0, *known = known_archs(nvrtc, &count, error);
    char version[FORMAT_SIZE];
    if (!known)
        return 0;
    arch = cuda_arch(known, count, device, binary);
    int oldest = count > 0 ? known[0] : 0;
    for (int i = 0; i < count; i++)
        oldest = known[i] < oldest ? known[i] : oldest;
    free(known);
    if (arch > 0)
        return arch;
    cuda_version(version, nvrtc_version(nvrtc));
    if (device < oldest) {
        error_set(error, STATUS_MACHINE, "NVRTC %s knows no architecture as old as this GPU's, %d.%d: its oldest is %d.%d",
                  version, device / 10, device % 10, oldest / 10, oldest % 10);
        error_add(error, "an older NVRTC (NETC_NVRTC=file) may know it; --device cpu trains without the GPU");
    } else {
        error_set(error, STATUS_MACHINE, "NVRTC %s is too new for this driver, and cannot make a binary for capability %d.%d",
                  version, device / 10, device % 10);
        error_add(error, "a newer driver, or an NVRTC of the driver's version (NETC_NVRTC=file), helps");
    }
    return 0;
}

bool cuda_compilable(const struct nvrtc *nvrtc, int device, struct error *error)
{
    return choose_arch(nvrtc, device, false, error) > 0;
}

/* Adds the first lines of what the compiler has to say. */
static void add_log(const struct nvrtc *nvrtc, struct nvrtc_program *program, struct error *error)
{
    size_t size = 0;
    char  *log = nvrtc->get_log_size(program, &size) == 0 && size > 0 ? malloc(size + 1) : NULL;
    if (log && nvrtc->get_log(program, log) == 0) {
        log[size] = '\0';
        char *line = log;
        for (int i = 0; i < LOG_LINES && *line; i++) {
            size_t length = strcspn(line, "\n");
            error_add(error, "%.*s", (int)length, line);
            line += length + (line[length] == '\n');
        }
    }
    free(log);
}

static bool get_image(const struct nvrtc *nvrtc, struct nvrtc_program *program, struct cuda_image *image,
                      struct error *error)
{
    size_t size = 0;
    int    status = image->binary ? nvrtc->get_cubin_size(program, &size) : nvrtc->get_ptx_size(program, &size);
    if (!succeeds(nvrtc, status, image->binary ? "nvrtcGetCUBINSize" : "nvrtcGetPTXSize", error))
        return false;
    image->size = size;
    image->bytes = malloc(size + 1);
    if (!image->bytes)
        return error_memory(error, "compiled CUDA code", size);
    image->bytes[size] = '\0';
    status = image->binary ? nvrtc->get_cubin(program, image->bytes) : nvrtc->get_ptx(program, image->bytes);
    return succeeds(nvrtc, status, image->binary ? "nvrtcGetCUBIN" : "nvrtcGetPTX", error);
}

/* What NVRTC is asked for, beside the source. */
struct request {
    char        architecture[OPTION];
    const char *options[2];
};

static struct cache_key request_key(const struct nvrtc *nvrtc, const char *source, const struct request *request)
{
    struct cache_key key = cache_key_start();
    int version = nvrtc_version(nvrtc);
    cache_key_add(&key, &version, sizeof version);
    cache_key_add(&key, request->architecture, strlen(request->architecture));
    cache_key_add(&key, request->options[1], strlen(request->options[1]));
    cache_key_add(&key, source, strlen(source));
    for (int i = 0; i < cuda_header_count; i++)
        cache_key_add(&key, cuda_header_texts[i], strlen(cuda_header_texts[i]));
    return key;
}

static bool compile(const struct nvrtc *nvrtc, const struct cuda_code *code, const char *source,
                    const struct request *request, struct cuda_image *image, struct error *error)
{
    struct nvrtc_program *program = NULL;
    char version[FORMAT_SIZE];
    if (!succeeds(nvrtc, nvrtc->create_program(&program, source, code->file, cuda_header_count, cuda_header_texts,
                                               cuda_header_names), "nvrtcCreateProgram", error))
        return false;
    int  status = nvrtc->compile_program(program, 2, request->options);
    bool good = status == 0 && get_image(nvrtc, program, image, error);
    if (status != 0) {
        error_set(error, STATUS_MACHINE, "NVRTC %s does not compile %s with %s: %s",
                  cuda_version(version, nvrtc_version(nvrtc)), code->file, request->options[0],
                  nvrtc->get_error_string(status));
        add_log(nvrtc, program, error);
        error_add(error, "another NVRTC (NETC_NVRTC=file) may do it; --device cpu trains without");
    }
    nvrtc->destroy_program(&program);
    return good;
}

bool cuda_compile(const struct nvrtc *nvrtc, const struct cuda_code *code, int device, bool binary,
                  struct cuda_image *image, struct error *error)
{
    struct request request;
    size_t size = (size_t)(code->source_end - code->source);
    *image = (struct cuda_image){
        .device = device, .arch = choose_arch(nvrtc, device, binary, error), .binary = binary,
    };
    if (image->arch == 0)
        return false;
    snprintf(request.architecture, sizeof request.architecture, "--gpu-architecture=%s_%d", binary ? "sm" : "compute",
             image->arch);
    request.options[0] = request.architecture;
    request.options[1] = "--std=c++17";
    char *source = malloc(size + 1);
    if (!source)
        return error_memory(error, "CUDA code", size);
    memcpy(source, code->source, size);
    source[size] = '\0';

    struct cache_key key = request_key(nvrtc, source, &request);
    image->bytes = cache_read(key, &image->size);
    image->cached = image->bytes != NULL;
    bool good = image->cached || compile(nvrtc, code, source, &request, image, error);
    if (good && !image->cached)
        cache_write(key, image->bytes, image->size);
    free(source);
    if (!good)
        cuda_image_free(image);
    return good;
}

void cuda_image_free(struct cuda_image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}
