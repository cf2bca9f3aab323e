#include "option_values.h"

#include "device.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_whole(const char *text, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(*number, 10u, number)
            || __builtin_add_overflow(*number, (uint64_t)(*text - '0'), number) || *number > most)
            return false;
    return true;
}

static bool read_count(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, INT64_MAX, &number);
    if (good)
        *(int64_t *)value = (int64_t)number;
    return good;
}

static bool read_most(const char *text, void *value)
{
    int64_t number;
    bool    good = read_count(text, &number) && number > 0;
    if (good)
        *(int64_t *)value = number;
    return good;
}

static void show_count(const void *value, char *text, size_t size)
{
    int64_t count = *(const int64_t *)value;
    if (count >= 0)
        snprintf(text, size, "%" PRId64, count);
}

static bool read_seed(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, UINT64_MAX, &number);
    if (good)
        *(uint64_t *)value = number;
    return good;
}

static void show_seed(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
}

static bool read_threads(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, MOST_THREADS, &number) && number > 0;
    if (good)
        *(int *)value = (int)number;
    return good;
}

static void show_threads(const void *value, char *text, size_t size) { snprintf(text, size, "%d",
                                                                                *(const int *)value); }

/* Digits, at most one point among them, then perhaps an exponent: strtod would take more, "inf" and "0x1p3" for
 * instance. */
static bool read_rate(const char *text, void *value)
{
    size_t before = strspn(text, "0123456789"), after = 0, at = before;
    if (text[at] == '.')
        at += 1 + (after = strspn(text + at + 1, "0123456789"));
    if (before + after == 0)
        return false;
    if (text[at] == 'e' || text[at] == 'E') {
        at += 1 + (text[at + 1] == '+' || text[at + 1] == '-');
        size_t exponent = strspn(text + at, "0123456789");
        if (exponent == 0)
            return false;
        at += exponent;
    }
    double number = strtod(text, NULL);
    if (text[at] != '\0' || !isfinite(number))
        return false;
    *(double *)value = number;
    return true;
}

static void show_rate(const void *value, char *text, size_t size) { snprintf(text, size, "%g",
                                                                             *(const double *)value); }

static bool read_text(const char *text, void *value)
{
    *(const char **)value = text;
    return *text != '\0';
}

static void show_text(const void *value, char *text, size_t size)
{
    const char *string = *(const char *const *)value;
    if (string)
        snprintf(text, size, "%s", string);
}

static bool read_device(const char *text, void *value) { return device_name_valid(text) && read_text(text, value); }

/* Which of the words it is, or -1. */
static int word_at(const char *text, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

static bool read_progress(const char *text, void *value)
{
    int i = word_at(text, progress_words);
    if (i >= 0)
        *(enum progress_mode *)value = (enum progress_mode)i;
    return i >= 0;
}

static bool read_kernels(const char *text, void *value)
{
    int i = word_at(text, kernels_words);
    if (i >= 0)
        *(enum kernels *)value = (enum kernels)i;
    return i >= 0;
}

static void show_kernels(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%s", kernels_words[*(const enum kernels *)value]);
}

static void show_progress(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%s", progress_words[*(const enum progress_mode *)value]);
}

const struct value_kind
    value_count = {"a whole number of 0 or more", read_count, show_count},
    value_most = {"a whole number of 1 or more", read_most, show_count},
    value_seed = {"a whole number from 0 to 18446744073709551615", read_seed, show_seed},
    value_threads = {"a whole number from 1 to 1024", read_threads, show_threads},
    value_rate = {"a number of 0 or more, as in 0.01 or 1e-3", read_rate, show_rate},
    value_file = {"a file name", read_text, show_text},
    value_folder = {"a folder's name", read_text, show_text},
    value_device = {"auto, cpu, cuda, cuda:1 or cuda:0,1", read_device, show_text},
    value_kernels = {"auto, fused or layers", read_kernels, show_kernels},
    value_mode = {"auto, plain, json or off", read_progress, show_progress};
