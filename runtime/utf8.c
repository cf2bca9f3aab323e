#include "utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_length(const char *text, size_t left)
{
    const unsigned char *t = (const unsigned char *)text;
    size_t length = t[0] < 0x80 ? 1 : t[0] >= 0xC2 && t[0] < 0xE0 ? 2 : t[0] >= 0xE0 && t[0] < 0xF0 ? 3
                  : t[0] >= 0xF0 && t[0] < 0xF5 ? 4 : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((t[i] & 0xC0) != 0x80)
            return 0;
    bool wrong = (t[0] == 0xE0 && t[1] < 0xA0) || (t[0] == 0xED && t[1] >= 0xA0)
              || (t[0] == 0xF0 && t[1] < 0x90) || (t[0] == 0xF4 && t[1] >= 0x90);
    return wrong ? 0 : length;
}

static bool is_control(char c) { return (unsigned char)c < ' ' || c == 0x7f; }

/* U+FFFE and U+FFFF, which XML forbids. */
static bool is_no_character(const char *text, size_t length)
{
    return length == 3 && memcmp(text, "\xEF\xBF", 2) == 0 && (unsigned char)text[2] >= 0xBE;
}

char *utf8_clean(const char *text)
{
    size_t left = strlen(text);
    char  *copy = malloc(left + 2), *out = copy;
    if (!copy)
        return NULL;
    if (left == 0)
        *out++ = '?';
    while (left > 0) {
        size_t length = utf8_length(text, left), step = length ? length : 1;
        if (length == 0 || is_control(*text) || is_no_character(text, length))
            *out++ = '?';
        else
            for (size_t i = 0; i < length; i++)
                *out++ = text[i];
        text += step;
        left -= step;
    }
    *out = '\0';
    return copy;
}

int utf8_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void utf8_print_json(FILE *out, const char *text)
{
    size_t left = strlen(text);
    fputc('"', out);
    while (left > 0) {
        size_t length = utf8_length(text, left), step = length ? length : 1;
        if (length == 0)
            fputs("\\ufffd", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if (is_control(*text))
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fwrite(text, 1, length, out);
        text += step;
        left -= step;
    }
    fputc('"', out);
}
