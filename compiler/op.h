/* An operator: the contract of one file in ops/ with every stage. A new layer is one such file, one line in
 * ops/list.h, and one test. */
#ifndef NETC_OP_H
#define NETC_OP_H

#include "graph/graph.h"

typedef enum ParamType {
    PARAM_INT,                  /* whole number: arg.i[0] */
    PARAM_SPATIAL,              /* number or pair (height, width): arg.i[0], arg.i[1] */
    PARAM_SPATIAL_OR_WORD,      /* as PARAM_SPATIAL, or one of words: arg.word */
    PARAM_BOOL,                 /* true, false: arg.i[0] */
    PARAM_REAL,                 /* arg.real */
    PARAM_WORD,                 /* one of words: arg.i[0] is its place */
    PARAM_NUMBERS,              /* a number, or several in a list or in parentheses: arg.numbers, arg.count */
    PARAM_LAYER,                /* the label of an earlier layer: arg.layer */
} ParamType;

typedef struct ParamDef {
    const char        *name;            /* kernel_size */
    ParamType          type;
    const char        *fallback;        /* the default as one writes it: "1", "true", "zeros"; "=kernel_size" copies that
                                           parameter; NULL: must be given. NUMBERS: "(0.3, 3.3)"; "none": count is 0 */
    double             least;           /* INT, SPATIAL, REAL, NUMBERS: smallest value allowed */
    double             most;            /* largest; 0 means no limit */
    const char *const *words;           /* WORD, SPATIAL_OR_WORD: ends with NULL */
    unsigned           counts;          /* NUMBERS: bit n is set where n of them are allowed; 0: any number */
    bool               whole;           /* NUMBERS: whole ones */
    bool               named_only;      /* may not be given by position (indices=) */
    const char        *help;            /* one line */
} ParamDef;

struct Op {
    const char     *name;               /* conv2d */
    const char     *help;               /* one line */
    const ParamDef *params;             /* ends with a NULL name; NULL: none */
    bool            takes_sizes;        /* `in -> out` comes first */
    int             least_inputs, most_inputs;  /* 1, 1 unless it joins; most < 0: any number */
    bool            is_loss;            /* named in train { loss = … }, not in a net */

    /* Sets layer->out from the inputs and arguments, layer->sizes.in, and layer->learnables. Reports what does not fit
     * (diag_error at the argument's span, naming both shapes) and then returns false; if the one fault is a stated
     * size that is not the input's, layer->out is still used where it is set. Arguments have been checked against
     * the table. */
    bool (*shape)(Arena *arena, Layer *layer, Diag *diag);

    /* Appends the layer's forward nodes; in[i] is the value of layer->in. Returns the layer's value (in[0] itself where
     * the operator does nothing). A loss gets in = {logits, label, scale} and sets graph->loss and graph->correct, and
     * returns the loss. */
    Tensor *(*forward)(Graph *graph, Layer *layer, Tensor *const in[], int ins);
};

/* Every operator, in the order of ops/list.h; ends with NULL. */
extern const Op *const all_ops[];

/* The operator called `name`, or NULL. Losses are found only with `loss`. */
const Op *op_find(const char *name, bool loss);

/* The argument called `name` of a layer (an internal error if its operator has none). */
const Arg *layer_arg(const Layer *layer, const char *name);

#endif
