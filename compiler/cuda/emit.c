#include "cuda/emit.h"

#include "cuda/print.h"

void cuda_emit(Arena *arena, const Model *model, const GpuPlans *plans, const char *command_line, Files *files)
{
    for (int i = 0; i < plans->count; i++) {
        const GpuPlan *plan = plans->at[i];
        Text *text = text_new(arena);
        print_head(text, model, "CUDA", plan->fused ? "The kernels of a GPU. A block of threads takes a sample through the whole step."
                                            : "The kernels of a GPU. A lane, a thread of a warp, is a sample.", command_line);
        cuda_print_source(text, plan);
        list_add(arena, files, ((File){ arena_printf(arena, "%s%s.cu", model->name, plan->suffix), text->at, text->size }));
    }
    Text *text = text_new(arena);
    print_head(text, model, "CUDA", "The tables of the CUDA code that the runtime reads, and that code itself.", command_line);
    cuda_print_tables(text, model, plans);
    list_add(arena, files, ((File){ arena_printf(arena, "%s_cuda.c", model->name), text->at, text->size }));
}
