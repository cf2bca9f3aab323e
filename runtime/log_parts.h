/* The log from inside: its lines are in log.c and log_lines.c, its pictures in log_*.c. */
#ifndef NETC_LOG_PARTS_H
#define NETC_LOG_PARTS_H

#include "classes.h"
#include "log.h"
#include "mistakes.h"
#include "picture.h"

struct log_records {
    struct log_record *at;
    int64_t            count, room;
};

/* What one evaluation has collected. */
struct log_findings {
    int64_t        *confusion;          /* confusion_rows x classes */
    struct mistakes mistakes;
    double          epoch;
};

struct log {
    struct log_config   config;
    struct classes      classes;
    struct sample_shape shape;          /* of a sample in memory, as a picture */
    struct log_records  records;
    struct log_findings current, last;  /* being collected; of the last epoch that was logged */
    bool                due;            /* the pictures do not show the last epoch */
    double              drawn;          /* seconds_now() when they were */
    struct error        error;          /* what could not be written first; status STATUS_OK: nothing */
};

/* ---- log_lines.c: the file metrics.jsonl */

/* The numbers of a record, in the order in which they are written. */
struct log_field { const char *key; size_t offset; };
extern const struct log_field log_fields[];
enum { LOG_FIELDS = 11 };

bool log_add(struct log_records *records, const struct log_record *record, struct error *error);

/* Begins the file anew with its first line; the lines that a resumed run keeps follow, and become records. */
bool log_begin_lines(struct log *log, const char *path, struct error *error);

/* Appends the record's line: all of it, or nothing. */
bool log_append_line(const struct log *log, const char *path, const struct log_record *record, struct error *error);

/* ---- pictures, each written into a file */

typedef bool log_picture(const struct log *log, const char *path, struct error *error);
log_picture log_draw_loss, log_draw_accuracy, log_draw_confusion, log_draw_mistakes;

#endif
