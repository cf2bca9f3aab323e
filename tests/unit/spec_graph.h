/* From the text of a spec to its graph, for tests. */
#ifndef NETC_SPEC_GRAPH_H
#define NETC_SPEC_GRAPH_H

#include "graph/graph.h"

#include <string.h>

/* The data and train sections that the nets of tests share. */
#define SPEC_REST "data idx { root = \"d\"; batch_size = 3 }\n" \
                  "train { loss = cross_entropy; optimizer = sgd(lr=0.1); epochs = 1 }\n"

/* The graph of `text`, which has no errors: they are printed, and the result is NULL. */
static inline Graph *spec_graph(Arena *arena, const char *text, bool train, bool plain)
{
    Source *source = NEW(arena, Source);
    *source = (Source){ "test.net", text, strlen(text) };
    Diag *diag = diag_new(arena, source, stderr, false);
    const Ast *ast = parse(arena, source, diag);
    Model *model = ast ? check(arena, source, ast, true, diag) : NULL;
    return model ? graph_build(arena, model, train, plain) : NULL;
}

#endif
