/* loss.svg and accuracy.svg: a curve each for the parts of the data, over the epochs. */
#include "log_parts.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 760, HEIGHT = 420, LEFT = 72, RIGHT = 150, TOP = 78, BOTTOM = 52,
    MOST_MARKS_X = 11, MOST_MARKS_Y = 6, DOTS_UP_TO = 40, LABEL_STEP = 18,
    SERIES = 3,
};

static const double dot_radius = 3.2;

struct series {
    const char *name, *stroke, *curve, *fill;
    size_t      loss, accuracy;         /* in struct log_record */
};

static const struct series series[SERIES] = {
    {"train", "train", "curve train dashed", "train-fill", offsetof(struct log_record, train_loss),
     offsetof(struct log_record, train_accuracy)},
    {"valid", "valid", "curve valid dotted", "valid-fill", offsetof(struct log_record, valid_loss),
     offsetof(struct log_record, valid_accuracy)},
    {"test", "test", "curve test", "test-fill", offsetof(struct log_record, test_loss),
     offsetof(struct log_record, test_accuracy)},
};

/* A picture of one kind of number. */
struct chart {
    const char  *title, *unit, *axis;
    bool         loss;
    double       scale;                 /* of the numbers as they are shown */
    int          decimals;              /* of these */
    struct ticks x, y;
    double       x_low, x_high, y_low, y_high;      /* what the frame spans */
};

/* NAN where it is beyond all that can be drawn. */
static double value_of(const struct log_record *record, const struct series *s, const struct chart *chart)
{
    double value;
    memcpy(&value, (const char *)record + (chart->loss ? s->loss : s->accuracy), sizeof value);
    return fabs(value) < 1e30 ? value * chart->scale : NAN;
}

static double x_of(const struct chart *chart, double epoch)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - chart->x_low) / (chart->x_high - chart->x_low);
}

static double y_of(const struct chart *chart, double value)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - chart->y_low) / (chart->y_high - chart->y_low);
}

/* Chooses what the axes span: losses from 0 on, accuracies up to 100 % at most. */
static void choose_axes(const struct log_records *records, struct chart *chart)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < records->count; i++)
        for (int s = 0; s < SERIES; s++) {
            double value = value_of(&records->at[i], &series[s], chart);
            if (isfinite(value)) {
                low = fmin(low, value);
                high = fmax(high, value);
            }
        }
    if (!(low <= high))
        low = 0, high = 1;
    if (chart->loss)
        low = 0;
    if (high - low < 1e-9 * fabs(high) || high == low)
        low = chart->loss ? 0 : fmax(0, high - 1), high = high == low ? high + 1 : high;
    chart->y = ticks_around(low, high, MOST_MARKS_Y, false);
    chart->y_low = chart->y.first;
    chart->y_high = chart->y.first + chart->y.step * (chart->y.count - 1);
    if (!chart->loss && chart->y_high > 100) {
        chart->y.count -= (int)((chart->y_high - 100) / chart->y.step + 0.5);
        chart->y_high = chart->y.first + chart->y.step * (chart->y.count - 1);
    }
    double first = records->at[0].epoch, last = records->at[records->count - 1].epoch;
    chart->x = ticks_around(first, last, MOST_MARKS_X, true);
    chart->x_low = first < last ? first : first - 1;
    chart->x_high = first < last ? last : last + 1;
}

static void draw_axes(struct svg *svg, const struct chart *chart)
{
    for (int i = 0; i < chart->y.count; i++) {
        double value = chart->y.first + i * chart->y.step, y = y_of(chart, value);
        svg_line(svg, LEFT, y, WIDTH - RIGHT, y, i ? "grid" : "axis");
        if (fabs(value) < 1e6)
            svg_text(svg, LEFT - 10, y + 4.5, "dim end", "%.*f%s", chart->y.decimals, value, chart->unit);
        else
            svg_text(svg, LEFT - 10, y + 4.5, "dim end", "%.3g%s", value, chart->unit);
    }
    for (int i = 0; i < chart->x.count; i++) {
        double epoch = chart->x.first + i * chart->x.step;
        if (epoch < chart->x_low || epoch > chart->x_high)
            continue;
        svg_line(svg, x_of(chart, epoch), HEIGHT - BOTTOM, x_of(chart, epoch), HEIGHT - BOTTOM + 5, "axis");
        svg_text(svg, x_of(chart, epoch), HEIGHT - BOTTOM + 21, "dim middle", "%.0f", epoch);
    }
    svg_text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10, "dim middle", "epoch");
}

/* Pieces of a curve between values that are not finite; dots where there are few epochs, or a piece is a single one. */
static bool draw_curve(struct svg *svg, const struct log_records *records, const struct series *s,
                       const struct chart *chart)
{
    double *points = malloc(2 * (size_t)records->count * sizeof *points);
    int64_t piece = 0;
    for (int64_t i = 0; points && i <= records->count; i++) {
        double value = i < records->count ? value_of(&records->at[i], s, chart) : NAN;
        if (isfinite(value)) {
            points[2 * piece] = x_of(chart, records->at[i].epoch);
            points[2 * piece + 1] = y_of(chart, value);
            piece++;
            continue;
        }
        if (piece > 1)
            svg_curve(svg, points, piece, s->curve);
        for (int64_t p = 0; p < piece && (piece == 1 || records->count <= DOTS_UP_TO); p++)
            svg_dot(svg, points[2 * p], points[2 * p + 1], dot_radius, s->fill);
        piece = 0;
    }
    free(points);
    return points != NULL;
}

