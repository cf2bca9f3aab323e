#include "check/check.h"

/* What a network needs at least, whatever the plan: each parameter and its gradient, each value of one sample and its
 * gradient. Doubles, since the products may be far beyond 64 bits. */

static const double MOST_BYTES = 64.0 * 1024 * 1024 * 1024 * 1024;      /* 64 TiB */
static const double EACH = 2 * 4;                                       /* bytes: a float and its gradient */

static double value_count(const Layer *layer)
{
    double count = 1;
    for (int i = 0; i < layer->out.rank; i++)
        count *= (double)layer->out.dim[i];
    return count;
}

static double parameter_count(const Layer *layer)
{
    double count = 0;
    for (int i = 0; i < layer->learnables.count; i++) {
        double product = 1;
        for (int j = 0; j < layer->learnables.at[i].rank; j++)
            product *= (double)layer->learnables.at[i].dim[j];
        count += product;
    }
    return count;
}

static const char *bytes_text(Checker *c, double bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024;
    return bytes < 1024 ? arena_printf(c->arena, "%.4g %s", bytes, units[unit]) : "more than 1000 YiB";
}

bool layer_fits(Checker *c, const Layer *layer)
{
    double values = value_count(layer), parameters = parameter_count(layer);
    if (values * EACH > MOST_BYTES) {
        diag_error(c->diag, layer->span, "%s gives %s, %.4g values a sample: with their gradients %s, more than the %s "
                   "that netc allows", layer->name, shape_text(c->arena, layer->out), values,
                   bytes_text(c, values * EACH), bytes_text(c, MOST_BYTES));
        return false;
    }
    if (parameters * EACH > MOST_BYTES) {
        diag_error(c->diag, layer->span, "%s has %.4g parameters: with their gradients %s, more than the %s that netc "
                   "allows", layer->name, parameters, bytes_text(c, parameters * EACH), bytes_text(c, MOST_BYTES));
        return false;
    }
    return true;
}

void check_memory(Checker *c)
{
    double       total = 0, most = 0;
    const Layer *largest = NULL;
    for (int i = 0; i < c->model->layers.count; i++) {
        const Layer *layer = c->model->layers.at[i];
        double       bytes = (value_count(layer) + parameter_count(layer)) * EACH;
        total += bytes;
        if (bytes > most) {
            most = bytes;
            largest = layer;
        }
    }
    if (total <= MOST_BYTES)
        return;
    diag_error(c->diag, c->model->span, "this network needs at least %s, more than the %s that netc allows",
               bytes_text(c, total), bytes_text(c, MOST_BYTES));
    diag_note(c->diag, largest->span, "%s needs the most, %s", largest->name, bytes_text(c, most));
}
