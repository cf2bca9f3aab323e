/* A border around an image: what convolutions with padding read. Not an operator of the language: a kind of node. */
#include "ops/kinds.h"
#include "ops/nests.h"

/* The border at the top and bottom (side 0) or left and right (side 1) of an image that is `size` high or wide. */
typedef struct Border { int64_t mode, before, after, size; } Border;

static Border border_of(const Node *node, int side, const Tensor *image)
{
    const int64_t *amount = node->attribute + PAD_TOP + 2 * side;
    return (Border){ node->attribute[PAD_MODE], amount[0], amount[1], image->dim[1 + side] };
}

Tensor *pad(Graph *graph, Layer *layer, Tensor *x, int mode, const int64_t before[2], const int64_t after[2])
{
    int64_t dim[3] = { x->dim[0], before[0] + x->dim[1] + after[0], before[1] + x->dim[2] + after[1] };
    if (dim[1] == x->dim[1] && dim[2] == x->dim[2])
        return x;
    Tensor *padded = graph_value(graph, layer, TYPE_REAL, 3, dim, "%s_padded", layer->name);
    Node *node = graph_node(graph, &kind_pad, layer, "pad", &x, 1, &padded, 1);
    node->attribute[PAD_MODE] = mode;
    for (int side = 0; side < 2; side++) {
        node->attribute[PAD_TOP + 2 * side] = before[side];
        node->attribute[PAD_TOP + 2 * side + 1] = after[side];
    }
    return padded;
}

/* Which row or column of the image the place `at` of the padded one shows. *inside: where it shows one at all. */
static Expr *shown(Nest *n, Border border, Expr *at, Expr **inside)
{
    Expr *last = whole(n, border.size - 1), *from = shift(n, at, -border.before);
    switch (border.mode) {
    case PAD_REFLECT:                               /* 2 1 | 0 1 2 3 | 2 1 */
        from = expr_unary(n->arena, EXPR_ABS, from);
        return minus(n, last, expr_unary(n->arena, EXPR_ABS, minus(n, last, from)));
    case PAD_REPLICATE:                             /* 0 0 | 0 1 2 3 | 3 3 */
        from = expr_binary(n->arena, EXPR_MAX, from, whole(n, 0));
        return expr_binary(n->arena, EXPR_MIN, from, last);
    case PAD_CIRCULAR:                              /* 2 3 | 0 1 2 3 | 0 1 */
        from = shift(n, from, border.before ? border.size : 0);
        return expr_binary(n->arena, EXPR_MOD, from, whole(n, border.size));
    default:
        *inside = both(n, *inside, both(n, at_most(n, whole(n, 0), from), at_most(n, from, last)));
        return from;
    }
}

static void pad_nests(Graph *graph, Node *node)
{
    static const char *const notes[] = {
        [PAD_ZEROS] = "zeros around the image",
        [PAD_REFLECT] = "the image, reflected at its borders",
        [PAD_REPLICATE] = "the image, its border repeated",
        [PAD_CIRCULAR] = "the image, repeated all around",
    };
    const Tensor *x = node->in.at[0];
    Expr *at[MAX_INDEX];
    Nest *n = node_nest(graph, node, NULL, notes[node->attribute[PAD_MODE]]);
    over_elements(n, node->out[0], at);
    Expr *inside = expr_bool(n->arena, true);
    Expr *row = shown(n, border_of(node, 0, x), at[1], &inside);
    Expr *column = shown(n, border_of(node, 1, x), at[2], &inside);
    nest_store(n, node->out[0], choose(n, inside, load(n, x, AT(at[0], row, column)), real(n, 0)), at);
}

static void pad_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    Node *backward = graph_node(graph, &kind_pad_backward, node->layer, "backward_pad", &dout[0], 1, &din[0], 1);
    for (int i = PAD_MODE; i <= PAD_RIGHT; i++)
        backward->attribute[i] = node->attribute[i];
}

/* A place of the padded image that shows row or column `at`: an axis of the fold runs through those that might, a
 * guard leaves those that do. */
static Expr *showing(Nest *n, const char *axis, Border border, Expr *at)
{
    int64_t before = border.before, after = border.after, last = border.size - 1;
    Expr *first = whole(n, 0), *u, *place;

    switch (border.mode) {
    case PAD_REFLECT:                               /* itself, its mirrors before the first and behind the last */
        u = nest_fold(n, axis, before + after + 1);
        place = shift(n, plus(n, at, scale(n, u, 2)), -before);
        nest_guard(n, either(n, equal(n, u, whole(n, before)),
                             either(n, equal(n, plus(n, at, u), whole(n, before)),
                                    equal(n, plus(n, at, u), whole(n, before + last)))));
        return place;
    case PAD_REPLICATE:                             /* the first shows all before it, the last all behind it */
        u = nest_fold(n, axis, before + after + 1);
        nest_guard(n, either(n, equal(n, u, whole(n, before)),
                             either(n, both(n, equal(n, at, first), at_most(n, u, whole(n, before))),
                                    both(n, equal(n, at, whole(n, last)), at_most(n, whole(n, before), u)))));
        return plus(n, at, u);
    case PAD_CIRCULAR:                              /* once in each copy of the image */
        u = nest_fold(n, axis, 1 + (before > 0) + (after > 0));
        place = shift(n, plus(n, at, scale(n, u, border.size)), before - (before > 0 ? border.size : 0));
        guard_range(n, place, 0, before + last + after);
        return place;
    default:
        return shift(n, at, before);
    }
}

static void pad_backward_nests(Graph *graph, Node *node)
{
    static const char *const notes[] = {
        [PAD_ZEROS] = "what the image lies under",
        [PAD_REFLECT] = "dx[c][y][x] gathers every padded element that mirrors (y, x)",
        [PAD_REPLICATE] = "dx[c][y][x] gathers every padded element that repeats (y, x)",
        [PAD_CIRCULAR] = "dx[c][y][x] gathers every padded element that repeats (y, x)",
    };
    const Tensor *padded = node->in.at[0], *x = node->out[0];
    Expr *at[MAX_INDEX];
    Nest *n = node_nest(graph, node, NULL, notes[node->attribute[PAD_MODE]]);
    over_elements(n, x, at);
    Expr *row = showing(n, "u", border_of(node, 0, x), at[1]);
    Expr *column = showing(n, "v", border_of(node, 1, x), at[2]);
    Expr *shows = load(n, padded, AT(at[0], row, column));
    nest_store(n, node->out[0], n->folds ? sum(n, shows) : shows, at);
}

const NodeKind kind_pad = { "pad", pad_nests, pad_gradient };
const NodeKind kind_pad_backward = { "pad_backward", pad_backward_nests, NULL };
