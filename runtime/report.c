#include "report.h"

#include <math.h>

static double share(int64_t part, int64_t whole) { return whole > 0 ? (double)part / (double)whole : NAN; }

static void add(struct class_report *mean, const struct class_report *class, double weight)
{
    mean->precision += weight * (isnan(class->precision) ? 0 : class->precision);
    mean->recall += weight * (isnan(class->recall) ? 0 : class->recall);
    mean->f1 += weight * class->f1;
    mean->support += class->support;
    mean->predicted += class->predicted;
}

static void divide(struct class_report *mean, double by)
{
    mean->precision /= by;
    mean->recall /= by;
    mean->f1 /= by;
}

void report_make(const int64_t *confusion, int64_t rows, int64_t classes, struct report *report)
{
    report->macro = report->weighted = (struct class_report){0};
    report->occurring = 0;
    for (int64_t c = 0; c < classes; c++) {
        struct class_report *class = &report->classes[c];
        int64_t              hits = c < rows ? confusion[c * classes + c] : 0;
        *class = (struct class_report){0};
        for (int64_t p = 0; p < classes && c < rows; p++)
            class->support += confusion[c * classes + p];
        for (int64_t r = 0; r < rows; r++)
            class->predicted += confusion[r * classes + c];
        class->precision = share(hits, class->predicted);
        class->recall = share(hits, class->support);
        class->f1 = share(2 * hits, class->support + class->predicted);
        if (isnan(class->f1))
            continue;
        report->occurring++;
        add(&report->macro, class, 1);
        add(&report->weighted, class, (double)class->support);
    }
    divide(&report->macro, (double)report->occurring);
    divide(&report->weighted, (double)report->weighted.support);
}

void probabilities(const real *logits, int64_t classes, double *probability)
{
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++)
        most = fmax(most, (double)logits[c]);
    for (int64_t c = 0; c < classes; c++)
        sum += probability[c] = exp((double)logits[c] - most);
    for (int64_t c = 0; c < classes; c++)
        probability[c] /= sum;
}

int64_t largest_logit(const real *logits, int64_t classes)
{
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++)
        if (logits[c] > logits[best])
            best = c;
    return best;
}
