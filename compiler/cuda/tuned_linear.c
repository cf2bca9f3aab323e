/* Linear layers on a GPU. */
#include "cuda/tuned.h"

#include <inttypes.h>

/* `x`, the list of the features of a block: [feature][lane], whatever its shape. */
static void print_list(CudaEmitter *e, const Tensor *tensor)
{
    const char *name = tensor_c(e, tensor);
    if (tensor->rank == 1)
        line(e->text, "const float (*x)[LANES] = %s[block];", name);
    else
        line(e->text, "const float (*x)[LANES] = %s[block]%s;", name, tensor->rank == 3 ? "[0][0]" : "[0]");
}

/* Declares the axes of the nest's stores, of which `index` counts the elements in their order. */
static void declare_axes(CudaEmitter *e, const Tensor *list, const char *linear, const char *index)
{
    const Nest *nest = e->kernel->nest;
    if (!list) {
        declare_axis(e, linear, index);
        return;
    }
    int64_t inner = 1;
    for (int i = nest->overs - 1; i >= 0; i--) {        /* of flatten: c, y, x, in the order of memory */
        const char *at = inner > 1 ? arena_printf(e->arena, "%s / %" PRId64, index, inner) : index;
        if (i > 0 && nest->over[i]->extent > 1)
            at = arena_printf(e->arena, "%s %% %" PRId64, at, nest->over[i]->extent);
        declare_axis(e, nest->over[i]->name, at);
        inner *= nest->over[i]->extent;
    }
}

/* ---- outputs or gradients of inputs */

static void print_forward_terms(CudaEmitter *e, const GpuLinear *g)
{
    Text *text = e->text;
    int64_t wide = g->terms % 4 ? 1 : 4;
    const char *weight = tensor_c(e, g->weight);
    print_list(e, g->x);
    line(text, "for (int j = %s; j < %" PRId64 "; j += %" PRId64 ") {", scale_c(e, wide, "warp"), g->terms, wide * g->splits);
    if (wide == 1)
        line(text, "float value = x[j][lane];\n"
                   "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
                   "    sum[k] += %s[i0 + k][j] * value;", g->tile, weight);
    else {
        line(text, "float value[4];\n"
                   "UNROLL for (int q = 0; q < 4; q++)\n"
                   "    value[q] = x[j + q][lane];");
        line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++) {\n"
                   "float weight[4];\n"
                   "load_row<4>(weight, &%s[i0 + k][j]);\n"
                   "UNROLL for (int q = 0; q < 4; q++)\n"
                   "    sum[k] += weight[q] * value[q];\n"
                   "}", g->tile, weight);
    }
    line(text, "}");
}

static void print_input_terms(CudaEmitter *e, const GpuLinear *g)
{
    Text *text = e->text;
    bool quads = g->results % 4 == 0 && g->tile % 4 == 0;
    const char *weight = tensor_c(e, g->weight);
    line(text, "for (int i = warp; i < %" PRId64 "; i += %" PRId64 ") {\n"
               "float dy = %s[block][i][lane];", g->terms, g->splits, tensor_c(e, g->x));
    if (quads)
        line(text, "float weight[%" PRId64 "];\n"
                   "load_row<4>(weight, &%s[i][j0]);", g->tile, weight);
    line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++)", g->tile);
    line(text, quads ? "    sum[k] += weight[k] * dy;\n}" : "    sum[k] += %s[i][j0 + k] * dy;\n}", weight);
}

void print_gpu_linear(CudaEmitter *e)
{
    const GpuLinear *g = e->kernel->shape;
    Text *text = e->text;
    int64_t tiles = divide_up(g->results, g->tile);
    const char *first = g->of_input ? "j0" : "i0", *index = sum_c(e, first, g->tile > 1 ? "k" : "0");
    line(text, "struct Shared { float sum[%" PRId64 "][%" PRId64 "][LANES]; };\n"
               "SHARED_MEMORY(Shared, shared);\n"
               "int lane = lane_of_thread(), warp = warp_of_thread();", g->splits, g->tile);
    print_block(e, e->kernel->launch.block_units);
    line(text, "int %s = %s;\n", first, tile_start(e, tiles > 1 ? "part" : "0", g->tile, g->results));
    line(text, "float sum[%" PRId64 "] = {};", g->tile);
    (g->of_input ? print_input_terms : print_forward_terms)(e, g);
    line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
               "    shared.sum[warp][k][lane] = sum[k];\n"
               "__syncthreads();\n", g->tile);
    line(text, "for (int k = warp; k < %" PRId64 "; k += %" PRId64 ") {\n"
               "float total = 0;\n"
               "UNROLL for (int from = 0; from < %" PRId64 "; from++)\n"
               "    total += shared.sum[from][k][lane];", g->tile, g->splits, g->splits);
    if (g->bias)
        line(text, "float value = total + %s[%s];", tensor_c(e, g->bias), index);
    const char *element = index;
    if (g->list) {
        line(text, "int j = %s;", index);
        element = "j";
    }
    declare_axes(e, g->list, g->of_input ? "j" : "i", element);
    store_value(e, g->bias ? "value" : "total", NULL, g->list);
    line(text, "}");
}

