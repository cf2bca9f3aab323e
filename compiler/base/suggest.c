#include "base/diag.h"

#include <ctype.h>
#include <string.h>

/* Longer words are not compared: no name of the language comes near. */
enum { LONGEST = 48 };

/* What counts when names are compared: small letters and digits. Returns the length, or -1 if it is too long. */
static int normalise(const char *name, char out[LONGEST])
{
    int length = 0;
    for (; *name; name++)
        if (*name != '_') {
            if (length == LONGEST)
                return -1;
            out[length++] = (char)tolower((unsigned char)*name);
        }
    return length;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The number of letters to insert, drop, replace, or swap with their neighbour to make `b` of `a` (the restricted
 * Damerau-Levenshtein distance). */
static int distance(const char *a, int a_length, const char *b, int b_length)
{
    int row[3][LONGEST + 1];            /* row[i % 3][j]: from i letters of a to j letters of b */
    for (int i = 0; i <= a_length; i++)
        for (int j = 0; j <= b_length; j++) {
            if (!i || !j) {
                row[i % 3][j] = i + j;
                continue;
            }
            int cost = row[(i - 1) % 3][j - 1] + (a[i - 1] != b[j - 1]);
            cost = least(cost, row[(i - 1) % 3][j] + 1);
            cost = least(cost, row[i % 3][j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost = least(cost, row[(i - 2) % 3][j - 2] + 1);
            row[i % 3][j] = cost;
        }
    return row[a_length % 3][b_length];
}

/* How far two names of at most this length may differ: short words are too easily turned into one another. */
static int tolerance(int length)
{
    return length <= 2 ? 0 : length <= 5 ? 1 : length <= 8 ? 2 : 3;
}

const char *nearest_name(const char *word, const char *const *names)
{
    char a[LONGEST], b[LONGEST];
    int  a_length = normalise(word, a);
    if (a_length <= 0)
        return NULL;
    const char *nearest = NULL;
    int         best = LONGEST;
    for (; *names; names++) {
        int b_length = normalise(*names, b);
        if (b_length <= 0)
            continue;
        int d = distance(a, a_length, b, b_length);
        if (d < best && d <= tolerance(a_length > b_length ? a_length : b_length)) {
            best = d;
            nearest = *names;
        }
    }
    return nearest;
}
