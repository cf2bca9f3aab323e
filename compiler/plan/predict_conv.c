/* Convolutions of a single image. Neighbouring results of a row lie in the lanes, as `piece` of them; where rows are
 * shorter than vectors, or leave much of the last one over, a vector is several pieces, of the same row or of others.
 * Pieces are counted row by row, and through the tiles of rows. */
#include "plan/tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum { LEAST_PIECE = 4, MOST_PIECES = 4 };      /* lanes of a piece; pieces of a vector: what lanes.h can load */

/* Operations of a transform for each vector that goes in or comes out, in multiply-adds; what a vector that is loaded, or
 * a weight that is broadcast, costs beside a multiply-add; what fewer sums than hide its latency cost. */
static const double transform_in = 2.5, transform_out = 3, load_cost = 0.3;
static const int64_t sums_in_flight = 8;

static int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Vectors that hold the results: each one stands for a tile of `rows` of them. */
static int64_t vectors_of(const ConvShape *s, int64_t rows, int64_t piece, int lanes)
{
    int64_t pieces = divide_up(s->result[0], rows) * divide_up(s->result[1], piece);
    return divide_up(pieces, lanes / piece);
}

/* The piece that leaves fewest lanes over, the longest of those. */
static int64_t choose_piece(const ConvShape *s, int64_t rows, int lanes)
{
    int64_t best = lanes;
    for (int64_t piece = lanes; piece >= LEAST_PIECE && piece * MOST_PIECES >= lanes; piece /= 2)
        if (vectors_of(s, rows, piece, lanes) < vectors_of(s, rows, best, lanes))
            best = piece;
    return best;
}

/* Multiply-adds of vectors: directly with points = 0. */
static double cost_of(const ConvShape *s, int64_t rows, int64_t points, int lanes)
{
    double vectors = (double)vectors_of(s, rows, choose_piece(s, rows, lanes), lanes);
    double products = (double)(s->groups * s->in * s->kernel[1] * s->out);
    if (!points)
        return vectors * (double)(rows * s->kernel[0]) * products;
    double in = (double)(divide_up(s->result[0], rows) * divide_up(s->image[1], lanes) * s->groups * s->in);
    return (double)points * (vectors * (products + transform_out * (double)(s->groups * s->out)) + transform_in * in);
}

/* Rows of a tile and, where it pays, Winograd's form along a column. */
static void choose_form(const Tuner *tuner, ConvShape *s)
{
    int lanes = tuner->plan->target->lanes;
    int64_t taps = s->kernel[0];
    s->rows = s->pool[0];
    double cost = cost_of(s, s->rows, 0, lanes);
    if (!takes(tuner->options, TECHNIQUE_WINOGRAD) || s->stride[0] != 1 || s->dilation[0] != 1 || s->stride[1] != 1 ||
        taps < 2)
        return;
    int64_t best = 0;
    for (int64_t rows = s->pool[0]; rows + taps - 1 <= WINOGRAD_MOST; rows += s->pool[0]) {
        if (rows < 2 || rows > s->result[0] || cost_of(s, rows, rows + taps - 1, lanes) >= cost)
            continue;
        cost = cost_of(s, rows, rows + taps - 1, lanes);
        best = rows;
    }
    if (!best)
        return;
    Winograd *winograd = NEW(tuner->arena, Winograd);
    winograd_make(winograd, (int)best, (int)taps);
    s->winograd = winograd;
    s->rows = best;
}

/* Vectors and output channels of a register tile; false where not even one of each fits. */
static bool choose_tile(const Tuner *tuner, PixelConv *shape)
{
    ConvShape *s = &shape->conv;
    int64_t registers = tuner->plan->target->accumulators, rows = s->winograd ? 1 : s->rows;
    int64_t vectors = vectors_of(s, s->rows, s->columns, tuner->plan->target->lanes);
    double best = 0;
    for (int64_t v = 1; v <= vectors && rows * v <= registers; v++)
        for (int64_t o = 1; o <= s->out && rows * v * o <= registers; o++) {
            double step = (double)most(rows * v * o, sums_in_flight) + load_cost * (double)(rows * v + o);
            double cost = (double)(divide_up(vectors, v) * divide_up(s->out, o)) * step;
            if (best != 0 && cost >= best)
                continue;
            best = cost;
            shape->vectors = v;
            s->channels = o;
        }
    return best != 0;
}

/* The weight as the kernel reads it: [point, or row of taps][input channel][column][output channel], so that the
 * neighbours of a register tile lie together. */
