/* Each element of a tensor is stored exactly once. A store reaches a box of elements, one to one: in every dimension
 * its index counts through axes of its own like the digits of a number, c*48 + y*8 + x from 0 or a constant on, all the
 * way or as far as the domain says. Boxes that do not meet and together have as many elements as the tensor fill it. */
#include "graph/graph.h"
#include "graph/linear.h"

typedef struct Box { int64_t first[MAX_INDEX], extent[MAX_INDEX]; } Box;

typedef struct Cover {
    Arena *arena, *scratch;
    const char *fault;
} Cover;

static bool fail(Cover *c, const Nest *nest, const Store *store, const char *why)
{
    c->fault = arena_printf(c->arena, "%s: store to %s: %s", nest->name, store->tensor->name, why);
    return false;
}

/* The number of values of an index that counts through them one to one, else 0. */
static int64_t count_values(Linear index)
{
    int64_t values = 1;
    for (int left = index.valid ? index.terms : 0; left > 0; left--) {
        int digit = -1;
        for (int i = 0; i < left; i++)
            if (index.term[i].atom->kind == EXPR_AXIS && index.term[i].factor == values)
                digit = i;
        if (digit < 0 || __builtin_mul_overflow(values, index.term[digit].atom->axis->extent, &values))
            return 0;
        index.term[digit] = index.term[left - 1];
    }
    return index.valid ? values : 0;
}

/* How many of the indices 0 .. dims-1 use the axis. */
static int uses(const Linear index[], int dims, const Axis *axis)
{
    int count = 0;
    for (int d = 0; d < dims; d++)
        for (int i = 0; i < index[d].terms; i++)
            count += index[d].term[i].atom->axis == axis;
    return count;
}

/* Cuts the box by a condition that an index is at most some constant. */
static bool cut(Cover *c, const Expr *condition, const Linear index[], int dims, Box *box)
{
    bool less = condition->kind == EXPR_LT;
    if (!less && condition->kind != EXPR_LE)
        return false;
    Linear left = linear_of(c->scratch, condition->arg[0]), right = linear_of(c->scratch, condition->arg[1]);
    Linear room = linear_combine(&right, 1, &left, -1);                 /* room >= less */
    for (int d = 0; d < dims; d++) {
        Linear most = linear_combine(&room, 1, &index[d], 1);           /* index <= most - less */
        if (!most.valid || most.terms > 0 || index[d].terms == 0)
            continue;
        int64_t extent = most.constant - less - box->first[d] + 1;
        if (extent < box->extent[d])
            box->extent[d] = extent;
        return true;
    }
    return false;
}

static bool find_box(Cover *c, const Nest *nest, const Store *store, Box *box)
{
    Linear index[MAX_INDEX];
    int rank = store->tensor->rank;
    for (int d = 0; d < rank; d++) {
        index[d] = linear_of(c->scratch, store->index[d]);
        box->first[d] = index[d].constant;
        box->extent[d] = count_values(index[d]);
        if (box->extent[d] == 0)
            return fail(c, nest, store, "an index does not count one by one");
    }
    for (int i = 0; i < nest->overs; i++)
        if (nest->over[i]->extent > 1 && uses(index, rank, nest->over[i]) != 1)
            return fail(c, nest, store,
                        arena_printf(c->arena, "axis %s does not occur in it once", nest->over[i]->name));
    for (int i = 0; i < nest->domains; i++)
        if (!cut(c, nest->domain[i], index, rank, box))
            return fail(c, nest, store, "the domain is no bound of an index");
    return true;
}

static bool meet(const Box *a, const Box *b, int rank)
{
    for (int d = 0; d < rank; d++)
        if (a->first[d] + a->extent[d] <= b->first[d] || b->first[d] + b->extent[d] <= a->first[d])
            return false;
    return true;
}

static int64_t volume(const int64_t extent[], int rank)
{
    int64_t product = 1;
    for (int d = 0; d < rank; d++)
        product *= extent[d];
    return product;
}

/* All stores to the tensor together; store `first` of nest 0 is the first of them. */
static bool fill(Cover *c, const Nest *const nests[], int count, int first)
{
    const Store *known = &nests[0]->store[first];
    const Tensor *tensor = known->tensor;
    List(Box) boxes = { NULL, 0, 0 };
    int64_t reached = 0;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < nests[i]->stores; k++) {
            const Store *store = &nests[i]->store[k];
            Box box = { { 0 }, { 0 } };
            if (store->tensor != tensor)
                continue;
            if (!find_box(c, nests[i], store, &box))
                return false;
            for (int b = 0; b < boxes.count; b++)
                if (meet(&box, &boxes.at[b], tensor->rank))
                    return fail(c, nests[i], store, "some elements are stored twice");
            list_add(c->scratch, &boxes, box);
            reached += volume(box.extent, tensor->rank);
        }
    return reached == volume(tensor->dim, tensor->rank) || fail(c, nests[0], known, "some elements are not stored");
}

static bool stored_before(const Nest *const nests[], int nest, int store)
{
    const Tensor *tensor = nests[nest]->store[store].tensor;
    for (int i = 0; i <= nest; i++)
        for (int k = 0; k < (i < nest ? nests[i]->stores : store); k++)
            if (nests[i]->store[k].tensor == tensor)
                return true;
    return false;
}

const char *stores_cover(Arena *arena, Arena *scratch, const Nest *const nests[], int count)
{
    Cover c = { arena, scratch, NULL };
    for (int i = 0; i < count && !c.fault; i++)
        for (int k = 0; k < nests[i]->stores && !c.fault; k++)
            if (!stored_before(nests, i, k))
                fill(&c, nests + i, count - i, k);
    return c.fault;
}
