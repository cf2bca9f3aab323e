/* A nest as a function: one loop for each named axis, the vector of samples innermost. */
#include "c/nest.h"
#include "cpu/tuned.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_UNROLLED = 16, LEAST_LANES = 4 };

/* ---- loops */

/* Of a single sample: whether the points of the innermost loop become lanes. Each is stored at a place of its own, and the
 * reduction inside it is unrolled. */
static bool has_lanes(const Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    int64_t folded = 1;
    for (int i = 0; i < nest->folds; i++)
        folded *= nest->fold[i]->extent;
    return kernel->program->single && nest->overs > 0 && kernel->tile == 1 && folded <= MOST_UNROLLED &&
           nest->guards + nest->domains == 0 && kernel->over[nest->overs - 1].axis->extent >= LEAST_LANES;
}

const char *range_loop(Arena *arena, const char *type, const char *counter, const char *range, int64_t extent,
                       int64_t tile)
{
    const char *step = arena_printf(arena, "%s++", counter);
    if (extent % tile)
        step = arena_printf(arena, "%s = next_tile(%s, %" PRId64 ", %s.end)", counter, counter, tile, range);
    else if (tile > 1)
        step = arena_printf(arena, "%s += %" PRId64, counter, tile);
    return arena_printf(arena, "for (%s %s = %s.first; %s < %s.end; %s)", type, counter, range, counter, range, step);
}

/* The name of the range of the loop that is this unit's, or NULL. */
static const char *range_of(NestPrinter *p, const Axis *axis)
{
    for (int i = 0; i < p->kernel->cuts; i++)
        if (p->kernel->cut[i].parts > 1 && p->kernel->cut[i].name == axis->name)
            return arena_printf(p->arena, "%s_range", axis->name);
    return NULL;
}

/* Of 23 points in tiles of 2: x = 0, 2, 4 … 20, then 21. Of a loop that units share, a unit's part. */
static void add_over_loop(NestPrinter *p, Heads *heads, int i)
{
    const Loop *loop = &p->kernel->over[i];
    const char *name = loop->axis->name;
    int64_t extent = loop->axis->extent, tile = loop->tile;
    bool sliced = p->kernel->all_blocks && i == 0;
    if (tile == extent && !sliced)
        return;
    const char *counter = tile > 1 ? arena_printf(p->arena, "%s0", name) : name;
    const char *step = tile > 1 ? arena_printf(p->arena, "%s += %" PRId64, counter, tile)
                                : arena_printf(p->arena, "%s++", counter);

    const char *range = range_of(p, loop->axis);
    if (range) {
        heads_add(heads, range_loop(p->arena, p->index, counter, range, extent, tile));
        return;
    }
    if (sliced) {
        heads_add(heads, arena_printf(p->arena, "for (%s %s = first; %s < end; %s)", p->index, counter, counter, step));
        return;
    }
    if (extent % tile)
        step = arena_printf(p->arena, "%s = %s == %" PRId64 " ? %" PRId64 " : %s + %" PRId64, counter, counter,
                            (extent / tile - 1) * tile, extent - tile, counter, tile);
    const char *simd = i + 1 == p->nest->overs && has_lanes(p->kernel) ? "#pragma omp simd\n" : "";
    heads_add(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s)", simd, p->index, counter, counter,
                                 extent, step));
}

/* ---- the body */

static void print_store(NestPrinter *p, const Store *store)
{
    bool gradient = !store->tensor->per_sample;
    const char *element = element_c(&p->scope, store->tensor, store->index);
    const char *value = gradient ? expr_c(&p->scope, store->value, 0) : expr_lanes(&p->scope, store->value, 0);
    line_wrapped(p->text, gradient ? "%s%s = lanes_sum(%s);" : "%s%s = %s;",
                                       store->tensor->rank ? "" : "*", element, value);
}

static void print_body(NestPrinter *p)
{
    const Nest *nest = p->nest;
    Heads over = {0}, tile = {0};
    bool variables = p->nest->reduces > 0 && p->scope.reduced[0];
    bool several = variables || nest->stores > 1;

    for (int i = 0; i < nest->overs; i++) {
        add_over_loop(p, &over, i);
        heads_add_conditions(p, &over, nest->domain, nest->domains, i, false);
    }
    heads_open(p, &over, several);
    if (variables)
        nest_print_reductions(p);
    heads_add_tile(p, &tile);
    heads_open(p, &tile, nest->stores > 1);
    for (int i = 0; i < nest->stores; i++)
        print_store(p, &nest->store[i]);
    heads_close(p, &tile, nest->stores > 1);
    heads_close(p, &over, several);
}

static void print_nest(Text *text, const Kernel *kernel)
{
    NestPrinter p = nest_printer(text, kernel);
    p.unroll = has_lanes(kernel);
    p.blocks = "for (int64_t block = 0; block < blocks; block++)";
    nest_name_reductions(&p);
    print_body(&p);
}

/* By scheme: what prints the statements of tuned code. */
static void (*const emitters[SCHEMES])(Emitter *e) = {
    [SCHEME_CONV] = print_conv,
    [SCHEME_CONV_INPUT] = print_conv_input,
    [SCHEME_CONV_WEIGHT_LISTS] = print_conv_weight_lists,
    [SCHEME_CONV_WEIGHT_BLEND] = print_conv_weight_blend,
    [SCHEME_LINEAR_WEIGHT] = print_linear_weight,
    [SCHEME_LOSS] = print_loss,
    [SCHEME_DENSE_WEIGHT] = print_dense_weight,
    [SCHEME_WINOGRAD_WEIGHT] = print_winograd_weight,
    [SCHEME_PIXEL_CONV] = print_pixel_conv,
    [SCHEME_PIXEL_WEIGHT] = print_pixel_weight,
    [SCHEME_DOT] = print_dot,
};

void kernel_print(Text *text, const Plan *plan, const Kernel *kernel)
{
    if (kernel->node)
        print_comment(text, plan->model, kernel);
    print_signature(text, plan, kernel);
    line(text, "{");
    if (kernel->scheme == SCHEME_NEST)
        print_nest(text, kernel);
    else
        emitters[kernel->scheme](&(Emitter){ .text = text, .arena = text->arena, .plan = plan, .kernel = kernel,
                                             .scope = { .arena = text->arena, .kernel = kernel } });
    line(text, "}");
}
