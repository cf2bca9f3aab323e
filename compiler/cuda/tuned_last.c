/* The last launch of a step: gradients are summed and applied. */
#include "cuda/tuned.h"

#include <inttypes.h>

enum { SIDE = 16 };             /* 16 x 16 threads have a tile of a linear layer's weight */

/* Rows `first` .. of the block's part of `tensor`, into shared memory; beyond the last one zeros. */
static void print_copy(CudaEmitter *e, const char *to, const char *from, const char *first, int64_t rows, int64_t all)
{
    const char *value = arena_printf(e->arena, "%s[%s + i][lane]", from, first);
    if (all % rows)
        value = arena_printf(e->arena, "%s + i < %" PRId64 " ? %s : 0", first, all, value);
    line(e->text, "for (int i = warp; i < %" PRId64 "; i += %d)\n"
                  "    shared.%s[i][lane] = %s;", rows, GPU_WARPS, to, value);
}

static void print_products(CudaEmitter *e, const GpuLinearWeight *g)
{
    Text *text = e->text;
    int64_t down = g->rows / SIDE, across = g->columns / SIDE;
    line(text, "for (int s = 0; s < LANES; s += 4) {\n"
               "float dy[%" PRId64 "][4], x[%" PRId64 "][4];", down, across);
    line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
               "    load_row<4>(dy[k], &shared.dy[row + %d*k][s]);", down, SIDE);
    line(text, "UNROLL for (int q = 0; q < %" PRId64 "; q++)\n"
               "    load_row<4>(x[q], &shared.x[column + %d*q][s]);", across, SIDE);
    open_unroll(e, "k", down);
    open_unroll(e, "q", across);
    open_unroll(e, "r", 4);
    line(text, "sum[k][q] += dy[k][r] * x[q][r];");
    close_lines(e, 3);
    line(text, "}");
}

void print_gpu_linear_weight(CudaEmitter *e)
{
    const GpuLinearWeight *g = e->kernel->shape;
    const Buffer *weight = kernel_buffer(e->kernel, g->weight);
    Text *text = e->text;
    int64_t tiles = divide_up(g->inputs, g->columns), down = g->rows / SIDE, each = divide_up(g->rows, GPU_WARPS);
    line(text, "struct Shared { alignas(16) float dy[%" PRId64 "][LANES + 4], x[%" PRId64 "][LANES + 4]; };\n"
               "SHARED_MEMORY(Shared, shared);\n"
               "int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / %d, column = threadIdx.x %% %d;",
         g->rows, g->columns, SIDE, SIDE);
    bool rows = divide_up(g->outputs, g->rows) > 1;
    line(text, "int i0 = %s, j0 = %s;", !rows ? "0" : tiles > 1 ? arena_printf(e->arena, "unit / %" PRId64 " * %" PRId64, tiles, g->rows)
                                                  : scale_c(e, g->rows, "unit"),
         tiles == 1 ? "0" : rows ? arena_printf(e->arena, "unit %% %" PRId64 " * %" PRId64, tiles, g->columns)
                                 : scale_c(e, g->columns, "unit"));
    line(text, "float sum[%" PRId64 "][%" PRId64 "] = {};", down, g->columns / SIDE);
    if (g->bias)
        line(text, "float bias[%" PRId64 "] = {};", each);
    line(text, "for (int block = 0; block < step_blocks(step); block++) {");
    line(text, "const float (*x)[LANES] = %s[block]%s;", tensor_c(e, g->x), g->x->rank == 3 ? "[0][0]" : "");
    line(text, "__syncthreads();");
    print_copy(e, "dy", arena_printf(e->arena, "%s[block]", tensor_c(e, g->dy)), "i0", g->rows, g->outputs);
    print_copy(e, "x", "x", "j0", g->columns, g->inputs);
    line(text, "__syncthreads();");
    print_products(e, g);
    if (g->bias)
        line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
                   "    bias[k] += shared.dy[warp + %d*k][lane];", each, GPU_WARPS);
    line(text, "}\n");

    open_unroll(e, "k", down);
    line(text, "UNROLL for (int q = 0; q < %" PRId64 "; q++) {\n"
               "int i = i0 + row + %d*k, j = j0 + column + %d*q;", g->columns / SIDE, SIDE, SIDE);
    const char *beyond = g->outputs % g->rows ? arena_printf(e->arena, "i < %" PRId64, g->outputs) : "";
    if (g->inputs % g->columns)
        beyond = arena_printf(e->arena, "%s%sj < %" PRId64, beyond, *beyond ? " && " : "", g->inputs);
    const char *finish = arena_printf(e->arena, "apply_gradient(step, %s, %" PRId64 " + %" PRId64 "*i + j, sum[k][q]);",
                                      cuda_optimizer(e->plan), weight->offset, g->inputs);
    if (*beyond)
        line(text, "if (%s)\n    %s", beyond, finish);
    else
        line(text, "%s", finish);
    line(text, "}");
    close_lines(e, 1);
    if (!g->bias)
        return;
    if (tiles > 1)
        line(text, "if (j0 == 0)                // the bias: a warp sums it over the lanes");
    text->indent += tiles > 1;
    line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++) {\n"
               "int i = i0 + warp + %d*k;\n"
               "float total = warp_sum(bias[k]);\n"
               "if (lane == 0%s)\n"
               "    apply_gradient(step, %s, %" PRId64 " + i, total);\n"
               "}", each, GPU_WARPS, g->outputs % g->rows ? arena_printf(e->arena, " && i < %" PRId64, g->outputs) : "",
         cuda_optimizer(e->plan), kernel_buffer(e->kernel, g->bias)->offset);
    text->indent -= tiles > 1;
}

void print_gpu_sum(CudaEmitter *e)
{
    const GpuSum *g = e->kernel->shape;
    const Buffer *from = kernel_buffer(e->kernel, g->from);
    Text *text = e->text;
    line(text, e->kernel->launch.units > 1 ? "int i = %d * unit + threadIdx.x;" : "int i = threadIdx.x;", GPU_THREADS);
    if (g->size % GPU_THREADS)
        line(text, "if (i >= %" PRId64 ")\n"
                   "    return;", g->size);
    if (g->parts)
        line(text, "const float (*part)[%" PRId64 "] = %s[0];\n"
                   "float sum = 0;\n"
                   "for (int k = 0; k < %s; k++)\n"
                   "    sum += part[k][i];", g->size, from->name, scale_c(e, g->parts, "step_blocks(step)"));
    else
        line(text, "float sum = (&%s%s)[i];", from->name, from->rank == 3 ? "[0][0][0]" : from->rank == 2 ? "[0][0]" : "[0]");
    line(text, "apply_gradient(step, %s, %" PRId64 " + i, sum);", cuda_optimizer(e->plan),
         kernel_buffer(e->kernel, g->parameter)->offset);
}

void print_gpu_step_results(CudaEmitter *e)
{
    const Kernel *kernel = e->kernel;
    line(e->text, "if (warp_of_thread() == 0 && !step.gradient)\n"
                  "    add_results(step, %s[0], %s[0]);", kernel_buffer(kernel, kernel->loads.at[0])->name,
         kernel_buffer(kernel, kernel->loads.at[1])->name);
}
