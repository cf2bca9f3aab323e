/* The reduction of the fused step: a warp sums 32 or 128 weights over a part of the samples, a block of warps over all, and
 * makes the optimiser's step. Sums are always in the same order. */
#include "cuda/fused.h"

#include <inttypes.h>

static const char *name_of(const CudaEmitter *e, int load)
{
    return kernel_buffer(e->kernel, e->kernel->loads.at[load])->name;
}

/* Weights that a lane has end together: as many as divide a row. */
static void print_sums(CudaEmitter *e, int64_t weights, int width, int64_t offset, const char *row, const char *product)
{
    bool whole = weights % (width * GPU_LANES) == 0;
    line(e->text, width > 1 ? "int i = %d * (LANES * unit + lane_of_thread());\n"
                              "float sum[%d] = {};"
                            : "int i = LANES * unit + lane_of_thread();\n"
                              "float sum[1] = {};", width, width);
    if (!whole)
        line(e->text, "if (i < %" PRId64 ")", weights);
    e->text->indent += !whole;
    line(e->text, "UNROLL_BY(4)\n"
                  "for (int sample = warp_of_thread(); sample < step.count; sample += %d) {\n"
                  "float row[%d];", REDUCE_GROUPS, width);
    line_wrapped(e->text, "load_row<%d>(row, &%s);", width, row);
    line(e->text, "UNROLL\n"
                  "for (int k = 0; k < %d; k++)\n"
                  "    sum[k] += %srow[k];\n"
                  "}", width, product);
    e->text->indent -= !whole;
    int64_t each = width * GPU_LANES;
    line(e->text, "float total = sum_of_warps<%d>(sum);\n"
                  "int j = %" PRId64 " * unit + threadIdx.x;", REDUCE_GROUPS, each);
    if (whole)
        line(e->text, "if (threadIdx.x < %" PRId64 ")", each);
    else
        line(e->text, "if (threadIdx.x < %" PRId64 " && j < %" PRId64 ")", each, weights);
    line(e->text, offset ? "    apply_gradient(step, %s, %" PRId64 " + j, total);"
                         : "    apply_gradient(step, %s, j, total);", cuda_optimizer(e->plan), offset);
}

void fused_print_reduce(CudaEmitter *e)
{
    print_sums(e, e->plan->partial_size, fused_reduce_width(e->plan->partial_size), 0,
               arena_printf(e->arena, "%s[sample][i]", name_of(e, 0)), "");
}

void fused_print_reduce_linear(CudaEmitter *e)
{
    const Buffer *gradient = kernel_buffer(e->kernel, e->kernel->stores.at[0]);
    int64_t columns = gradient->dim[1];
    const char *row = columns == 1 ? "i" : arena_printf(e->arena, "i / %" PRId64, columns);
    const char *column = columns == 1 ? "0" : arena_printf(e->arena, "i %% %" PRId64, columns);
    print_sums(e, gradient->size, fused_reduce_width(columns), gradient->offset,
               arena_printf(e->arena, "%s[sample][%s]", name_of(e, 1), column),
               arena_printf(e->arena, "%s[sample][%s] * ", name_of(e, 0), row));
}

/* With step.gradient someone else makes the step, and adds up its results. */
void fused_print_results(CudaEmitter *e)
{
    bool trains = e->kernel->program == &e->plan->train;
    line(e->text, trains ? "if (!step.gradient && warp_of_thread() == 0)" : "if (warp_of_thread() == 0)");
    line(e->text, "    add_results(step, %s, %s);", name_of(e, 0), name_of(e, 1));
}
