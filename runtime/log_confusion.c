/* confusion.svg: how often each class was taken for each, of the classes that occur. */
#include "log_parts.h"
#include "report.h"
#include "svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 24, TOP = 70, SIDE = 640, SMALLEST_CELL = 22, LARGEST_CELL = 48, LONGEST_NAME = 24, LEAST_WIDTH = 480 };

struct matrix {
    const struct log    *log;
    const int64_t       *confusion;
    struct class_report *reports;       /* one for each class */
    int64_t             *shown;         /* classes that occur */
    int64_t              count;         /* of these */
    double               cell, names;   /* pixels: a cell's side, the widest name */
    double               left, top;     /* of the cells */
    bool                 turned;        /* names of columns, as they are wider than a cell */
};

/* A name that is cut to so many characters. */
static const char *short_name(const struct log *log, int64_t class, char text[4 * LONGEST_NAME + 8])
{
    const char *name = log->classes.name[class];
    int         characters = 0;
    size_t      at = 0;
    for (; name[at] && characters < LONGEST_NAME; characters++)
        for (at++; ((unsigned char)name[at] & 0xC0) == 0x80; )
            at++;
    snprintf(text, 4 * LONGEST_NAME + 8, "%.*s%s", (int)at, name, name[at] ? "\xE2\x80\xA6" : "");
    return text;
}

static void choose_sizes(struct matrix *m)
{
    char text[4 * LONGEST_NAME + 8];
    m->cell = fmax(SMALLEST_CELL, fmin(LARGEST_CELL, floor((double)SIDE / (double)m->count)));
    m->names = 0;
    for (int64_t i = 0; i < m->count; i++)
        m->names = fmax(m->names, svg_width(short_name(m->log, m->shown[i], text), 13));
    m->turned = m->names > m->cell - 4;
    m->left = MARGIN + 20 + m->names + 10;
    m->top = TOP + 24 + (m->turned ? m->names : 14) + 8;
}

/* Digits fill at most the cell. */
static void draw_number(struct svg *svg, double x, double y, double cell, int64_t number, const char *class)
{
    char   text[32];
    int    digits = snprintf(text, sizeof text, "%" PRId64, number);
    double size = fmin(14, fmin(0.42 * cell + 1, (cell - 4) / (0.62 * digits)));
    fprintf(svg->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"middle %s\" style=\"font-size:%.1fpx\">%s</text>\n", x,
            y + 0.36 * size, class, size, text);
}

/* Cells are as dark as their share of the row; small shares of mistakes are lifted, so that they can be seen. */
static void draw_cells(struct svg *svg, const struct matrix *m)
{
    int64_t classes = m->log->config.model->classes, rows = confusion_rows(m->log->config.model);
    for (int64_t i = 0; i < m->count; i++)
        for (int64_t j = 0; j < m->count && m->shown[i] < rows; j++) {
            int64_t number = m->confusion[m->shown[i] * classes + m->shown[j]];
            if (number == 0)
                continue;
            double share = (double)number / (double)m->reports[m->shown[i]].support;
            double opacity = i == j ? 0.08 + 0.92 * share : 0.08 + 0.92 * sqrt(share);
            double x = m->left + (double)j * m->cell, y = m->top + (double)i * m->cell;
            svg_box(svg, x + 0.5, y + 0.5, m->cell - 1, m->cell - 1, i == j ? "hit" : "miss", opacity);
            draw_number(svg, x + m->cell / 2, y + m->cell / 2, m->cell, number, opacity > 0.7 ? "on" : "");
        }
}

static void draw_frame(struct svg *svg, const struct matrix *m)
{
    double end = m->cell * (double)m->count;
    char   text[4 * LONGEST_NAME + 8];
    svg_box(svg, m->left, m->top, end, end, "frame", 1);
    for (int64_t i = 0; i < m->count; i++) {
        double at = m->cell * ((double)i + 0.5), recall = m->reports[m->shown[i]].recall;
        short_name(m->log, m->shown[i], text);
        if (i > 0) {
            svg_line(svg, m->left, m->top + m->cell * (double)i, m->left + end, m->top + m->cell * (double)i, "grid");
            svg_line(svg, m->left + m->cell * (double)i, m->top, m->left + m->cell * (double)i, m->top + end, "grid");
        }
        svg_text(svg, m->left - 10, m->top + at + 4.5, "end", "%s", text);
        if (m->turned)
            svg_turned(svg, m->left + at + 4.5, m->top - 8, 90, "", text);
        else
            svg_text(svg, m->left + at, m->top - 10, "middle", "%s", text);
        if (isfinite(recall))
            svg_text(svg, m->left + end + 10, m->top + at + 4.5, "dim small", "%.1f %%", 100 * recall);
    }
    svg_turned(svg, MARGIN + 8, m->top + end / 2, 90, "dim middle", "true class");
    svg_text(svg, m->left + end / 2, TOP + 12, "dim middle", "predicted class");
    svg_text(svg, m->left + end + 10, m->top - 10, "dim small", "recall");
}

static bool choose_classes(struct matrix *m, struct error *error)
{
    const struct model *model = m->log->config.model;
    size_t              classes = (size_t)model->classes;
    m->reports = calloc(classes, sizeof *m->reports);
    m->shown = calloc(classes, sizeof *m->shown);
    if (!m->reports || !m->shown)
        return error_memory(error, "the confusion matrix", classes * (sizeof *m->reports + sizeof *m->shown));
    struct report report = {.classes = m->reports};
    report_make(m->confusion, confusion_rows(model), model->classes, &report);
    for (int64_t c = 0; c < model->classes; c++)
        if (m->reports[c].support + m->reports[c].predicted > 0)
            m->shown[m->count++] = c;
    return true;
}

static bool draw(struct matrix *m, const char *path, struct error *error)
{
    const struct log *log = m->log;
    struct svg        svg;
    char              title[256];
    int64_t           hits = 0, all = 0, classes = log->config.model->classes;
    choose_sizes(m);
    for (int64_t i = 0; i < m->count; i++) {
        all += m->reports[m->shown[i]].support;
        hits += m->shown[i] < confusion_rows(log->config.model) ? m->confusion[m->shown[i] * (classes + 1)] : 0;
    }
    double side = m->cell * (double)m->count, width = m->left + side + 64 + MARGIN;
    snprintf(title, sizeof title, "%s: confusion matrix", log->config.model->name);
    if (!svg_begin(&svg, fmax(width, LEAST_WIDTH), m->top + side + MARGIN, title, error))
        return false;
    svg_text(&svg, MARGIN, 32, "title", "%s", title);
    svg_text(&svg, MARGIN, 54, "dim", "test images after epoch %.0f: %" PRId64 " of %" PRId64 " are right, %.2f %%",
             log->last.epoch, hits, all, 100.0 * (double)hits / (double)all);
    draw_cells(&svg, m);
    draw_frame(&svg, m);
    return svg_end(&svg, path, error);
}

bool log_draw_confusion(const struct log *log, const char *path, struct error *error)
{
    struct matrix m = {.log = log, .confusion = log->last.confusion};
    bool          good = choose_classes(&m, error) && (m.count == 0 || draw(&m, path, error));
    free(m.reports);
    free(m.shown);
    return good;
}