/* ---- the last layer, with the loss */

static void print_logits(CudaEmitter *e, const GpuClassify *g)
{
    Text *text = e->text;
    const char *bias = g->bias ? arena_printf(e->arena, " + %s[k]", tensor_c(e, g->bias)) : "";
    print_list(e, g->x);
    line(text, "\nfor (int k = warp_of_thread(); k < %" PRId64 "; k += %" PRId64 ") {\n"
               "float sum = 0;\n"
               "for (int j = threadIdx.x / 8 %% 4; j < %" PRId64 "; j += 4)\n"
               "    sum += %s[k][j] * x[j][lane];", g->classes, g->warps, g->features, tensor_c(e, g->weight));
    line(text, "sum += __shfl_xor_sync(~0u, sum, 8);\n"
               "sum += __shfl_xor_sync(~0u, sum, 16);\n"
               "if (threadIdx.x %% LANES < 8)\n"
               "    shared.logit[k][sample] = sum%s;\n"
               "}\n"
               "__syncthreads();", bias);
}

static void print_loss(CudaEmitter *e, const GpuClassify *g)
{
    Text *text = e->text;
    line(text, "\nint label = step.labels[sample_of_lane(step, block, lane)], place = 0;\n"
               "float largest = shared.logit[0][sample];");
    if (g->classes > 1)
        line(text, "UNROLL for (int k = 1; k < %" PRId64 "; k++)\n"
                   "    take_larger(shared.logit[k][sample], k, largest, place);", g->classes);
    line(text, "float softmax[%" PRId64 "], sum = 0;\n"
               "UNROLL for (int k = 0; k < %" PRId64 "; k++) {\n"
               "softmax[k] = real_exp(shared.logit[k][sample] - largest);\n"
               "sum += softmax[k];\n"
               "}", g->classes, g->classes);
    line(text, "if (threadIdx.x < 8) {\n"
               "%s[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);\n"
               "%s[block][lane] = place == label ? 1.0f : 0.0f;", tensor_c(e, g->loss), tensor_c(e, g->correct));
    if (g->logits)
        line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
                   "    %s[block][k][lane] = shared.logit[k][sample];", g->classes, tensor_c(e, g->logits));
    line(text, "}");
    if (!g->d_logits)
        return;
    line(text, "\nfloat scale = scale_of_lane(step, block, lane), d[%" PRId64 "];\n"
               "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
               "    d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;\n"
               "if (threadIdx.x < 8)\n"
               "    UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
               "        %s[block][k][lane] = d[k];", g->classes, g->classes, g->classes, tensor_c(e, g->d_logits));
}

void print_gpu_classify(CudaEmitter *e)
{
    const GpuClassify *g = e->kernel->shape;
    Text *text = e->text;
    line(text, "struct Shared { float logit[%" PRId64 "][8]; };\n"
               "SHARED_MEMORY(Shared, shared);\n"
               "int sample = threadIdx.x %% 8, block = unit / 4, lane = 8 * (unit %% 4) + sample;", g->classes);
    print_logits(e, g);
    print_loss(e, g);
    if (!g->wants_input)
        return;
    line(text, "for (int j = threadIdx.x / 8; j < %" PRId64 "; j += %" PRId64 ") {\n"
               "float total = 0;\n"
               "UNROLL for (int k = 0; k < %" PRId64 "; k++)\n"
               "    total += %s[k][j] * d[k];", g->features, 4 * g->warps, g->classes, tensor_c(e, g->weight));
    declare_axes(e, g->list, "j", "j");
    store_value(e, "total", NULL, g->list);
    line(text, "}");
}
