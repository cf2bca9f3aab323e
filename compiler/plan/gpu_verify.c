/* Whether a plan for a GPU does what it should, and how it reads. */
#include "plan/fused.h"
#include "plan/gpu_tuned.h"

#include <inttypes.h>
#include <string.h>

/* Whether the tensor is there before the step: parameters, and what comes with the samples. */
static bool is_given(const Program *program, const Tensor *tensor)
{
    return tensor->role == ROLE_PARAMETER || tensor == program->graph->label || tensor == program->graph->scale;
}

static bool made_before(const GpuLaunches *launches, int launch, const Tensor *tensor)
{
    for (int i = 0; i < launch; i++)
        for (int j = 0; j < launches->at[i]->parts.count; j++)
            if (kernel_makes(launches->at[i]->parts.at[j], tensor))
                return true;
    return false;
}

/* In a fused launch parts come one after another. */
static bool made_in(const GpuLaunch *launch, int parts, const Tensor *tensor)
{
    for (int i = 0; i < parts; i++)
        if (kernel_makes(launch->parts.at[i], tensor))
            return true;
    return false;
}

/* Whether launch `at` or a later one reads the tensor. */
static bool read_after(const GpuLaunches *launches, int at, const Tensor *tensor)
{
    for (int i = at; i < launches->count; i++)
        for (int j = 0; j < launches->at[i]->parts.count; j++)
            for (int k = 0; k < launches->at[i]->parts.at[j]->loads.count; k++)
                if (launches->at[i]->parts.at[j]->loads.at[k] == tensor)
                    return true;
    return false;
}

static const char *verify_part(Arena *arena, const GpuPlan *plan, const GpuLaunches *launches, int at, int part)
{
    const GpuLaunch *launch = launches->at[at];
    const Kernel *kernel = launch->parts.at[part];
    if (kernel->launch.threads != launch->threads || kernel->launch.shared > launch->shared)
        return arena_printf(arena, "%s is launched with %d threads", kernel->name, launch->threads);
    for (int i = 0; i < kernel->loads.count; i++) {
        const Tensor *tensor = kernel->loads.at[i];
        bool there = is_given(kernel->program, tensor) || made_before(launches, at, tensor);
        if (!there && !(plan->fused && made_in(launch, part, tensor)))
            return arena_printf(arena, "%s reads %s before it is made", kernel->name, tensor->name);
    }
    for (int i = 0; i < kernel->stores.count && !plan->fused; i++) {
        const Tensor *tensor = kernel->stores.at[i];
        if (made_in(launch, part, tensor))
            return arena_printf(arena, "%s is made twice in %s", tensor->name, launch->name);
        if (tensor->role == ROLE_PARAMETER && made_before(launches, at, tensor))
            return arena_printf(arena, "%s is made twice", tensor->name);
        if (tensor->role == ROLE_PARAMETER && read_after(launches, at, tensor))
            return arena_printf(arena, "%s changes %s while it is read", kernel->name, tensor->name);
    }
    return plan->fused ? NULL : gpu_tuned_verify(arena, kernel);
}

static const char *verify_launches(Arena *arena, const GpuPlan *plan, const GpuLaunches *launches)
{
    for (int i = 0; i < launches->count; i++)
        for (int j = -1; j < launches->at[i]->parts.count; j++) {
            const char *wrong = j >= 0 ? verify_part(arena, plan, launches, i, j)
                              : launches->at[i]->fused ? fused_verify(arena, launches->at[i]) : NULL;
            if (wrong)
                return wrong;
        }
    return NULL;
}

const char *gpu_verify(Arena *arena, const GpuPlan *plan)
{
    const Graph *graph = plan->train.graph;
    const GpuLaunches *train = &plan->train_launches;
    const char *wrong = verify_launches(arena, plan, train);
    bool updates = plan->joined && !plan->fused;        /* layer by layer, what changes weights makes the parameters */
    for (int i = 0; i < graph->gradients.count && !wrong; i++) {
        const Tensor *made = updates ? graph->parameters.at[i] : graph->gradients.at[i];
        if (!graph->gradients.at[i])
            continue;
        if (!made_before(train, train->count, made))
            wrong = arena_printf(arena, updates ? "nothing updates %s" : "nothing makes %s", made->name);
        else if (updates && made_before(train, train->count - 1, made))
            wrong = arena_printf(arena, "%s is updated before the last launch", made->name);
    }
    return wrong ? wrong : verify_launches(arena, plan, &plan->evaluate_launches);
}

