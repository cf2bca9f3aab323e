/* Plans of specs that stand in a test. */
#ifndef NETC_TESTS_PLAN_OF_H
#define NETC_TESTS_PLAN_OF_H

#include "plan/tuned.h"

#include <string.h>

/* The plan of `net`, with a data section and the settings `train` put behind it. */
static inline Plan *plan_trained(Arena *arena, const char *net, const char *train, int batch, const char *target,
                                 PlanOptions options)
{
    const char *text = arena_printf(arena, "%s\ndata idx { root = \"d\"; batch_size = %d }\ntrain { %s }\n", net, batch, train);
    Source *source = NEW(arena, Source);
    *source = (Source){ "test.net", text, strlen(text) };
    Diag *diag = diag_new(arena, source, stderr, false);
    const Ast *ast = parse(arena, source, diag);
    Model *model = ast ? check(arena, source, ast, true, diag) : NULL;
    assert_non_null(model);
    return plan_build(arena, model, graph_build(arena, model, true, options.plain),
                      graph_build(arena, model, false, options.plain), target_find(target), &options);
}

static inline Plan *plan_of(Arena *arena, const char *net, int batch, const char *target, PlanOptions options)
{
    return plan_trained(arena, net, "loss = cross_entropy; optimizer = sgd(lr=0.1, momentum=0.5)", batch, target, options);
}

/* The kernel of the phase that has this name, or NULL. */
static inline Kernel *find_kernel(const Phase *phase, const char *name)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (strcmp(phase->kernels.at[i]->name, name) == 0)
            return phase->kernels.at[i];
    return NULL;
}

#endif
