#include "ops/shapes.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Whether the last part of the layer's name was made from its kind and a count: `max_pool2d_1`. */
static bool unlabelled(const Layer *layer)
{
    const char *dot = strrchr(layer->name, '.'), *name = dot ? dot + 1 : layer->name;
    size_t kind = strlen(layer->op->name);
    if (strncmp(name, layer->op->name, kind) != 0 || name[kind] != '_' || !name[kind + 1])
        return false;
    for (const char *p = name + kind + 1; *p; p++)
        if (!isdigit((unsigned char)*p))
            return false;
    return true;
}

const char *layer_title(const Layer *layer)
{
    if (strcmp(layer->op->name, "input") == 0)
        return "the input";
    return unlabelled(layer) ? layer->op->name : layer->name;
}

const char *layer_gives(Arena *arena, const Layer *layer)
{
    if (layer->out.rank != 1)
        return shape_text(arena, layer->out);
    const char *unit = layer->out.dim[0] == 1 ? "feature" : "features";
    if (strcmp(layer->op->name, "flatten") == 0 && layer->in.at[0]->out.rank == 3)
        return arena_printf(arena, "%" PRId64 " %s (%s)", layer->out.dim[0], unit,
                            shape_text(arena, layer->in.at[0]->out));
    return arena_printf(arena, "%" PRId64 " %s", layer->out.dim[0], unit);
}

void note_source(Arena *arena, Diag *diag, const Layer *source)
{
    diag_note(diag, source->span, "%s gives %s", layer_title(source), layer_gives(arena, source));
}

bool needs_image(Arena *arena, const Layer *layer, Diag *diag)
{
    const Layer *source = layer->in.at[0];
    if (source->out.rank == 3)
        return true;
    diag_error(diag, layer->from_span, "%s needs an image (channels, height, width), but %s gives %s",
               layer_title(layer), layer_title(source), layer_gives(arena, source));
    note_source(arena, diag, source);
    if (strcmp(source->op->name, "flatten") == 0)
        diag_help(diag, "put %s before the `flatten`", layer_title(layer));
    else
        diag_help(diag, "put %s before the layers that work on features", layer_title(layer));
    return false;
}

bool needs_features(Arena *arena, const Layer *layer, Diag *diag)
{
    const Layer *source = layer->in.at[0];
    if (source->out.rank == 1)
        return true;
    diag_error(diag, layer->from_span, "%s needs features, but %s gives an image, %s", layer_title(layer),
               layer_title(source), layer_gives(arena, source));
    note_source(arena, diag, source);
    if (layer->op->is_loss)
        diag_help(diag, "end the net with `flatten` and `linear(-> N)` for N classes");
    else
        diag_help(diag, "write `flatten` before it, which makes %" PRId64 " features of it",
                  shape_elements(source->out));
    return false;
}

bool sizes_agree(Arena *arena, Layer *layer, int64_t found, const char *unit, Diag *diag)
{
    const Layer *source = layer->in.at[0];
    if (layer->sizes.in_given && layer->sizes.in != found) {
        diag_error(diag, layer->sizes.in_span, "%s takes %" PRId64 " %s%s, but %s gives %s", layer_title(layer),
                   layer->sizes.in, unit, layer->sizes.in == 1 ? "" : "s", layer_title(source),
                   layer_gives(arena, source));
        note_source(arena, diag, source);
        diag_help(diag, "write `%" PRId64 " -> %" PRId64 "`, or `-> %" PRId64 "`, which takes what comes", found,
                  layer->sizes.out, layer->sizes.out);
        return false;
    }
    layer->sizes.in = found;
    return true;
}

const char *pair_text(Arena *arena, const int64_t pair[2])
{
    return arena_printf(arena, "%" PRId64 "x%" PRId64, pair[0], pair[1]);
}

bool resolve_dim(const Layer *layer, const char *param, int rank, const char *why, int *dim, Diag *diag)
{
    const Arg *arg = layer_arg(layer, param);
    int64_t given = arg->i[0], counted = given < 0 ? given + rank + 1 : given;
    if (counted < 0 || counted > rank) {
        diag_error(diag, arg->span, "%s has no dimension %" PRId64 ": with the batch it has %d, counted 0 to %d or "
                   "-%d to -1", layer_title(layer->in.at[0]), given, rank + 1, rank, rank + 1);
        return false;
    }
    if (counted == 0) {
        diag_error(diag, arg->span, "%s has %s=%" PRId64 ", which is the batch: %s", layer_title(layer), param, given,
                   why);
        diag_help(diag, "%s", rank == 3 ? "1 is the channel, 2 the height, 3 the width" : "1 is the feature");
        return false;
    }
    *dim = (int)counted - 1;
    return true;
}
