/* Compiles CUDA code by NVRTC, with the headers that a trainer gives it. Whatever NVRTC has to say is a failure. */
#include "check.h"

#include "cuda_driver.h"
#include "cuda_model.h"
#include "cuda_sources.h"
#include "harness.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

static void print_kernel(const struct model *model, const struct cuda_code *code, const struct cuda_kernel *kernel,
                         int last)
{
    printf("%s/%s %s %d %zu %d %s\n", model->name, code->file, kernel->name, kernel->threads, kernel->shared_bytes, last,
           kernel->parts);
}

int print_kernels(void)
{
    for (const struct model *const *model = models; *model; model++)
        for (int c = 0; (*model)->cuda[c]; c++) {
            const struct cuda_code *code = (*model)->cuda[c];
            int last = (*model)->cuda[c + 1] == NULL;
            for (int i = 0; i < code->train_count; i++)
                print_kernel(*model, code, &code->train[i], last);
            if (code->norm.name)
                print_kernel(*model, code, &code->norm, last);
            print_kernel(*model, code, &code->update, last);
            for (int i = 0; i < code->evaluate_count; i++)
                print_kernel(*model, code, &code->evaluate[i], last);
        }
    return 0;
}

/* Whether the architecture at place `a` of `count` is among those that `which` means for the code that is the turn-th. Plain
 * nests, whose code is not joined, are compiled for the oldest and the newest where others are for all. */
static bool is_wanted(const char *which, const struct cuda_code *code, int turn, int a, int count)
{
    int every = strcmp(which, "half") == 0 ? 2 : 1;
    if (strcmp(which, "all") == 0 && code->joined)
        return true;
    if (strcmp(which, "all") == 0 || strcmp(which, "ends") == 0)
        return a == 0 || a == count - 1;
    return a == turn % count && turn % every == 0;
}

/* True if NVRTC compiles it and has nothing to say. */
static bool compiles(const struct nvrtc *nvrtc, const struct model *model, const struct cuda_code *code, int arch)
{
    char                  option[64];
    const char           *options[] = {option, "--std=c++17"};
    struct nvrtc_program *program = NULL;
    size_t                size = 0, length = (size_t)(code->source_end - code->source);
    char                 *source = allocate((int64_t)length, 1);
    memcpy(source, code->source, length);
    snprintf(option, sizeof option, "--gpu-architecture=compute_%d", arch);
    if (nvrtc->create_program(&program, source, code->file, cuda_header_count, cuda_header_texts, cuda_header_names) != 0)
        fail("NVRTC makes no program");
    int status = nvrtc->compile_program(program, 2, options);
    if (nvrtc->get_log_size(program, &size) != 0)
        fail("NVRTC keeps no log");
    char *log = allocate((int64_t)size, 1);
    nvrtc->get_log(program, log);
    bool good = status == 0 && log[0] == '\0';
    if (good) {
        char target[32];
        good = nvrtc->get_ptx_size(program, &size) == 0 && size > 0;
        char *ptx = allocate((int64_t)size, 1);
        snprintf(target, sizeof target, ".target sm_%d", arch);
        good = good && nvrtc->get_ptx(program, ptx) == 0 && strstr(ptx, target);
        if (!good)
            printf("%s, %s, %s: no PTX for this architecture\n", model->name, code->file, option);
        free(ptx);
    } else {
        printf("%s, %s, %s: status %d\n%s\n", model->name, code->file, option, status, log);
    }
    nvrtc->destroy_program(&program);
    free(log);
    free(source);
    return good;
}

int compile_models(const char *which)
{
    int          passed = 0, failed = 0, turn = 0, count = 0;
    struct nvrtc nvrtc;
    struct error error = {0};
    if (!nvrtc_open(&nvrtc, &error)) {
        error.text[strcspn(error.text, "\n")] = '\0';
        printf("nvrtc: 0 passed, 0 failed; skipped: %s\n", error.text);
        return 0;
    }
    if (nvrtc.get_num_supported_archs(&count) != 0 || count == 0)
        fail("NVRTC knows no architecture");
    int *archs = allocate(count, sizeof *archs);
    if (nvrtc.get_supported_archs(archs) != 0)
        fail("NVRTC does not tell its architectures");
    for (const struct model *const *model = models; *model; model++)
        for (int c = 0; (*model)->cuda[c]; c++, turn++)
            for (int a = 0; a < count; a++)
                if (is_wanted(which, (*model)->cuda[c], turn, a, count))
                    compiles(&nvrtc, *model, (*model)->cuda[c], archs[a]) ? passed++ : failed++;
    free(archs);
    printf("nvrtc: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
