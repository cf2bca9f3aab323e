/* The kernels of the output in order, and the work of each: what `bench` compares its times with. */
#include "cpu/tuned.h"

/* The reals of a tensor's array: for one block, where it is per sample (an integer is as wide as a real). */
static void add_array(KernelWork *work, const Kernel *kernel, const Tensor *tensor)
{
    int64_t reals = kernel_buffer(kernel, tensor)->size;
    if (tensor->per_sample || !kernel->all_blocks)
        work->block_reals += reals;
    else
        work->step_reals += reals;
}

static void add_kernel(Arena *arena, KernelWorks *works, const Phase *phase, const Kernel *kernel)
{
    KernelWork work = { .name = kernel->name, .phase = phase->name, .sample_flop = kernel_flop(kernel) };
    for (int i = 0; i < kernel->loads.count; i++)
        add_array(&work, kernel, kernel->loads.at[i]);
    for (int i = 0; i < kernel->stores.count; i++)
        add_array(&work, kernel, kernel->stores.at[i]);
    list_add(arena, works, work);
}

/* Of one weight: what optim.h computes. */
static int64_t sgd_flop(const TrainSpec *train)
{
    const Sgd *sgd = &train->sgd;
    int64_t flop = 2;
    if (sgd->weight_decay != 0)
        flop += 2;
    if (has_momentum(train))
        flop += sgd->nesterov ? 5 : 3;
    return flop;
}

/* Sums partial gradients, or reads the whole one. */
static KernelWork work_of_sums(const Plan *plan, const Phase *phase, const char *name)
{
    return (KernelWork){ .name = name, .phase = phase->name, .step_flop = plan->blocks * plan->partial_size,
                         .block_reals = plan->partial_size, .step_reals = plan->trained_size - plan->partial_size };
}

/* What sums the gradient, if that is clipped, leaves it with its squares. */
static KernelWork work_of_gradient(const Plan *plan, const Phase *phase)
{
    KernelWork work = work_of_sums(plan, phase, "sum_gradient");
    work.step_flop += 2 * plan->trained_size;
    work.step_reals += plan->trained_size;
    return work;
}

static KernelWork work_of_norm(const Plan *plan, const Phase *phase)
{
    return (KernelWork){ .name = "clip", .phase = phase->name, .step_flop = update_slices(plan),
                         .step_reals = update_slices(plan) };
}

/* Reads and writes weights and, with momentum, the history. */
static KernelWork work_of_update(const Plan *plan, const Phase *phase)
{
    const TrainSpec *train = &plan->model->train;
    KernelWork work = plan_clips(plan) ? (KernelWork){ .name = "update", .phase = phase->name, .step_flop = plan->trained_size,
                                                       .step_reals = plan->trained_size }
                                       : work_of_sums(plan, phase, "update");
    work.step_flop += sgd_flop(train) * plan->trained_size;
    work.step_reals += (has_momentum(train) ? 4 : 2) * plan->trained_size;
    work.everywhere = phase->everywhere;
    return work;
}

/* Each thread makes it once a step. A point is a sum of products with the taps. */
static KernelWork work_of_transform(const Plan *plan, const Kernel *kernel)
{
    const WinogradWeight *shape = kernel->shape;
    int64_t weight = tensor_elements(shape->weight), made = weight / shape->winograd->taps * shape->winograd->points;
    return (KernelWork){ .name = kernel->name, .phase = plan->phases.at[0]->name,
                         .step_flop = 2 * shape->winograd->taps * made, .step_reals = weight + made,
                         .everywhere = true };
}

const KernelWorks *kernel_works(Arena *arena, const Plan *plan)
{
    static KernelWork (*const of_slices[])(const Plan *, const Phase *) = {
        [PHASE_GRADIENT] = work_of_gradient, [PHASE_NORM] = work_of_norm, [PHASE_UPDATE] = work_of_update,
    };
    const Tensor *input = plan->train.graph->input;
    KernelWorks *works = NEW(arena, KernelWorks);
    list_add(arena, works, ((KernelWork){
        .name = "load_block", .phase = plan->phases.at[0]->name, .sample_flop = 2 * tensor_elements(input),
        .sample_bytes = tensor_elements(input) + 1,
        .block_reals = plan->train.buffer[input->id]->size + plan->target->lanes,
    }));
    for (int i = 0; i < plan->prepare.count; i++)
        if (!plan->prepare.at[i]->same)
            list_add(arena, works, work_of_transform(plan, plan->prepare.at[i]));
    for (int i = 0; i < plan->phases.count; i++) {
        const Phase *phase = plan->phases.at[i];
        for (int j = 0; j < phase->kernels.count; j++)
            add_kernel(arena, works, phase, phase->kernels.at[j]);
        if (phase->kind >= PHASE_GRADIENT)
            list_add(arena, works, of_slices[phase->kind](plan, phase));
    }
    for (int i = 0; i < plan->evaluation->kernels.count; i++)
        if (!plan->evaluation->kernels.at[i]->same)
            add_kernel(arena, works, plan->evaluation, plan->evaluation->kernels.at[i]);
    return works;
}
