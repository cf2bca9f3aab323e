/* The gradient of a convolution's weight where no pool has made most of dy zero: channels side by side in the lanes.
 * With samples there, a sum over a tile needs as many loads as it has rows and columns of registers, each from the second
 * level of cache; with channels one of the two factors is a single number, and a strip of the images is short. */
#include "plan/tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum {
    STRIP_BYTES = 512 << 10,    /* of a strip: half of a second level of cache of 1 MiB */
    SUMS_IN_FLIGHT = 8,         /* fewer sums than multiply-adds take cycles, times those of a cycle, wait */
};

/* In multiply-adds of a vector: what turning one from samples to channels costs, a point's transform, and a product of the
 * nest. */
static const double turn_cost = 6, transform_cost = 3, nest_cost = 1.2;

static int64_t points(const DenseWeightShape *s) { return s->conv.winograd ? s->conv.winograd->points : 1; }

/* Columns of one point of a strip of `tiles`, of x and of dy. */
static int64_t columns_of(const DenseWeightShape *s, int64_t tiles, bool x)
{
    const ConvShape *c = &s->conv;
    return c->winograd || !x ? tiles : (tiles - 1) * c->stride[1] + (c->kernel[1] - 1) * c->dilation[1] + 1;
}

static int64_t strip_rows(const DenseWeightShape *s, int64_t rows, bool x)
{
    const ConvShape *c = &s->conv;
    return x ? (rows - 1) * c->stride[0] + (c->kernel[0] - 1) * c->dilation[0] + 1 : rows;
}

/* Multiply-adds of a vector that a block costs; the padding of channels to whole vectors is seen here. */
static double cost_of(const DenseWeightShape *s, int64_t lanes)
{
    const ConvShape *c = &s->conv;
    double tiles = (double)(points(s) * s->all_tiles), taps = (double)(c->winograd ? 1 : c->kernel[1]);
    double rows = (double)c->result[0], groups = (double)c->groups;
    double sums = tiles * taps * rows * groups * (double)(c->kernel[0] * s->vectors * lanes * s->padded);
    double flight = (double)(s->taps * s->scalars * s->wide);       /* sums that do not wait for each other */
    double again = (double)strip_rows(s, s->rows, true) / (double)s->rows;
    double turned = tiles * rows * groups * (double)(s->vectors * lanes) * (s->over_out ? 1 : again);
    double copied = s->copied ? tiles * rows * groups * (double)s->padded * (s->over_out ? again : 1) : 0;
    return sums * (flight < SUMS_IN_FLIGHT ? SUMS_IN_FLIGHT / flight : 1) +
           turned * (turn_cost + (c->winograd ? transform_cost : 0)) + copied * (c->winograd ? transform_cost : 1);
}

/* Two vectors if there are as many, and with them as many single channels as registers hold: as few filled up with zeros
 * as can be. Where there are few channels, the rows of the kernel come in as well. */
static void choose_tile(DenseWeightShape *s, int64_t lanes, int64_t sums)
{
    const ConvShape *c = &s->conv;
    int64_t all = s->over_out ? c->in : c->out;
    s->vectors = divide_up(s->over_out ? c->out : c->in, lanes);
    s->wide = s->vectors % 2 ? 1 : 2;
    s->scalars = 1;
    for (int64_t n = 2; n <= least(all, sums / s->wide); n++)
        if (divide_up(all, n) * (n + 1) <= divide_up(all, s->scalars) * (s->scalars + 1))
            s->scalars = n;
    s->taps = s->scalars * s->wide * c->kernel[0] <= sums ? c->kernel[0] : 1;
    s->padded = divide_up(all, s->scalars) * s->scalars;
    s->copied = c->winograd || s->padded > all;
}

/* Vectors of a strip of `rows`. */
static int64_t strip_vectors(const DenseWeightShape *s, int64_t lanes, int64_t rows)
{
    bool x = !s->over_out;
    int64_t turned = strip_rows(s, rows, x) * columns_of(s, s->tiles, x) * s->vectors * lanes;
    int64_t single = strip_rows(s, rows, !x) * columns_of(s, s->tiles, !x) * s->padded;
    return (turned + single) * points(s) * s->conv.groups;
}

/* As many rows as fit, and for that few tiles of a row: with Winograd tiles share no columns, but rows of x are
 * transformed again for the next strip. Without it, whole rows while one fits. */
static void choose_strip(DenseWeightShape *s, int64_t lanes)
{
    const ConvShape *c = &s->conv;
    int64_t fits = STRIP_BYTES / 4 / lanes;
    s->tiles = c->winograd ? 1 : s->all_tiles;
    s->rows = 1;
    while (s->tiles > 1 && strip_vectors(s, lanes, 1) > fits)
        s->tiles = divide_up(s->tiles, 2);
    for (int64_t rows = 2; rows <= c->result[0]; rows++)
        if (strip_vectors(s, lanes, rows) <= fits && (c->result[0] % rows == 0 || rows >= 2 * s->rows))
            s->rows = rows;
    while (c->winograd && s->rows == c->result[0] && s->tiles < s->all_tiles) {
        s->tiles = least(2 * s->tiles, s->all_tiles);
        if (strip_vectors(s, lanes, s->rows) > fits) {
            s->tiles = divide_up(s->tiles, 2);
            break;
        }
    }
}

