/* The loss of a classifier: -log of the probability that softmax(logits) gives to the label. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

#include <inttypes.h>

enum { WEIGHT, LABEL_SMOOTHING };

static const ParamDef cross_entropy_params[] = {
    [WEIGHT] = { .name = "weight", .type = PARAM_NUMBERS, .fallback = "none", .named_only = true,
                 .help = "how much the samples of each class count" },
    [LABEL_SMOOTHING] = { .name = "label_smoothing", .type = PARAM_REAL, .fallback = "0", .most = 1, .named_only = true,
                          .help = "how much of a label is spread over all classes" },
    { .name = NULL }
};

/* One weight for each class, and one of them more than 0. */
static bool weights_fit(Layer *layer, Diag *diag)
{
    const Arg *weight = &layer->args[WEIGHT];
    const Layer *source = layer->in.at[0];
    double most = 0;
    for (int i = 0; i < weight->count; i++)
        most = weight->numbers[i] > most ? weight->numbers[i] : most;
    if (weight->count && weight->count != source->out.dim[0]) {
        diag_error(diag, weight->span, "weight has %d number%s, but %s gives %" PRId64 " class%s", weight->count,
                   weight->count == 1 ? "" : "s", layer_title(source), source->out.dim[0],
                   source->out.dim[0] == 1 ? "" : "es");
        diag_help(diag, "write one for each class, in their order: `weight=[1, …]`");
        return false;
    }
    if (weight->count && most == 0) {
        diag_error(diag, weight->span, "all weights are 0: no sample would count");
        return false;
    }
    return true;
}

static bool cross_entropy_shape(Arena *arena, Layer *layer, Diag *diag)
{
    layer->out = (Shape){ 0, { 0 } };
    return needs_features(arena, layer, diag) && weights_fit(layer, diag);
}

/* The loss of labels that are not all there is: smoothed ones, or those of classes that count more than others. */
static Tensor *target_loss(Graph *graph, Layer *layer, Tensor *const in[], Tensor *maximum)
{
    const Arg *weight = &layer->args[WEIGHT];
    Tensor *log_sum = graph_value(graph, layer, TYPE_REAL, 0, NULL, "log_sum_exp");
    Tensor *loss = graph_value(graph, layer, TYPE_REAL, 0, NULL, "loss"), *sum = NULL, *weights = NULL;
    graph_node(graph, &kind_log_sum_exp, layer, "log_sum_exp", (Tensor *[]){ in[0], maximum }, 2, &log_sum, 1);
    if (weight->count) {
        sum = graph_value(graph, layer, TYPE_REAL, 0, NULL, "target_sum");
        weights = graph_constant(graph, layer, weight->count, weight->numbers, "class_weight");
    }
    graph_node(graph, &kind_target_loss, layer, "forward", (Tensor *[]){ in[0], in[1], log_sum, weights },
               weights ? 4 : 3, (Tensor *[]){ loss, sum }, sum ? 2 : 1);
    return loss;
}

/* in = { logits (classes), label, scale } */
static Tensor *cross_entropy_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *maximum = graph_value(graph, layer, TYPE_REAL, 0, NULL, "maximum");
    Tensor *correct = graph_value(graph, layer, TYPE_REAL, 0, NULL, "correct");
    (void)ins;
    graph_node(graph, &kind_class_maximum, layer, "maximum", (Tensor *[]){ in[0], in[1] }, 2,
               (Tensor *[]){ maximum, correct }, 2);
    graph->correct = correct;
    if (layer->args[WEIGHT].count || layer->args[LABEL_SMOOTHING].real > 0)
        return graph->loss = target_loss(graph, layer, in, maximum);
    Tensor *loss = graph_value(graph, layer, TYPE_REAL, 0, NULL, "loss");
    Tensor *total = graph_value(graph, layer, TYPE_REAL, 0, NULL, "exp_sum");
    graph_node(graph, &kind_cross_entropy, layer, "forward", (Tensor *[]){ in[0], in[1], maximum }, 3,
               (Tensor *[]){ loss, total }, 2);
    return graph->loss = loss;
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

/* ---- smoothed labels, classes with weights */