/* ---- --emit=plan */

static const char *dims_text(Arena *arena, const Buffer *buffer)
{
    const char *shape = "";
    for (int i = 0; i < buffer->rank; i++)
        shape = arena_printf(arena, "%s%s%" PRId64, shape, i ? " x " : "", buffer->dim[i]);
    return buffer->rank ? shape : "one";
}

/* A fused launch: its parts by levels, and where in shared memory its arrays lie. */
static void print_fused(Text *text, const GpuLaunch *launch)
{
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        int length = kernel->note ? (int)strcspn(kernel->note, "\n") : 0;
        line(text, "        %4d  %-32s%s%.*s", kernel->level, kernel->name, length ? " " : "", length,
             kernel->note ? kernel->note : "");
    }
    line(text, "        shared memory: place, bytes, levels");
    for (int i = 0; i < launch->arrays.count; i++) {
        const SharedArray *array = &launch->arrays.at[i];
        line(text, "        %7" PRId64 " %7" PRId64 "  %2d to %2d  %-24s %-7s %s", array->offset, array->bytes, array->first,
             array->last, array->buffer->name, gpu_type(array->buffer), dims_text(text->arena, array->buffer));
    }
}

static void print_launches(Text *text, const char *title, const GpuLaunches *launches)
{
    line(text, "\n%s: %d kernels", title, launches->count);
    for (int i = 0; i < launches->count; i++) {
        const GpuLaunch *launch = launches->at[i];
        const char *shared = launch->shared ? arena_printf(text->arena, ", %" PRId64 " bytes of dynamic shared memory",
                                                           launch->shared) : "";
        line(text, "    %s: %d threads a block%s", launch->name, launch->threads, shared);
        if (launch->fused) {
            print_fused(text, launch);
            continue;
        }
        for (int j = 0; j < launch->parts.count; j++) {
            const Kernel *kernel = launch->parts.at[j];
            const Launch *of = &kernel->launch;
            const char *units = of->units ? arena_printf(text->arena, "%" PRId64, of->units) : "";
            if (of->block_units)
                units = arena_printf(text->arena, "%s%s%" PRId64 " for each %d sample%s", units, *units ? " + " : "",
                                     of->block_units, of->samples, of->samples == 1 ? "" : "s");
            line(text, "        %-32s %s block%s%s", kernel->name, units,
                 of->units + of->block_units == 1 ? "" : "s", gpu_is_tuned(kernel) ? "; tuned" : "");
        }
    }
}

void gpu_print(Text *text, const GpuPlan *plan)
{
    line(text, "\nplan %s for CUDA, %s: batch %" PRId64 ", evaluation of at most %" PRId64 " at once", plan->model->name,
         plan->title, plan->model->data.batch_size, plan->eval_samples);
    line(text, "\nweights: %" PRId64 " bytes", 4 * plan->weights_size);
    for (int i = 0; i < plan->weights.count; i++)
        line(text, "    %8" PRId64 "  %-24s float   %s", 4 * plan->weights.at[i]->offset, plan->weights.at[i]->name,
             dims_text(text->arena, plan->weights.at[i]));
    line(text, "\nglobal memory, for each %d sample%s:", plan->block, plan->block == 1 ? "" : "s");
    for (int i = 0; i < plan->memory.count; i++) {
        const Buffer *buffer = plan->memory.at[i];
        line(text, "    %8" PRId64 "  %-24s %-7s %s%s", gpu_bytes(buffer) * buffer->size, buffer->name, gpu_type(buffer),
             dims_text(text->arena, buffer), buffer->place == PLACE_STEP ? ", one for the step"
             : buffer->tensor->per_sample ? "" : ", summed over them");
    }
    print_launches(text, "a step", &plan->train_launches);
    print_launches(text, "evaluation", &plan->evaluate_launches);
}
