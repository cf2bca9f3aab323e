/* The graph: forward and backward as one list of nodes in the order in which they can run. */
#ifndef NETC_GRAPH_H
#define NETC_GRAPH_H

#include "base/text.h"
#include "check/model.h"
#include "graph/nest.h"

typedef struct Graph Graph;
typedef struct Node  Node;

typedef enum Role {
    ROLE_INPUT,         /* the normalised image, per sample */
    ROLE_LABEL,         /* the class, INT, per sample, rank 0 */
    ROLE_SCALE,         /* a sample's weight in the mean: 1 / samples in the batch, 0 for a lane without one; rank 0 */
    ROLE_PARAMETER,     /* learned */
    ROLE_CONSTANT,      /* a table of numbers that stands in the code, the same for all samples: no memory of the plan's */
    ROLE_VALUE,         /* made by a node, per sample: activations, indices, their gradients */
    ROLE_GRADIENT,      /* of a parameter, summed over the samples; not per sample */
} Role;

struct Tensor {
    const char *name;           /* C identifier, unique in the graph: conv1, d_conv1, conv1_weight, d_conv1_weight */
    Role        role;
    Type        type;           /* TYPE_REAL, or TYPE_INT for indices and labels */
    bool        per_sample;
    int         rank;           /* 0 .. 4, without the sample */
    int64_t     dim[MAX_RANK];
    int         id;             /* its place in graph->tensors */
    Node       *producer;       /* NULL for inputs and parameters */
    Layer      *layer;          /* that it belongs to */
    int         learnable;      /* ROLE_PARAMETER, ROLE_GRADIENT: which of layer->learnables */
    const double *values;       /* ROLE_CONSTANT: its elements in their order */
    bool        needs_gradient; /* depends on a parameter */
    int         readers;        /* nodes that read it; counted by graph_count */
};

/* What a node computes. The planner recognises patterns of kinds; everything else prints the kind's nests. */
typedef struct NodeKind {
    const char *name;           /* conv2d, conv2d_backward_weight */

    /* Appends the nests that compute n->out of n->in. An output that is NULL is not wanted. */
    void (*nests)(Graph *graph, Node *node);

    /* Appends the nodes that compute the gradients of the inputs. dout[k] is the gradient of node->out[k], or NULL. For
     * each input i that wants one (wants_gradient(node, i)) sets din[i] to it. NULL: has no gradient. */
    void (*gradient)(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[]);
} NodeKind;

enum { MAX_OUT = 2 };

struct Node {
    const NodeKind *kind;
    const char     *name;       /* C identifier, unique: conv1_forward, conv1_backward_weight */
    Layer          *layer;
    List(Tensor *)  in;
    Tensor         *out[MAX_OUT];
    int             outs;
    bool            backward;
    int             id;
    List(Nest *)    nests;      /* filled by graph_lower */
    List(Node *)    fused;      /* by graph_fuse: the nodes whose work this one's nests do as well, in their order. They
                                   are in no other list any more, and this one has taken over their inputs and output */
    int64_t         attribute[8];   /* what the layer's arguments do not say (the amounts of a pad node) */
};

struct Graph {
    Arena          *arena;
    Model          *model;
    List(Tensor *)  tensors;
    List(Node *)    nodes;      /* in an order in which each runs after those it reads; forward before backward */
    Tensor         *input, *label, *scale;
    Tensor         *output;     /* logits, (classes) */
    Tensor         *loss;       /* per sample, not scaled; rank 0; NULL when the model has no train section */
    Tensor         *correct;    /* per sample: 1 where the class of the largest logit is the label, else 0; rank 0 */
    List(Tensor *)  parameters; /* in PyTorch's order */
    List(Tensor *)  gradients;  /* gradients.at[i] belongs to parameters.at[i] */
    Tensor        **of_layer;   /* the value of model->layers.at[i]; NULL once fusion or pruning has removed it */
    Tensor        **indices;    /* max_pool2d: where each window took its value, else NULL; same index */
    int            *first_parameter;    /* same index: the place in `parameters` of the layer's first one */
    bool            backward;   /* nodes are being added to the backward part: graph_node notes it */
    bool            every_layer;    /* each layer's value is kept, whoever reads it */
    struct Names   *names;      /* those in use */
};

