/* The forward part: the layers' nodes in their order, then the loss. */
#include "op.h"

static Tensor *forward_layer(Graph *graph, Layer *layer)
{
    List(Tensor *) in = { NULL, 0, 0 };
    for (int i = 0; i < layer->in.count; i++)
        list_add(graph->arena, &in, graph->of_layer[layer->in.at[i]->index]);
    return layer->op->forward(graph, layer, in.at, in.count);
}

/* The loss is no layer of the model; its nodes and tensors are called after it. */
static Layer *loss_layer(Graph *graph)
{
    Model *model = graph->model;
    Layer *layer = NEW(graph->arena, Layer);
    *layer = *model->train.loss_layer;
    layer->span = layer->from_span = model->train.span;
    layer->index = model->layers.count;
    return layer;
}

void graph_forward(Graph *graph)
{
    Model *model = graph->model;
    for (int i = 0; i < model->layers.count; i++)
        graph->of_layer[i] = forward_layer(graph, model->layers.at[i]);
    graph->output = graph->of_layer[model->layers.count - 1];
    if (model->has_train) {
        Layer *loss = loss_layer(graph);
        loss->op->forward(graph, loss, (Tensor *[]){ graph->output, graph->label, graph->scale }, 3);
    }
    graph_count(graph);
}
