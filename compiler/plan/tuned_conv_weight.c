/* The gradient of a convolution's weight through a max_pool2d: of each window only the element that it took has a
 * gradient, a quarter of them behind a pool of 2 x 2, and of those relu leaves about half. Two schemes, and the nest
 * over the whole result of the convolution where neither fits.
 *
 *   lists   a sample at a time: a list of the gradients that are not zero for each output channel. An entry multiplies
 *           the patch that its window took, whose rows lie side by side in memory: vectors go along (tap column, input
 *           channel). Good where a row of taps fills vectors, and where the CPU drops zeros quickly.
 *   blend   samples side by side, every window: each lane chooses the patch that its window took, by blends. Good
 *           where input channels are few, as in a first layer, and blends cheap. (There the bytes of the images could
 *           be blended, and become reals after that: with AVX-512 it took 18 % longer.) */
#include "plan/tuned.h"

#include "ops/kinds.h"

#include <float.h>

/* Costs, in multiply-adds of vectors. Measured on the seed network's convolutions with AVX-512 and AVX2. */
static const double
    kept = 0.5,             /* of the gradients that arrive, those that are not zero */
    load_anywhere = 1.8,    /* a multiply-add whose operand may straddle cache lines */
    load_aligned = 1.2,     /* and one that does not */
    pass = 3,               /* of the taps, for an entry of a list: place, factor, loop */
    list = 18,              /* as many windows as there are lanes, of one channel and all samples: into its list */
    transpose = 7;          /* a vector of x */

enum { FIRST_CACHE = 32 << 10, FLOAT_BYTES = 4, LONGEST = 1 << 30 };
enum { LIST_PARTS = 4 };        /* that units may make of the lists' channels: each transposes the samples for itself */

static int64_t windows(const ConvShape *s) { return s->pooled[0] * s->pooled[1]; }

/* The sums of the nest, once for each element of the convolution's result. */
static double nest_cost(const ConvShape *s)
{
    return (double)(s->result[0] * s->result[1] * s->groups * s->out * s->kernel[0] * s->kernel[1] * s->in);
}

/* ---- lists */

/* The pass over the taps that costs an entry least: what all passes cost. Beside the sums only the gradient has to stay
 * in a register, so that more of them do than in other tiles. */
static double choose_pass(const Target *target, ConvWeightShape *w)
{
    const int64_t all[3] = { w->conv.kernel[0], w->runs, divide_up(w->run, target->lanes) };
    const int64_t most = target->accumulators + target->accumulators / 4;
    bool aligned = w->conv.x->dim[0] % target->lanes == 0;
    double best = DBL_MAX;
    for (int64_t u = 1; u <= least(all[0], most); u++)
        for (int64_t v = 1; v <= least(all[1], most / u); v++)
            for (int64_t k = 1; k <= least(all[2], most / (u * v)); k++) {
                int64_t passes = divide_up(all[0], u) * divide_up(all[1], v) * divide_up(all[2], k);
                double cost = (double)passes * (pass + (double)(u * v * k) * (aligned ? load_aligned : load_anywhere));
                if (cost >= best)
                    continue;
                best = cost;
                const int64_t tile[3] = { u, v, k };
                for (int i = 0; i < 3; i++) {
                    w->tile[i] = tile[i];
                    w->tiles[i] = divide_up(all[i], tile[i]);
                }
            }
    return best;
}

/* A row of taps lies side by side in x as it does in the weight, unless other groups' channels or what dilation leaves
 * out stand in between. */
static double lists_cost(const Target *target, ConvWeightShape *w)
{
    const ConvShape *s = &w->conv;
    bool together = s->groups == 1 && s->dilation[1] == 1;
    int64_t elements = tensor_elements(s->x), bytes = elements * FLOAT_BYTES;
    w->run = together ? s->kernel[1] * s->in : s->in;
    w->runs = together ? 1 : s->kernel[1];
    w->group = 1;
    while (w->group < target->lanes && 2 * w->group * bytes <= FIRST_CACHE)
        w->group *= 2;
    if (elements < target->lanes || elements >= LONGEST / target->lanes)
        return DBL_MAX;
    double entry = choose_pass(target, w), channels = (double)(s->groups * s->out);
    return channels * (kept * (double)(windows(s) * target->lanes) * entry +
                       list * (double)divide_up(windows(s), target->lanes)) + transpose * (double)elements;
}

static void add_work(Tuner *tuner, Kernel *kernel, const char *type, const char *name, const char *what, int rank,
                     const int64_t dim[])
{
    Work work = { .type = type, .name = name, .rank = rank, .what = what };
    for (int i = 0; i < rank; i++)
        work.dim[i] = dim[i];
    list_add(tuner->arena, &kernel->work, work);
}

/* Reals behind the last sample that a pass reaches: it sums taps that there are not. */
static int64_t reach(const ConvWeightShape *w, int64_t lanes)
{
    const ConvShape *s = &w->conv;
    int64_t rows = w->tiles[0] * w->tile[0] - s->kernel[0], runs = w->tiles[1] * w->tile[1] - w->runs;
    int64_t row = s->dilation[0] * s->image[1], column = s->dilation[1];
    return (rows * row + runs * column) * s->x->dim[0] + w->tiles[2] * w->tile[2] * lanes - w->run;
}

