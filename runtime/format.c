#include "format.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *format_bytes(char *text, double bytes)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    enum { UNITS = sizeof unit / sizeof *unit };
    int power = 0;
    /* 1023.95 would be printed as 1024.0 */
    while (bytes >= (power == 0 ? 1024.0 : 1023.95) && power < UNITS - 1) {
        bytes /= 1024;
        power++;
    }
    snprintf(text, FORMAT_SIZE, "%.*f %s", power == 0 ? 0 : 1, bytes, bytes == 1 && power == 0 ? "byte" : unit[power]);
    return text;
}

const char *format_count(char *text, int64_t count)
{
    char   digits[FORMAT_SIZE];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count), out = 0;
    for (size_t i = 0; i < length; i++) {
        text[out++] = digits[i];
        size_t left = length - 1 - i;
        if (digits[i] != '-' && left > 0 && left % 3 == 0)
            text[out++] = ',';
    }
    text[out] = '\0';
    return text;
}

const char *format_counted(char *text, int64_t count, const char *thing)
{
    char number[FORMAT_SIZE];
    snprintf(text, FORMAT_SIZE, "%s %s%s", format_count(number, count), thing, count == 1 ? "" : "s");
    return text;
}

const char *format_clock(char *text, double seconds)
{
    if (!(seconds < 1e9)) {
        snprintf(text, FORMAT_SIZE, "?");
        return text;
    }
    int64_t whole = llround(seconds);
    if (whole >= 3600)
        snprintf(text, FORMAT_SIZE, "%" PRId64 ":%02d:%02d", whole / 3600, (int)(whole / 60 % 60), (int)(whole % 60));
    else
        snprintf(text, FORMAT_SIZE, "%d:%02d", (int)(whole / 60), (int)(whole % 60));
    return text;
}

const char *format_loss(char *text, double loss)
{
    snprintf(text, FORMAT_SIZE, fabs(loss) < 1e6 ? "%.4f" : "%.4g", isnan(loss) ? fabs(loss) : loss);   /* no "-nan" */
    return text;
}

const char *format_shape(char *text, const int64_t *shape, int rank)
{
    static const char more[] = "...";
    int used = 0;
    if (rank == 0)
        snprintf(text, FORMAT_SIZE, "scalar");
    for (int d = 0; d < rank; d++) {
        int written = snprintf(text + used, (size_t)(FORMAT_SIZE - used), "%s%" PRId64, d ? "x" : "", shape[d]);
        if (written < 0 || used + written >= FORMAT_SIZE) {
            memcpy(text + FORMAT_SIZE - sizeof more, more, sizeof more);
            break;
        }
        used += written;
    }
    return text;
}

enum { LONGEST_NAME = 32 };

/* Edits (a letter put in, taken out, replaced, or two neighbours swapped) that turn a into b. */
static int edit_distance(const char *a, const char *b)
{
    int m = (int)strlen(a), n = (int)strlen(b), cost[LONGEST_NAME + 1][LONGEST_NAME + 1];
    if (m > LONGEST_NAME || n > LONGEST_NAME)
        return INT_MAX;
    for (int i = 0; i <= m; i++)
        for (int j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            int best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (cost[i - 1][j] + 1 < best)
                best = cost[i - 1][j] + 1;
            if (cost[i][j - 1] + 1 < best)
                best = cost[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1 < best)
                best = cost[i - 2][j - 2] + 1;
            cost[i][j] = best;
        }
    return cost[m][n];
}

const char *nearest_name(const char *word, const char *const *names)
{
    const char *best = NULL;
    int         least = (int)(strlen(word) + 2) / 3 + 1;
    for (; *names; names++) {
        int distance = edit_distance(word, *names);
        if (distance < least) {
            least = distance;
            best = *names;
        }
    }
    return best;
}
