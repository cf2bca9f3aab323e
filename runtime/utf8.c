#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
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

/* The character at `text`, of `length` bytes. */
static uint32_t decode(const char *text, size_t length)
{
    static const unsigned char first[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)text[0] & first[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    return code;
}

int utf8_width(const char *text)
{
    static const struct { uint32_t first, last; int width; } ranges[] = {
        {0x300, 0x36F, 0}, {0x200B, 0x200D, 0}, {0xFE00, 0xFE0F, 0},
        {0x1100, 0x115F, 2}, {0x2E80, 0x303E, 2}, {0x3041, 0xA4CF, 2}, {0xAC00, 0xD7A3, 2}, {0xF900, 0xFAFF, 2},
        {0xFE30, 0xFE6F, 2}, {0xFF01, 0xFF60, 2}, {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2},
        {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
    };
    int width = 0;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = utf8_length(text, left);
        length = length ? length : 1;
        uint32_t code = decode(text, length);
        int      columns = 1;
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
            if (code >= ranges[i].first && code <= ranges[i].last)
                columns = ranges[i].width;
        width += columns;
    }
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