/* The cheapest of channels that go into the lanes, with and without Winograd. */
static bool choose(const Tuner *tuner, DenseWeightShape *best)
{
    const ConvShape *c = &best->conv;
    const Target *target = tuner->plan->target;
    int64_t lanes = target->lanes;
    double nest = nest_cost * (double)(c->result[0] * c->result[1] * c->kernel[0] * c->kernel[1] * c->groups * c->in) *
                  (double)c->out, cost = nest;
    for (int try = 0; try < 4; try++) {
        DenseWeightShape s = *best;
        s.over_out = try % 2;
        s.conv.winograd = try / 2 ? tuner_winograd(tuner, c) : NULL;
        if (try / 2 && !s.conv.winograd)
            break;
        s.conv.columns = s.conv.winograd ? s.conv.winograd->results : 1;
        s.all_tiles = divide_up(c->result[1], s.conv.columns);
        choose_tile(&s, lanes, target->accumulators);
        choose_strip(&s, lanes);
        if (cost_of(&s, lanes) < cost) {
            cost = cost_of(&s, lanes);
            *best = s;
        }
    }
    return cost < nest;
}

/* x or dy of a strip. Dimensions of one element are left out. */
static void add_side(Tuner *tuner, Kernel *kernel, const DenseWeightShape *s, bool x)
{
    bool single = x == s->over_out, winograd = s->conv.winograd;
    int64_t columns = columns_of(s, s->tiles, x), channels = s->conv.groups * (single ? s->padded : s->vectors);
    Work work = { .type = "vf", .name = x ? "x" : "dy" };
    if (single && !s->copied)
        return;
    if (winograd)
        work.dim[work.rank++] = points(s);
    work.dim[work.rank++] = strip_rows(s, s->rows, x);
    if (!winograd || s->tiles > 1)
        work.dim[work.rank++] = columns;
    if (!single)
        work.dim[work.rank++] = tuner->plan->target->lanes;
    if (single || channels > 1)
        work.dim[work.rank++] = channels;
    work.what = arena_printf(tuner->arena, "a strip of %s%s; %s", x ? "the input" : "the gradients",
                             winograd ? ", transformed" : "", single ? "a lane is a sample" : "a lane is a channel");
    list_add(tuner->arena, &kernel->work, work);
}

/* The sums of all tiles. */
static void add_sums(Tuner *tuner, Kernel *kernel, const DenseWeightShape *s)
{
    list_add(tuner->arena, &kernel->work, ((Work){
        .type = "vf", .name = "sum", .rank = s->vectors > 1 ? 4 : 3, .what = "the sums so far",
        .dim = { s->conv.winograd ? points(s) : s->conv.kernel[1], s->conv.kernel[0], s->conv.groups * s->padded, s->vectors },
    }));
}

static const char *note_of(Arena *arena, const DenseWeightShape *s)
{
    const char *rows = s->taps > 1 ? arena_printf(arena, "%" PRId64 " rows of the kernel x ", s->taps) : "";
    const char *tile = s->conv.winograd ? arena_printf(arena, "%" PRId64 " columns", s->conv.columns) : "a column";
    return arena_printf(arena, "A vector is of channels of %s. The sums of %s%" PRId64 " channels of %s x %" PRId64
                        " vector%s stay in registers.\n * A strip is %" PRId64 " row%s x %" PRId64 " tile%s of %s, to "
                        "stay in the second level of cache.", s->over_out ? "dy" : "x", rows, s->scalars, s->over_out ? "x" : "dy",
                        s->wide, s->wide > 1 ? "s" : "", s->rows,
                        s->rows > 1 ? "s" : "", s->tiles, s->tiles > 1 ? "s" : "", tile);
}

bool tune_dense_weight(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *x = node->in.at[0], *dy = node->in.at[1], *dweight = kernel->stores.at[0];
    int64_t lanes = tuner->plan->target->lanes;
    if (!nest_is_sum(kernel->nest) || tensor_elements(dweight) > lanes * (tensor_elements(x) + tensor_elements(dy)))
        return false;
    DenseWeightShape *s = NEW(tuner->arena, DenseWeightShape);
    s->conv = tuner_conv_shape(node->layer, x, dweight, dy);
    s->conv.dy = dy;
    if (!choose(tuner, s))
        return false;
    tuned_start(kernel, SCHEME_DENSE_WEIGHT, s);
    kernel_add_load(tuner->arena, kernel, dy);
    kernel_add_load(tuner->arena, kernel, x);

    add_sums(tuner, kernel, s);
    add_side(tuner, kernel, s, true);
    add_side(tuner, kernel, s, false);
    kernel->note = note_of(tuner->arena, s);
    return true;
}
