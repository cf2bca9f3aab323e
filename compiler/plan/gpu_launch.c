/* Kernels that do not depend on each other run side by side, in one launch: a launch for each level of what depends on
 * what, and for each number of threads. */
#include "plan/gpu.h"

#include <string.h>

/* Whether `later` has to wait for `earlier`: it reads what that makes, or writes to the same tensor, or to one that it
 * reads. */
static bool depends(const Kernel *later, const Kernel *earlier)
{
    for (int i = 0; i < earlier->stores.count; i++)
        if (kernel_reads(later, earlier->stores.at[i]) || kernel_makes(later, earlier->stores.at[i]))
            return true;
    for (int i = 0; i < earlier->loads.count; i++)
        if (kernel_makes(later, earlier->loads.at[i]))
            return true;
    return false;
}

/* Whether it changes weights: all such kernels are the last launch. */
static bool applies(const Kernel *kernel)
{
    for (int i = 0; i < kernel->stores.count; i++)
        if (kernel->stores.at[i]->role == ROLE_PARAMETER)
            return true;
    return kernel->scheme == SCHEME_GPU_STEP_RESULTS;
}

/* Whether the two can be in one launch: the same threads, and the same samples to a unit. */
static bool alike(const Kernel *a, const Kernel *b)
{
    return a->launch.threads == b->launch.threads && a->launch.samples == b->launch.samples;
}

/* Whether kernel i can wait until `level`: nothing that needs it comes at that level or before. */
static bool can_wait(const Phase *phase, const int *level, int i, int until)
{
    for (int j = i + 1; j < phase->kernels.count; j++)
        if (level[j] <= until && depends(phase->kernels.at[j], phase->kernels.at[i]))
            return false;
    return true;
}

/* A kernel that is the only one of its level with so many threads waits for a later one with as many, if it can: that saves
 * a launch. */
static void gather(const Phase *phase, int *level)
{
    for (int i = phase->kernels.count - 1; i >= 0; i--) {
        bool alone = true;
        int join = -1;
        for (int j = 0; j < phase->kernels.count; j++) {
            if (j == i || !alike(phase->kernels.at[i], phase->kernels.at[j]))
                continue;
            alone = alone && level[j] != level[i];
            if (level[j] > level[i] && (join < 0 || level[j] < join) && !applies(phase->kernels.at[j]))
                join = level[j];
        }
        if (alone && join >= 0 && can_wait(phase, level, i, join))
            level[i] = join;
    }
}

static void add_buffer(Arena *arena, GpuLaunch *launch, const Buffer *buffer)
{
    if (!buffer || !gpu_in_memory(buffer))
        return;
    for (int i = 0; i < launch->buffers.count; i++)
        if (launch->buffers.at[i] == buffer)
            return;
    list_add(arena, &launch->buffers, buffer);
}

void gpu_launch_add(Arena *arena, GpuLaunch *launch, Kernel *kernel)
{
    list_add(arena, &launch->parts, kernel);
    launch->threads = kernel->launch.threads;
    if (kernel->launch.shared > launch->shared)
        launch->shared = kernel->launch.shared;
    for (int i = 0; i < kernel_operands(kernel); i++)
        add_buffer(arena, launch, kernel_buffer(kernel, kernel_operand(kernel, i)));
}

GpuLaunches gpu_launches(Arena *arena, const GpuPlan *plan, const Phase *phase, const char *prefix)
{
    int kernels = phase->kernels.count, last = 0;
    int *level = arena_alloc(arena, (size_t)(kernels + 1) * sizeof *level);
    for (int i = 0; i < kernels; i++) {
        for (int j = 0; j < i; j++)
            if (level[j] >= level[i] && depends(phase->kernels.at[i], phase->kernels.at[j]))
                level[i] = level[j] + 1;
        last = level[i] > last ? level[i] : last;
    }
    for (int i = 0; i < kernels; i++)
        if (applies(phase->kernels.at[i]))
            level[i] = last;
    gather(phase, level);

    GpuLaunches launches = {0};
    for (int at = 0; at <= last; at++) {
        int first = launches.count;
        for (int i = 0; i < kernels; i++) {
            Kernel *kernel = phase->kernels.at[i];
            if (level[i] != at)
                continue;
            GpuLaunch *launch = NULL;
            for (int j = first; j < launches.count; j++)
                if (alike(launches.at[j]->parts.at[0], kernel))
                    launch = launches.at[j];
            if (!launch) {
                launch = NEW(arena, GpuLaunch);
                list_add(arena, &launches, launch);
            }
            gpu_launch_add(arena, launch, kernel);
        }
    }
    for (int i = 0; i < launches.count; i++) {
        GpuLaunch *launch = launches.at[i];
        const Kernel *only = launch->parts.at[0];
        launch->name = launch->parts.count == 1
            ? arena_printf(arena, "%s_%s", plan->model->name, only->same ? only->same->name : only->name)
            : arena_printf(arena, "%s_%s_%d", plan->model->name, prefix, i + 1);
    }
    return launches;
}
