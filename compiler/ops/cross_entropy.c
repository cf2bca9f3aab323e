/* The loss of a classifier: -log of the probability that softmax(logits) gives to the label. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

static bool cross_entropy_shape(Arena *arena, Layer *layer, Diag *diag)
{
    layer->out = (Shape){ 0, { 0 } };
    return needs_features(arena, layer, diag);
}

/* in = { logits (classes), label, scale } */
static Tensor *cross_entropy_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *maximum = graph_value(graph, layer, TYPE_REAL, 0, NULL, "maximum");
    Tensor *correct = graph_value(graph, layer, TYPE_REAL, 0, NULL, "correct");
    Tensor *loss = graph_value(graph, layer, TYPE_REAL, 0, NULL, "loss");
    Tensor *total = graph_value(graph, layer, TYPE_REAL, 0, NULL, "exp_sum");
    (void)ins;
    graph_node(graph, &kind_class_maximum, layer, "maximum", (Tensor *[]){ in[0], in[1] }, 2,
               (Tensor *[]){ maximum, correct }, 2);
    graph_node(graph, &kind_cross_entropy, layer, "forward", (Tensor *[]){ in[0], in[1], maximum }, 3,
               (Tensor *[]){ loss, total }, 2);
    graph->loss = loss;
    graph->correct = correct;
    return loss;
}

static void class_maximum_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *label = node->in.at[1];
    Nest *n = node_nest(graph, node, NULL, "the largest logit, and whether it is the label's");
    Expr *k = nest_fold(n, "k", logits->dim[0]);
    Expr *largest = nest_reduce(n, REDUCE_MAX, NULL, load(n, logits, AT(k)), NULL);
    if (node->out[0])
        nest_store(n, node->out[0], largest, NULL);
    if (node->out[1]) {
        Expr *class = nest_reduce(n, REDUCE_ARGMAX, NULL, k, NULL);
        nest_store(n, node->out[1], choose(n, equal(n, class, load(n, label, NULL)), real(n, 1), real(n, 0)), NULL);
    }
}

/* exp(logits[k] - maximum): at most 1, so that no sum of them overflows. */
static Expr *exponential(Nest *n, const Tensor *logits, Expr *k, const Tensor *maximum)
{
    return expr_unary(n->arena, EXPR_EXP, minus(n, load(n, logits, AT(k)), load(n, maximum, NULL)));
}

static void cross_entropy_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *label = node->in.at[1], *maximum = node->in.at[2];
    Nest *n = node_nest(graph, node, NULL, "loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]");
    Expr *k = nest_fold(n, "k", logits->dim[0]);
    Expr *total = sum(n, exponential(n, logits, k, maximum));
    if (node->out[0]) {
        Expr *is_label = equal(n, k, load(n, label, NULL));
        Expr *of_label = sum(n, choose(n, is_label, load(n, logits, AT(k)), real(n, 0)));
        Expr *loss = plus(n, expr_unary(n->arena, EXPR_LOG, total), minus(n, load(n, maximum, NULL), of_label));
        nest_store(n, node->out[0], loss, NULL);
    }
    if (node->out[1])
        nest_store(n, node->out[1], total, NULL);
}

/* The maximum cancels out of the loss: no gradient goes through it. */
static void cross_entropy_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    Tensor *logits = node->in.at[0];
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, logits);
    graph_node(graph, &kind_cross_entropy_backward, node->layer, "backward",
               (Tensor *[]){ logits, node->in.at[1], node->in.at[2], node->out[1], dout[0] }, 5, &din[0], 1);
}

static void cross_entropy_backward_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *label = node->in.at[1], *maximum = node->in.at[2];
    const Tensor *total = node->in.at[3], *dloss = node->in.at[4];
    Nest *n = node_nest(graph, node, NULL, "dlogits = (softmax(logits) - 1 at the label) * the sample's weight");
    Expr *k = nest_over(n, "k", logits->dim[0]);
    Expr *softmax = expr_binary(n->arena, EXPR_DIV, exponential(n, logits, k, maximum), load(n, total, NULL));
    Expr *target = choose(n, equal(n, k, load(n, label, NULL)), real(n, 1), real(n, 0));
    nest_store(n, node->out[0], times(n, minus(n, softmax, target), load(n, dloss, NULL)), AT(k));
}

const NodeKind kind_class_maximum = { "class_maximum", class_maximum_nests, NULL };
const NodeKind kind_cross_entropy = { "cross_entropy", cross_entropy_nests, cross_entropy_gradient };
const NodeKind kind_cross_entropy_backward = { "cross_entropy_backward", cross_entropy_backward_nests, NULL };

const Op op_cross_entropy = {
    .name = "cross_entropy",
    .help = "-log of the probability that softmax gives to the label",
    .least_inputs = 1, .most_inputs = 1,
    .is_loss = true,
    .shape = cross_entropy_shape,
    .forward = cross_entropy_forward,
};
