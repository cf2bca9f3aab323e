/* What an evaluation says of each class: the numbers of scikit-learn's classification_report. */
#ifndef NETC_REPORT_H
#define NETC_REPORT_H

#include "real.h"

#include <stdint.h>

struct class_report {
    double  precision;                  /* of what was taken for the class, the share that is; NAN where nothing was */
    double  recall;                     /* of the class, the share that was found; NAN where there is nothing of it */
    double  f1;                         /* their harmonic mean, 2 hits / (support + predicted); NAN where both are 0 */
    int64_t support, predicted;         /* samples of the class; samples that were taken for it */
};

struct report {
    struct class_report *classes;       /* the caller's, one for each class */
    struct class_report  macro;         /* means over the classes that occur, as truth or as prediction; a NAN is 0 there */
    struct class_report  weighted;      /* the same, each class weighing what its support does */
    int64_t              occurring;     /* how many occur */
};

/* `confusion` is rows x classes, true class by predicted class; rows may be fewer. */
void report_make(const int64_t *confusion, int64_t rows, int64_t classes, struct report *report);

/* The probabilities of the classes: softmax of the logits. Not finite where the logits are not. */
void probabilities(const real *logits, int64_t classes, double *probability);

/* The class with the largest logit, the first of several. */
int64_t largest_logit(const real *logits, int64_t classes);

#endif