static void become_lists(Tuner *tuner, Kernel *kernel, const ConvWeightShape *w)
{
    const ConvShape *s = &w->conv;
    int64_t lanes = tuner->plan->target->lanes, out = s->groups * s->out, groups = lanes / w->group;
    int64_t longest = divide_up(w->group * windows(s) + lanes, lanes) * lanes;
    add_work(tuner, kernel, "vf", "x", "a sample after the other, each [row][column][channel]", 1,
             (int64_t[]){ tensor_elements(s->x) + divide_up(reach(w, lanes), lanes) });
    add_work(tuner, kernel, "real", "sum", "the result, each run of taps in whole vectors", 4,
             (int64_t[]){ out, w->tiles[0] * w->tile[0], w->tiles[1] * w->tile[1], w->tiles[2] * w->tile[2] * lanes });
    add_work(tuner, kernel, "real", "value", "the gradients that are not zero", 3, (int64_t[]){ out, groups, longest });
    add_work(tuner, kernel, "lane_int", "at", "where in work->x the patch of each begins", 3,
             (int64_t[]){ out, groups, longest });
    add_work(tuner, kernel, "int", "count", "how many there are", 2, (int64_t[]){ out, groups });
    add_work(tuner, kernel, "lane_int", "window", "where in a sample each window begins", 1,
             (int64_t[]){ divide_up(windows(s), lanes) * lanes });
    tuned_cut(kernel, "o", out, divide_up(out, LIST_PARTS));
    kernel->note = arena_printf(tuner->arena,
        "Sparse: a window has a gradient only where it took its element, and relu leaves zeros: lists of the others.\n"
        " * One list for %lld sample%s, whose activations stay in the first cache; %lld x %lld vectors of taps stay\n"
        " * in registers while a list is added up.", (long long)w->group, w->group == 1 ? "" : "s",
        (long long)w->tile[0], (long long)(w->tile[1] * w->tile[2]));
}

/* ---- blend */

/* Rows are shared by the taps where neighbouring windows' elements lie in neighbouring rows. */
static double blend_cost(const Target *target, ConvWeightShape *w)
{
    ConvShape *s = &w->conv;
    if (s->kernel[0] > target->accumulators)
        return DBL_MAX;
    bool shared = s->stride[0] == 1 && s->dilation[0] == 1;
    int64_t taps = s->kernel[0] * s->kernel[1];
    int64_t rows = shared ? s->kernel[0] + s->pool[0] - 1 : s->kernel[0] * s->pool[0];
    int64_t blends = rows * s->kernel[1] * (s->pool[1] - 1) + taps * (s->pool[0] - 1);
    s->rows = s->kernel[0];
    s->columns = divide_up(s->kernel[1], divide_up(s->kernel[1], least(s->kernel[1], target->accumulators / s->rows)));
    return (double)(windows(s) * s->groups * s->out * s->in) * ((double)taps + target->blend * (double)blends);
}

static void become_blend(Tuner *tuner, Kernel *kernel, const ConvWeightShape *w)
{
    const ConvShape *s = &w->conv;
    if (s->groups > 1)
        tuned_cut(kernel, "g", s->groups, 1);
    tuned_cut(kernel, "o", s->out, 1);
    if (s->in > 1)
        tuned_cut(kernel, "c", s->in, 1);
    else
        tuned_cut(kernel, "v", divide_up(s->kernel[1], s->columns), 1);
    kernel->note = arena_printf(tuner->arena,
        "Each lane multiplies the patch that its window took, chosen by blends: fewer operations than the gradient of\n"
        " * the whole convolution takes, most of which is zero. The sums of %lld x %lld taps stay in registers.",
        (long long)w->conv.rows, (long long)w->conv.columns);
}

/* ---- rules */

/* Whether the gradient is so large that the phase "weights" may sum it over all blocks. */
static bool is_large(const Tuner *tuner, const ConvShape *s, const Tensor *gradient)
{
    int64_t kept_reals = tensor_elements(s->x) + 2 * tensor_elements(s->dy);
    return tensor_elements(gradient) > kept_reals * tuner->plan->target->lanes;
}

bool tune_conv_weight(Tuner *tuner, Kernel *kernel)
{
    const Target *target = tuner->plan->target;
    const Node *node = kernel->node;
    const Tensor *x = node->in.at[0], *dy = node->in.at[1], *gradient = kernel->stores.at[0];
    ConvWeightShape *w = NEW(tuner->arena, ConvWeightShape);
    w->conv = tuner_conv_shape(node->layer, x, gradient, dy);
    double nest = nest_cost(&w->conv);
    if (!tuner_see_through_pool(tuner, &w->conv, dy, kernel))
        return false;
    double lists = lists_cost(target, w), blend = blend_cost(target, w);
    if ((lists >= nest && blend >= nest) || is_large(tuner, &w->conv, gradient)) {
        kernel->absorbed.count = 0;
        return false;
    }
    tuned_start(kernel, lists < blend ? SCHEME_CONV_WEIGHT_LISTS : SCHEME_CONV_WEIGHT_BLEND, w);
    const Tensor *reads[] = { x, w->conv.indices, w->conv.dy };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        kernel_add_load(tuner->arena, kernel, reads[i]);
    (lists < blend ? become_lists : become_blend)(tuner, kernel, w);
    return true;
}
