/* Nests for every node, each proven before anyone prints it. */
#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>

void node_prove(Arena *arena, const Node *node)
{
    const char *fault = node_verify(arena, node);
    if (!fault)
        return;
    fprintf(stderr, "netc: internal error: layer %s, %s: %s\n", node->layer->name, node->kind->name, fault);
    exit(70);
}

void graph_lower(Graph *graph)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *node = graph->nodes.at[i];
        node->kind->nests(graph, node);
        node_prove(graph->arena, node);
    }
}
