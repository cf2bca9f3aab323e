/* The listing of --emit=graph. */
#include "graph/graph.h"

#include <inttypes.h>
#include <string.h>

static const char *const roles[] = {
    [ROLE_INPUT] = "input", [ROLE_LABEL] = "label", [ROLE_SCALE] = "scale", [ROLE_PARAMETER] = "parameter",
    [ROLE_CONSTANT] = "constant", [ROLE_VALUE] = "value", [ROLE_GRADIENT] = "gradient",
};

static const char *const reductions[] = {
    [REDUCE_SUM] = "sum", [REDUCE_MAX] = "max", [REDUCE_ARGMAX] = "argmax", [REDUCE_LAST] = "last",
};

static const char *shape(Arena *arena, const Tensor *tensor)
{
    const char *text = "";
    for (int d = 0; d < tensor->rank; d++)
        text = arena_printf(arena, "%s%s%" PRId64, text, d ? "x" : "", tensor->dim[d]);
    return tensor->rank ? text : "scalar";
}

static void print_tensors(Text *text, const Graph *graph)
{
    int width = 0;
    for (int i = 0; i < graph->tensors.count; i++) {
        int length = (int)strlen(graph->tensors.at[i]->name);
        width = length > width ? length : width;
    }
    line(text, "tensors {");
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *t = graph->tensors.at[i];
        line(text, "%-*s  %-9s  %s  %s", width, t->name, roles[t->role], t->type == TYPE_INT ? "int " : "real",
             shape(text->arena, t));
    }
    line(text, "}");
}

/* "for y < 24, x < 24, c < 10" */
static const char *axes(Arena *arena, const char *word, Axis *const list[], int count)
{
    const char *text = word;
    for (int i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%s < %" PRId64, text, i ? ", " : " ", list[i]->name, list[i]->extent);
    return text;
}

static const char *conditions(Arena *arena, const char *word, Expr *const list[], int count)
{
    const char *text = "";
    for (int i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " and " : word, expr_text(arena, list[i]));
    return text;
}

static void print_reduce(Text *text, const Nest *nest, int which)
{
    Arena *arena = text->arena;
    const Reduce *r = &nest->reduce[which];
    line(text, "r%d = %s of %s%s%s%s%s%s", which, reductions[r->kind], expr_text(arena, r->value),
         nest->folds ? axes(arena, " over", nest->fold, nest->folds) : "",
         conditions(arena, " if ", nest->guard, nest->guards), r->when ? " when " : "",
         r->when ? expr_text(arena, r->when) : "",
         r->init ? arena_printf(arena, " from %s", expr_text(arena, r->init)) : "");
}

static void print_store(Text *text, const Store *store)
{
    const Expr *target = expr_load(text->arena, store->tensor, store->index);
    line(text, "%s = %s", expr_text(text->arena, target), expr_text(text->arena, store->value));
}

static void print_nest(Text *text, const Nest *nest)
{
    Arena *arena = text->arena;
    if (nest->note)
        line(text, "# %s", nest->note);
    line(text, "%s%s {", nest->overs ? axes(arena, "for", nest->over, nest->overs) : "once",
         conditions(arena, " where ", nest->domain, nest->domains));
    for (int i = 0; i < nest->reduces; i++)
        print_reduce(text, nest, i);
    for (int i = 0; i < nest->stores; i++)
        print_store(text, &nest->store[i]);
    line(text, "}");
}

/* "max_pool2d of layer max_pool2d_1, line 6; relu of layer relu_1, line 7" */
static const char *origin(Arena *arena, const Source *source, const Node *node)
{
    const char *text = arena_printf(arena, "%s of layer %s, line %d", node->kind->name, node->layer->name,
                                    source_position(source, node->layer->span.begin).line);
    for (int i = 0; i < node->fused.count; i++)
        text = arena_printf(arena, "%s; %s", text, origin(arena, source, node->fused.at[i]));
    return text;
}

static void print_node(Text *text, const Graph *graph, const Node *node)
{
    line(text, "%s", "");
    line(text, "%s {", node->name);
    line(text, "%s", origin(text->arena, graph->model->source, node));
    for (int i = 0; i < node->nests.count; i++)
        print_nest(text, node->nests.at[i]);
    line(text, "}");
}

void graph_print(Text *text, const Graph *graph)
{
    print_tensors(text, graph);
    for (int i = 0; i < graph->nodes.count; i++)
        print_node(text, graph, graph->nodes.at[i]);
}