/* Forward: every layer's nodes, then the loss. With `train`, the backward pass too (autodiff). Then removal of nodes
 * and outputs that nothing reads; nests of every node, each verified (a failure is reported as an internal error and
 * ends the process with status 70); fusion of nests, unless `plain`. */
Graph *graph_build(Arena *arena, Model *model, bool train, bool plain);

/* The plain forward pass: each layer has its own nodes and its value is kept. */
Graph *graph_of_layers(Arena *arena, Model *model);

/* Used by operators. `name` is a format; the result is made a unique C identifier: what may not stand in one becomes an
 * underscore, and a name that is taken gets the first free number behind it. */
__attribute__((format(printf, 6, 7)))
Tensor *graph_value(Graph *graph, Layer *layer, Type type, int rank, const int64_t dim[], const char *name, ...);
/* A new tensor for the gradient of `value`, or for a part of it: of its shape, called `d_` and its name. */
Tensor *graph_gradient_of(Graph *graph, Tensor *value);
/* A table of numbers of one dimension. */
Tensor *graph_constant(Graph *graph, Layer *layer, int64_t count, const double *values, const char *name);
/* The parameter tensor of the layer's learnable `which`. */
Tensor *graph_parameter(Graph *graph, Layer *layer, int which);
/* Appends a node. `suffix` makes its name: layer name, '_', suffix. An output may be NULL: not wanted. */
Node *graph_node(Graph *graph, const NodeKind *kind, Layer *layer, const char *suffix,
                 Tensor *const in[], int ins, Tensor *const out[], int outs);
/* Whether the gradient has to be passed on to node->in.at[input]: it depends on a parameter. */
bool  wants_gradient(const Node *node, int input);
/* A new nest of the node, appended; `part` is NULL, or distinguishes several nests of a node. */
Nest *node_nest(Graph *graph, Node *node, const char *part, const char *note);

/* The stages of graph_build, each in its file. */
Graph *graph_new(Arena *arena, Model *model);   /* nothing in it but the parameters */
void   graph_forward(Graph *graph);     /* build.c */
void   graph_reorder(Graph *graph);     /* simplify.c: relu behind a max_pool2d, where it has less to do */
void   graph_backward(Graph *graph);    /* autodiff.c: values used twice sum their gradients */
void   graph_shorten(Graph *graph);     /* simplify.c: a bias's gradient without the pool's between */
void   graph_prune(Graph *graph);       /* prune.c: what nothing reads */
void   graph_lower(Graph *graph);       /* lower.c: calls every kind's nests, and verifies them */
void   graph_fuse(Graph *graph);        /* fuse.c: pointwise nests move into the nest that makes what they read */

/* Makes the numbers true again after a change of the lists: ids, readers. */
void graph_count(Graph *graph);
/* Removes the nodes that have no output left and the tensors that nothing makes any more; counts. */
void graph_sweep(Graph *graph);
/* Whether someone outside the graph wants the tensor: output, loss, correct, or a parameter's gradient. */
bool graph_keeps(const Graph *graph, const Tensor *tensor);
/* Ends the process with status 70, and says why, where node_verify finds a fault: a bug of ours. */
void node_prove(Arena *arena, const Node *node);
/* The names in use (names.c). */
struct Names *names_new(Arena *arena);
/* `wanted` as a C identifier that is not in use yet; now it is. What C, CUDA or generated code keeps for itself gets an
 * underscore at its end. */
const char *name_unique(Arena *arena, struct Names *names, const char *wanted);

/* The kinds of node that differentiation adds (sum.c). */
extern const NodeKind kind_sum;         /* in: two or more values of one shape; out: their sum */
extern const NodeKind kind_zero;        /* out: zeros, the gradient of a parameter that the loss does not depend on */

/* NULL, or what is wrong with the node's nests: not proven, or they read or write what the node does not. */
const char *node_verify(Arena *arena, const Node *node);
/* NULL, or what is wrong: a node before what it reads, a name twice, a tensor without producer, a nest not proven. */
const char *graph_verify(Arena *arena, const Graph *graph);

/* The listing of --emit=graph: tensors, nodes, nests. */
void graph_print(Text *text, const Graph *graph);

#endif
