/* The graph's parts: tensors, nodes, parameters; the passes in their order. */
#include "graph/graph.h"

#include <assert.h>

static Tensor *add_tensor(Graph *graph, Role role, Type type, const char *name)
{
    Tensor *tensor = NEW(graph->arena, Tensor);
    tensor->name = name_unique(graph->arena, graph->names, name);
    tensor->role = role;
    tensor->type = type;
    tensor->per_sample = role != ROLE_PARAMETER && role != ROLE_CONSTANT && role != ROLE_GRADIENT;
    tensor->id = graph->tensors.count;
    list_add(graph->arena, &graph->tensors, tensor);
    return tensor;
}

static void set_shape(Tensor *tensor, int rank, const int64_t dim[])
{
    assert(rank <= MAX_RANK);
    tensor->rank = rank;
    for (int i = 0; i < rank; i++)
        tensor->dim[i] = dim[i];
}

static void add_parameter(Graph *graph, Layer *layer, int which)
{
    const Learnable *learnable = &layer->learnables.at[which];
    Tensor *tensor = add_tensor(graph, ROLE_PARAMETER, TYPE_REAL,
                                arena_printf(graph->arena, "%s_%s", layer->name, learnable->name));
    set_shape(tensor, learnable->rank, learnable->dim);
    tensor->layer = layer;
    tensor->learnable = which;
    tensor->needs_gradient = true;
    list_add(graph->arena, &graph->parameters, tensor);
}

Graph *graph_new(Arena *arena, Model *model)
{
    Graph *graph = NEW(arena, Graph);
    int layers = model->layers.count;
    graph->arena = arena;
    graph->model = model;
    graph->names = names_new(arena);
    graph->of_layer = arena_alloc(arena, (size_t)layers * sizeof *graph->of_layer);
    graph->indices = arena_alloc(arena, (size_t)layers * sizeof *graph->indices);
    graph->first_parameter = arena_alloc(arena, (size_t)layers * sizeof *graph->first_parameter);

    Layer *first = model->layers.at[0];
    graph->input = add_tensor(graph, ROLE_INPUT, TYPE_REAL, "input");
    set_shape(graph->input, first->out.rank, first->out.dim);
    graph->input->layer = first;
    if (model->has_train) {
        graph->label = add_tensor(graph, ROLE_LABEL, TYPE_INT, "label");
        graph->scale = add_tensor(graph, ROLE_SCALE, TYPE_REAL, "scale");
    }
    for (int i = 0; i < layers; i++) {
        graph->first_parameter[i] = graph->parameters.count;
        for (int k = 0; k < model->layers.at[i]->learnables.count; k++)
            add_parameter(graph, model->layers.at[i], k);
    }
    return graph;
}

Tensor *graph_value(Graph *graph, Layer *layer, Type type, int rank, const int64_t dim[], const char *name, ...)
{
    va_list list;
    va_start(list, name);
    Tensor *tensor = add_tensor(graph, ROLE_VALUE, type, arena_vprintf(graph->arena, name, list));
    va_end(list);
    set_shape(tensor, rank, dim);
    tensor->layer = layer;
    return tensor;
}

Tensor *graph_constant(Graph *graph, Layer *layer, int64_t count, const double *values, const char *name)
{
    Tensor *tensor = add_tensor(graph, ROLE_CONSTANT, TYPE_REAL, name);
    set_shape(tensor, 1, &count);
    tensor->layer = layer;
    tensor->values = values;
    return tensor;
}

Tensor *graph_gradient_of(Graph *graph, Tensor *value)
{
    Tensor *tensor = add_tensor(graph, value->role == ROLE_PARAMETER ? ROLE_GRADIENT : ROLE_VALUE, TYPE_REAL,
                                arena_printf(graph->arena, "d_%s", value->name));
    set_shape(tensor, value->rank, value->dim);
    tensor->layer = value->layer;
    tensor->learnable = value->learnable;
    return tensor;
}

Tensor *graph_parameter(Graph *graph, Layer *layer, int which)
{
    assert(which < layer->learnables.count);
    return graph->parameters.at[graph->first_parameter[layer->index] + which];
}

Node *graph_node(Graph *graph, const NodeKind *kind, Layer *layer, const char *suffix,
                 Tensor *const in[], int ins, Tensor *const out[], int outs)
{
    Node *node = NEW(graph->arena, Node);
    bool depends = false;

    assert(outs <= MAX_OUT);
    node->kind = kind;
    node->name = name_unique(graph->arena, graph->names, arena_printf(graph->arena, "%s_%s", layer->name, suffix));
    node->layer = layer;
    node->backward = graph->backward;
    node->id = graph->nodes.count;
    for (int i = 0; i < ins; i++) {
        list_add(graph->arena, &node->in, in[i]);
        depends = depends || in[i]->needs_gradient;
    }
    node->outs = outs;
    for (int i = 0; i < outs; i++) {
        node->out[i] = out[i];
        if (!out[i])
            continue;
        out[i]->producer = node;
        out[i]->needs_gradient = depends && out[i]->type == TYPE_REAL;
    }
    list_add(graph->arena, &graph->nodes, node);
    return node;
}

bool wants_gradient(const Node *node, int input)
{
    return node->in.at[input]->needs_gradient;
}

Nest *node_nest(Graph *graph, Node *node, const char *part, const char *note)
{
    const char *name = node->name;
    if (part)
        name = name_unique(graph->arena, graph->names, arena_printf(graph->arena, "%s_%s", node->name, part));
    Nest *nest = nest_new(graph->arena, name, note);
    list_add(graph->arena, &node->nests, nest);
    return nest;
}

void graph_count(Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        graph->tensors.at[i]->id = i;
        graph->tensors.at[i]->readers = 0;
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *node = graph->nodes.at[i];
        node->id = i;
        for (int k = 0; k < node->in.count; k++) {
            bool again = false;             /* add from a, a */
            for (int j = 0; j < k; j++)
                again = again || node->in.at[j] == node->in.at[k];
            node->in.at[k]->readers += !again;
        }
    }
}

bool graph_keeps(const Graph *graph, const Tensor *tensor)
{
    for (int i = 0; graph->every_layer && i < graph->model->layers.count; i++)
        if (graph->of_layer[i] == tensor)
            return true;
    return tensor == graph->output || tensor == graph->loss || tensor == graph->correct
           || tensor->role == ROLE_GRADIENT;
}

Graph *graph_build(Arena *arena, Model *model, bool train, bool plain)
{
    Graph *graph = graph_new(arena, model);
    graph_forward(graph);
    if (!plain)
        graph_reorder(graph);
    if (train && graph->loss)
        graph_backward(graph);
    if (!plain)
        graph_shorten(graph);
    graph_prune(graph);
    graph_lower(graph);
    if (!plain)
        graph_fuse(graph);
    return graph;
}

Graph *graph_of_layers(Arena *arena, Model *model)
{
    Graph *graph = graph_new(arena, model);
    graph->every_layer = true;
    graph_forward(graph);
    graph_prune(graph);
    graph_lower(graph);
    return graph;
}
