/* A pointwise nest moves into the nest that makes what it reads: relu into max_pool2d, the gate of relu's gradient into
 * the convolution's. The tensor between them vanishes. */
#include "graph/graph.h"

/* Of the expression that takes a load's place, times the loads: what a reader of the code can follow. */
enum { MAX_SIZE = 64 };

/* Where a tensor is stored: the only place in its node. */
typedef struct Place { Nest *nest; Store *store; } Place;

static bool loads(const Expr *e, const Tensor *tensor)
{
    if (e->kind == EXPR_LOAD)
        return e->tensor == tensor;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        if (loads(e->arg[i], tensor))
            return true;
    return false;
}

static bool nest_loads(const Nest *nest, const Tensor *tensor)
{
    for (int i = 0; i < nest->reduces; i++) {
        const Reduce *r = &nest->reduce[i];
        if (loads(r->value, tensor) || (r->init && loads(r->init, tensor)) || (r->when && loads(r->when, tensor)))
            return true;
    }
    for (int i = 0; i < nest->stores; i++)
        if (loads(nest->store[i].value, tensor))
            return true;
    return false;
}

/* The place where `node` stores `tensor`, if there is only one and the node does not read it again; else no place. */
static Place find_place(const Node *node, const Tensor *tensor)
{
    Place place = { NULL, NULL };
    for (int i = 0; i < node->nests.count; i++) {
        Nest *nest = node->nests.at[i];
        if (nest_loads(nest, tensor))
            return (Place){ NULL, NULL };
        for (int k = 0; k < nest->stores; k++) {
            if (nest->store[k].tensor != tensor)
                continue;
            if (place.nest)
                return (Place){ NULL, NULL };
            place = (Place){ nest, &nest->store[k] };
        }
    }
    return place;
}

/* Whether the nest computes each element of its only output from elements at the same index. */
static bool is_pointwise(const Nest *nest)
{
    const Store *store = &nest->store[0];
    if (nest->folds || nest->reduces || nest->guards || nest->domains || nest->stores != 1)
        return false;
    for (int d = 0; d < store->tensor->rank; d++)
        if (store->index[d]->kind != EXPR_AXIS && store->index[d]->kind != EXPR_INT)
            return false;
    return true;
}

/* The loads of `tensor` in `e`; -1 where one is at another index than the store's. */
static int count_loads(const Expr *e, const Tensor *tensor, const Store *store)
{
    int count = 0;
    if (e->kind == EXPR_LOAD && e->tensor == tensor) {
        for (int d = 0; d < tensor->rank; d++)
            if (!expr_equal(e->index[d], store->index[d]))
                return -1;
        return 1;
    }
    for (int i = 0; i < 3 && e->arg[i]; i++) {
        int more = count_loads(e->arg[i], tensor, store);
        if (more < 0)
            return -1;
        count += more;
    }
    return count;
}

static int size(const Expr *e)
{
    int sum = 1;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        sum += size(e->arg[i]);
    return sum;
}

static bool same_shape(const Tensor *a, const Tensor *b)
{
    bool same = a->rank == b->rank && a->per_sample == b->per_sample;
    for (int d = 0; d < a->rank; d++)
        same = same && a->dim[d] == b->dim[d];
    return same;
}

/* Whether all that `reader` reads besides `tensor` is there when `producer` runs. */
static bool others_are_there(const Node *reader, const Tensor *tensor, const Node *producer)
{
    for (int i = 0; i < reader->in.count; i++) {
        const Tensor *in = reader->in.at[i];
        if (in != tensor && in->producer && in->producer->id >= producer->id)
            return false;
    }
    return true;
}

/* Where the work of `reader` can be done when `tensor`, one of its inputs, is made; no place where it cannot. */
static Place find_fusion(const Graph *graph, const Node *reader, const Tensor *tensor)
{
    const Place none = { NULL, NULL };
    const Node *producer = tensor->producer;
    const Store *store = &reader->nests.at[0]->store[0];

    if (!producer || tensor->readers != 1 || graph_keeps(graph, tensor) || !tensor->per_sample
        || producer->backward != reader->backward || !same_shape(tensor, store->tensor)
        || !others_are_there(reader, tensor, producer))
        return none;
    Place place = find_place(producer, tensor);
    int count = count_loads(store->value, tensor, store);
    if (!place.nest || count < 1 || count * size(place.store->value) > MAX_SIZE)
        return none;
    return place;
}

static void add_input(Graph *graph, Node *node, Tensor *tensor)
{
    for (int i = 0; i < node->in.count; i++)
        if (node->in.at[i] == tensor) {
            tensor->readers--;                  /* two that read it became one */
            return;
        }
    list_add(graph->arena, &node->in, tensor);
}

static void fuse(Graph *graph, Node *reader, Tensor *tensor, Place place)
{
    Node *node = tensor->producer;
    Store *store = &reader->nests.at[0]->store[0];
    const Axis *from[MAX_INDEX];
    Expr *to[MAX_INDEX];
    int axes = 0;

    for (int d = 0; d < tensor->rank; d++)
        if (store->index[d]->kind == EXPR_AXIS) {
            from[axes] = store->index[d]->axis;
            to[axes++] = place.store->index[d];
        }
    place.store->value = expr_substitute(graph->arena, store->value, tensor, place.store->value, from, to, axes);
    place.store->tensor = store->tensor;

    for (int i = 0; i < node->outs; i++)
        if (node->out[i] == tensor)
            node->out[i] = store->tensor;
    store->tensor->producer = node;
    for (int i = 0; i < reader->in.count; i++)
        if (reader->in.at[i] != tensor)
            add_input(graph, node, reader->in.at[i]);
    list_add(graph->arena, &node->fused, reader);
    node_prove(graph->arena, node);
}

static void fuse_reader(Graph *graph, Node *reader)
{
    if (reader->nests.count != 1 || !is_pointwise(reader->nests.at[0]))
        return;
    for (int i = 0; i < reader->in.count; i++) {
        Place place = find_fusion(graph, reader, reader->in.at[i]);
        if (place.nest) {
            fuse(graph, reader, reader->in.at[i], place);
            return;
        }
    }
}

void graph_fuse(Graph *graph)
{
    for (int i = 0; i < graph->nodes.count; i++)
        fuse_reader(graph, graph->nodes.at[i]);
    graph_sweep(graph);
}
