/* Weights and state from before a run, kept on the GPU itself: by a kernel, as no step costs more copies or waits then. */
#include "cuda_gpu.h"

struct pair { enum cuda_memory used, kept; int slots; };

static bool copy(const struct gpu *gpu, cuda_pointer from, cuda_pointer to, int64_t count, struct error *error)
{
    int32_t  number = (int32_t)count;
    void    *arguments[] = {&from, &to, &number};
    unsigned blocks = (unsigned)((count + COPY_THREADS - 1) / COPY_THREADS);
    return cuda_succeeds(gpu->driver, gpu->driver->launch(gpu->copy, blocks, 1, 1, COPY_THREADS, 1, 1, 0, gpu->stream,
                                                          arguments, NULL),
                         gpu->label, error, "cuLaunchKernel of copy");
}

static bool copy_all(const struct gpu *gpu, const struct cuda_sizes *sizes, bool back, struct error *error)
{
    const struct pair pairs[] = {
        {MEMORY_WEIGHTS, MEMORY_KEPT_WEIGHTS, 1}, {MEMORY_STATE, MEMORY_KEPT_STATE, sizes->model->state_slots},
    };
    int64_t count = sizes->code->weights_size;
    for (int p = 0; p < 2; p++)
        for (int s = 0; s < pairs[p].slots; s++) {
            size_t       offset = (size_t)(s * count) * sizeof(float);
            cuda_pointer used = gpu->memory[pairs[p].used] + offset, kept = gpu->memory[pairs[p].kept] + offset;
            if (!copy(gpu, back ? kept : used, back ? used : kept, count, error))
                return false;
        }
    return true;
}

bool gpu_keep(const struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error)
{
    return copy_all(gpu, sizes, false, error);
}

bool gpu_put_back(const struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error)
{
    return copy_all(gpu, sizes, true, error);
}