static const Tensor *form_of(Tuner *tuner, const ConvShape *s)
{
    int64_t dim[MAX_RANK] = { s->winograd ? s->winograd->points : s->kernel[0], s->in, s->kernel[1], s->groups * s->out };
    Tensor *form = graph_value(tuner->program->graph, s->weight->layer, TYPE_REAL, 4, dim, "%s_form", s->weight->name);
    form->per_sample = false;

    PixelWeight *shape = NEW(tuner->arena, PixelWeight);
    *shape = (PixelWeight){ s->weight, s->winograd };
    Kernel *kernel = NEW(tuner->arena, Kernel);
    *kernel = (Kernel){ .program = tuner->program, .scheme = SCHEME_PIXEL_WEIGHT, .shape = shape,
                        .name = arena_printf(tuner->arena, "make_%s", form->name) };
    list_add(tuner->arena, &kernel->loads, s->weight);
    list_add(tuner->arena, &kernel->stores, form);
    list_add(tuner->arena, &tuner->plan->predict.prepare, kernel);
    return form;
}

static void add_work(Tuner *tuner, Kernel *kernel, Work work)
{
    list_add(tuner->arena, &kernel->work, work);
}

/* What a vector and a register tile are. */
static const char *note_of(Arena *arena, const PixelConv *p, int lanes)
{
    const ConvShape *s = &p->conv;
    int64_t parts = lanes / s->columns;
    const char *vector = parts == 1 ? "neighbouring pixels of a row"
                                    : arena_printf(arena, "%" PRId64 " pieces of %" PRId64 " pixels", parts, s->columns);
    const char *rows = s->winograd || s->rows == 1 ? "" : arena_printf(arena, "%" PRId64 " rows x ", s->rows);
    return arena_printf(arena, "A vector is %s. The sums of %s%" PRId64 " vector%s x %" PRId64
                        " output channels stay in registers.", vector, rows, p->vectors, p->vectors == 1 ? "" : "s",
                        s->channels);
}

static void become(Tuner *tuner, Kernel *kernel, const PixelConv *shape)
{
    PixelConv *p = NEW(tuner->arena, PixelConv);
    *p = *shape;
    ConvShape *s = &p->conv;
    int64_t lanes = tuner->plan->target->lanes, row = s->result[1];
    tuned_start(kernel, SCHEME_PIXEL_CONV, p);
    s->transformed = form_of(tuner, s);
    p->row_tiles = divide_up(s->result[0], s->rows);
    p->row_pieces = divide_up(row, s->columns);
    p->pitch = s->image[1];
    kernel->note = note_of(tuner->arena, p, (int)lanes);

    const Tensor *reads[] = { s->transformed, s->x, s->bias };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (reads[i])
            kernel_add_load(tuner->arena, kernel, reads[i]);
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);

    int64_t channels = s->groups * s->in;
    if (s->winograd) {
        p->pitch = round_up(most(s->image[1], s->columns + s->kernel[1] * s->dilation[1]), lanes);
        add_work(tuner, kernel, (Work){ "real", "in", 4, { s->winograd->points, channels, p->row_tiles, p->pitch },
                                        "the rows of each tile, transformed" });
        add_work(tuner, kernel, (Work){ "vf", "product", 3, { s->winograd->points, p->vectors, s->channels },
                                        "what the points of a register tile give" });
    } else if (s->stride[1] > 1) {
        p->pitch = divide_up(s->image[1], s->stride[1]);
        add_work(tuner, kernel, (Work){ "real", "in", 4, { s->stride[1], channels, s->image[0], p->pitch },
                                        "the image, every column that a tap reads side by side" });
    }
    add_work(tuner, kernel, (Work){ "real", "result", 3, { s->groups * s->out, s->pooled[0], most(row, s->columns) },
                                    s->pool[0] > 1 ? "the largest of each window's columns" : "the sums" });
}

/* The convolution that `y` is the result of, with its bias, and a pool of `pool` behind it, if that is given. */
static bool fit(Tuner *tuner, Kernel *kernel, const Node *node, const Tensor *y, const Layer *pool)
{
    PixelConv shape = { .conv = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], y) };
    ConvShape *s = &shape.conv;
    if (pool && !tuner_add_pool(s, pool, kernel->stores.at[0]))
        return false;
    s->bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    choose_form(tuner, s);
    s->columns = choose_piece(s, s->rows, tuner->plan->target->lanes);
    if (!choose_tile(tuner, &shape))
        return false;
    become(tuner, kernel, &shape);
    return true;
}

bool predict_conv(Tuner *tuner, Kernel *kernel)
{
    return kernel->nest->reduces == 1 && fit(tuner, kernel, kernel->node, kernel->stores.at[0], NULL);
}

bool predict_conv_pool(Tuner *tuner, Kernel *kernel)
{
    const Node *pool = kernel->node;
    const Tensor *y = pool->in.at[0];
    Kernel *conv = tuner_maker(tuner, y);
    if (kernel->nest->reduces != 1 || !conv || conv->node->kind != &kind_conv2d || conv->scheme != SCHEME_NEST ||
        !nest_is_sum(conv->nest) || tuner_readers(tuner, y) != 1 || graph_keeps(tuner->program->graph, y) ||
        !fit(tuner, kernel, conv->node, y, pool->layer))
        return false;
    list_add(tuner->arena, &kernel->absorbed, pool);
    kernel->node = conv->node;
    kernel->name = conv->name;
    return true;
}