/* A label at the end of each curve says which it is and where it ended. */
struct label { const struct series *series; double value, x, y, at; };

/* Labels in the order of their places, moved apart, within the frame. */
static void place_labels(struct label *labels, int count)
{
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && labels[j].y < labels[j - 1].y; j--) {
            struct label other = labels[j];
            labels[j] = labels[j - 1];
            labels[j - 1] = other;
        }
    for (int i = 0; i < count; i++)
        labels[i].at = i > 0 ? fmax(labels[i].y, labels[i - 1].at + LABEL_STEP) : labels[i].y;
    double limit = HEIGHT - BOTTOM;
    for (int i = count; i-- > 0; limit -= LABEL_STEP)
        labels[i].at = fmin(labels[i].at, limit);
}

static void draw_labels(struct svg *svg, const struct log_records *records, const struct chart *chart)
{
    struct label labels[SERIES];
    int          count = 0;
    for (int s = 0; s < SERIES; s++)
        for (int64_t i = records->count; i-- > 0; ) {
            double value = value_of(&records->at[i], &series[s], chart);
            if (!isfinite(value))
                continue;
            labels[count++] = (struct label){&series[s], value, x_of(chart, records->at[i].epoch), y_of(chart, value), 0};
            break;
        }
    place_labels(labels, count);
    for (int i = 0; i < count; i++) {
        const struct label *label = &labels[i];
        char                lead[32];
        double              x = WIDTH - RIGHT + 26;
        snprintf(lead, sizeof lead, "lead %s", label->series->stroke);
        svg_line(svg, label->x + 6, label->y, x - 6, label->at, lead);
        svg_box(svg, x, label->at - 5, 10, 10, label->series->fill, 1);
        svg_text(svg, x + 16, label->at + 4.5, "", fabs(label->value) < 1e6 ? "%s  %.*f%s" : "%s  %.*g%s",
                 label->series->name, chart->decimals, label->value, chart->unit);
    }
    if (count == 0)
        svg_text(svg, (LEFT + WIDTH - RIGHT) / 2.0, (TOP + HEIGHT - BOTTOM) / 2.0, "dim middle", "no finite number yet");
}

static double loss_of(const struct log_record *record, const struct series *s)
{
    return *(const double *)(const void *)((const char *)record + s->loss);
}

/* "lowest validation loss 0.0512 in epoch 7". Of equal accuracies the one with the lowest loss is the best, as for `keep`. */
static void draw_best(struct svg *svg, const struct log_records *records, const struct chart *chart)
{
    const struct series *judge = &series[SERIES - 1];
    const struct log_record *best = NULL;
    for (int s = SERIES - 1; s >= SERIES - 2; s--)      /* the validation part, where there is one */
        for (int64_t i = 0; i < records->count; i++)
            if (isfinite(value_of(&records->at[i], &series[s], chart)))
                judge = &series[s];
    for (int64_t i = 0; i < records->count; i++) {
        double value = value_of(&records->at[i], judge, chart), least = best ? value_of(best, judge, chart) : 0;
        if (isfinite(value) && (!best || (chart->loss ? value < least : value > least)
                                || (value == least && loss_of(&records->at[i], judge) < loss_of(best, judge))))
            best = &records->at[i];
    }
    if (best)
        svg_text(svg, LEFT, 50, "dim", "%s %s %s %.*f%s in epoch %.0f", chart->loss ? "lowest" : "highest",
                 strcmp(judge->name, "valid") == 0 ? "validation" : judge->name, chart->axis, chart->decimals,
                 value_of(best, judge, chart), chart->unit, best->epoch);
}

static bool draw(const struct log *log, struct chart *chart, const char *path, struct error *error)
{
    const struct log_records *records = &log->records;
    struct svg                svg;
    char                      title[256];
    snprintf(title, sizeof title, "%s: %s", log->config.model->name, chart->title);
    if (records->count == 0)
        return true;
    if (!svg_begin(&svg, WIDTH, HEIGHT, title, error))
        return false;
    choose_axes(records, chart);
    svg_text(&svg, LEFT, 28, "title", "%s", title);
    draw_best(&svg, records, chart);
    draw_axes(&svg, chart);
    bool good = true;
    for (int s = 0; s < SERIES; s++)
        good = draw_curve(&svg, records, &series[s], chart) && good;
    draw_labels(&svg, records, chart);
    return svg_end(&svg, path, error) && (good || error_memory(error, path, (size_t)records->count * 2 * sizeof(double)));
}

bool log_draw_loss(const struct log *log, const char *path, struct error *error)
{
    struct chart chart = {.title = "loss", .unit = "", .axis = "loss", .loss = true, .scale = 1, .decimals = 4};
    return draw(log, &chart, path, error);
}

bool log_draw_accuracy(const struct log *log, const char *path, struct error *error)
{
    struct chart chart = {.title = "accuracy", .unit = " %", .axis = "accuracy", .scale = 100, .decimals = 2};
    return draw(log, &chart, path, error);
}
