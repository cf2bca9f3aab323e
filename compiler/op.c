#include "op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OP(name) extern const Op op_##name;
#include "ops/list.h"
#undef OP

const Op *const all_ops[] = {
#define OP(name) &op_##name,
#include "ops/list.h"
#undef OP
    NULL
};

const Op *op_find(const char *name, bool loss)
{
    for (int i = 0; all_ops[i]; i++)
        if (all_ops[i]->is_loss == loss && strcmp(all_ops[i]->name, name) == 0)
            return all_ops[i];
    return NULL;
}

const Arg *layer_arg(const Layer *layer, const char *name)
{
    for (int i = 0; layer->op->params && layer->op->params[i].name; i++)
        if (strcmp(layer->op->params[i].name, name) == 0)
            return &layer->args[i];
    fprintf(stderr, "netc: internal error: %s has no parameter %s\n", layer->op->name, name);
    exit(70);
}
