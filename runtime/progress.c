#include "progress.h"

#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MARGIN = 3 };                    /* at the right of a terminal, for the ^C that one types there */

static const double redraw_seconds = 0.1, plain_seconds = 60;

const char *const progress_words[] = {
    [PROGRESS_AUTO] = "auto", [PROGRESS_PLAIN] = "plain", [PROGRESS_JSON] = "json", [PROGRESS_OFF] = "off", NULL,
};

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct progress progress_start(enum progress_mode mode, const char *name)
{
    const char *term = getenv("TERM");
    bool        redraws = mode == PROGRESS_AUTO && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    double      now = seconds_now();
    return (struct progress){.mode = mode, .name = name, .redraws = redraws, .started = now, .last = now};
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

void progress_say(struct progress *progress, const char *format, ...)
{
    va_list args;
    if (progress->mode == PROGRESS_OFF)
        return;
    progress_clear(progress);
    fprintf(stderr, "%s: ", progress->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* "[#######-------] ", as wide as `room` allows. */
static void draw_bar(double fraction, int room)
{
    enum { BRACKETS = 3, NARROWEST = 5, WIDEST = 40 };
    int width = room - BRACKETS > WIDEST ? WIDEST : room - BRACKETS;
    if (width < NARROWEST)
        return;
    fputc('[', stderr);
    for (int i = 0; i < width; i++)
        fputc(i < (int)(fraction * width) ? '#' : '-', stderr);
    fputs("] ", stderr);
}

/* Whether it is time for another line. */
static bool due(struct progress *progress)
{
    double now = seconds_now();
    if (progress->mode == PROGRESS_JSON || progress->mode == PROGRESS_OFF
        || now - progress->last < (progress->redraws ? redraw_seconds : plain_seconds))
        return false;
    progress->last = now;
    return true;
}

/* "epoch 3/10 [####----]  40 %  …": a line of its own, or in the place of the last one. */
static void draw(struct progress *progress, const char *head, double fraction, const char *rest)
{
    if (!progress->redraws) {
        fprintf(stderr, "%s: %s%s\n", progress->name, head, rest);
        return;
    }
    int width = terminal_width() - MARGIN, room = width - (int)strlen(head);
    fprintf(stderr, "\r\033[K%.*s", width, head);
    draw_bar(fraction, room - (int)strlen(rest));
    fprintf(stderr, "%.*s", room > 0 ? room : 0, rest);
    fflush(stderr);
    progress->drawn = true;
}

void progress_show(struct progress *progress, const struct standing *standing)
{
    if (standing->done == 0 || !due(progress))
        return;
    double fraction = (double)standing->done / (double)standing->all;
    double rate = standing->seconds > 0 ? (double)(standing->done - standing->before) / standing->seconds : 0;
    double left = (progress->last - progress->started) * (1 - standing->fraction) / standing->fraction;
    char   head[FORMAT_SIZE], rest[256], loss[FORMAT_SIZE], count[FORMAT_SIZE], clock[FORMAT_SIZE];
    snprintf(head, sizeof head, "%s ", standing->part);
    snprintf(rest, sizeof rest, "%3d %%  loss %s  accuracy %.2f %%  %s images/s  %s left", (int)(100 * fraction),
             format_loss(loss, standing->loss), 100 * standing->accuracy, format_count(count, (int64_t)rate),
             format_clock(clock, left));
    draw(progress, head, fraction, rest);
}

void progress_bytes(struct progress *progress, const char *file, int64_t done, int64_t all)
{
    char head[FORMAT_SIZE], rest[256], have[FORMAT_SIZE], whole[FORMAT_SIZE];
    if (!due(progress))
        return;
    double fraction = (double)done / (double)all;
    snprintf(head, sizeof head, "%s ", file);
    snprintf(rest, sizeof rest, "%3d %%  %s of %s", (int)(100 * fraction), format_bytes(have, (double)done),
             format_bytes(whole, (double)all));
    draw(progress, head, fraction, rest);
}

void progress_json_number(const char *key, double value)
{
    if (isfinite(value))
        printf("\"%s\": %.9g", key, value);
    else
        printf("\"%s\": null", key);
}

static void print_json(const struct epoch_report *report)
{
    const struct { const char *key; double value; bool shown; } numbers[] = {
        {"train_loss", report->epoch > 0 ? report->train_loss : NAN, true},
        {"valid_loss", report->valid_loss, report->validated}, {"valid_accuracy", report->valid_accuracy, report->validated},
        {"test_loss", report->test_loss, true}, {"test_accuracy", report->test_accuracy, true},
        {"seconds", report->seconds, true}, {"eval_seconds", report->eval_seconds, true},
    };
    printf("{\"epoch\": %" PRId64, report->epoch);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!numbers[i].shown)
            continue;
        fputs(", ", stdout);
        progress_json_number(numbers[i].key, numbers[i].value);
    }
    puts("}");
    fflush(stdout);                     /* whoever reads along gets each epoch at once */
}

void progress_epoch(struct progress *progress, const struct epoch_report *report)
{
    if (progress->mode == PROGRESS_JSON)
        print_json(report);
    if (progress->mode == PROGRESS_JSON || progress->mode == PROGRESS_OFF)
        return;
    char count[FORMAT_SIZE], loss[FORMAT_SIZE];
    int  digits = snprintf(count, sizeof count, "%" PRId64, report->epochs);
    progress_clear(progress);
    fprintf(stderr, "epoch %*" PRId64 "/%" PRId64, digits, report->epoch, report->epochs);
    if (report->epoch > 0)
        fprintf(stderr, "  train loss %s", format_loss(loss, report->train_loss));
    if (report->validated)
        fprintf(stderr, "  valid loss %s  valid accuracy %.2f %%", format_loss(loss, report->valid_loss),
                100 * report->valid_accuracy);
    fprintf(stderr, "  test loss %s  test accuracy %.2f %%", format_loss(loss, report->test_loss),
            100 * report->test_accuracy);
    if (report->epoch > 0 && report->seconds > 0)
        fprintf(stderr, "  %.2f s  %s images/s", report->seconds,
                format_count(count, (int64_t)((double)report->samples / report->seconds)));
    fputc('\n', stderr);
    progress->last = seconds_now();
}