static void log_sum_exp_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *maximum = node->in.at[1];
    Nest *n = node_nest(graph, node, NULL, "log(sum of exp(logits[k] - maximum)) + maximum");
    Expr *k = nest_fold(n, "k", logits->dim[0]);
    Expr *total = sum(n, exponential(n, logits, k, maximum));
    nest_store(n, node->out[0], plus(n, expr_unary(n->arena, EXPR_LOG, total), load(n, maximum, NULL)), NULL);
}

/* What class k is to get: its weight times the part of the label that is its own, and the part that all classes share. */
static Expr *target_of(Nest *n, const Node *node, Expr *k, const Tensor *weights)
{
    const Tensor *logits = node->in.at[0], *label = node->in.at[1];
    double smoothing = node->layer->args[LABEL_SMOOTHING].real, shared = smoothing / (double)logits->dim[0];
    Expr *part = choose(n, equal(n, k, load(n, label, NULL)), real(n, 1 - smoothing + shared), real(n, shared));
    return weights ? times(n, load(n, weights, AT(k)), part) : part;
}

static void target_loss_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *log_sum = node->in.at[2];
    const Tensor *weights = node->in.count > 3 ? node->in.at[3] : NULL;
    Nest *n = node_nest(graph, node, NULL, "loss = sum of target[k] * (log_sum_exp - logits[k]), which is -log of softmax");
    Expr *k = nest_fold(n, "k", logits->dim[0]);
    Expr *target = target_of(n, node, k, weights);
    if (node->out[0])
        nest_store(n, node->out[0], sum(n, times(n, target, minus(n, load(n, log_sum, NULL), load(n, logits, AT(k))))),
                   NULL);
    if (node->outs > 1 && node->out[1])
        nest_store(n, node->out[1], sum(n, target), NULL);
}

static void target_loss_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    List(Tensor *) in = { NULL, 0, 0 };
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    for (int i = 0; i < node->in.count; i++)
        list_add(graph->arena, &in, node->in.at[i]);
    if (node->outs > 1)
        list_add(graph->arena, &in, node->out[1]);
    list_add(graph->arena, &in, dout[0]);
    graph_node(graph, &kind_target_loss_backward, node->layer, "backward", in.at, in.count, &din[0], 1);
}

static void target_loss_backward_nests(Graph *graph, Node *node)
{
    const Tensor *logits = node->in.at[0], *log_sum = node->in.at[2];
    bool weighted = node->in.count > 4;
    const Tensor *dloss = node->in.at[node->in.count - 1];
    Nest *n = node_nest(graph, node, NULL, "dlogits = (softmax(logits) * sum of target - target) * the sample's weight");
    Expr *k = nest_over(n, "k", logits->dim[0]);
    Expr *softmax = expr_unary(n->arena, EXPR_EXP, minus(n, load(n, logits, AT(k)), load(n, log_sum, NULL)));
    if (weighted)
        softmax = times(n, softmax, load(n, node->in.at[4], NULL));
    Expr *target = target_of(n, node, k, weighted ? node->in.at[3] : NULL);
    nest_store(n, node->out[0], times(n, minus(n, softmax, target), load(n, dloss, NULL)), AT(k));
}

const NodeKind kind_class_maximum = { "class_maximum", class_maximum_nests, NULL };
const NodeKind kind_cross_entropy = { "cross_entropy", cross_entropy_nests, cross_entropy_gradient };
const NodeKind kind_cross_entropy_backward = { "cross_entropy_backward", cross_entropy_backward_nests, NULL };

const NodeKind kind_log_sum_exp = { "log_sum_exp", log_sum_exp_nests, NULL };
const NodeKind kind_target_loss = { "target_loss", target_loss_nests, target_loss_gradient };
const NodeKind kind_target_loss_backward = { "target_loss_backward", target_loss_backward_nests, NULL };

const Op op_cross_entropy = {
    .name = "cross_entropy",
    .help = "-log of the probability that softmax gives to the label",
    .params = cross_entropy_params,
    .least_inputs = 1, .most_inputs = 1,
    .is_loss = true,
    .shape = cross_entropy_shape,
    .forward = cross_entropy_forward,
};
