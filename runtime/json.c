#include "json.h"

#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

char json_peek(struct json *json)
{
    while (json->at < json->size) {
        char c = json->text[json->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return c;
        json->at++;
    }
    return '\0';
}

bool json_take(struct json *json, char wanted)
{
    if (json_peek(json) != wanted || json->at == json->size)
        return false;
    json->at++;
    return true;
}

static const char *where(const struct json *json) { return json->where ? json->where : ""; }

bool json_error(const struct json *json, const char *expected, struct error *error)
{
    if (json->at >= json->size)
        return error_input(error, "%soffset %zu: expected %s, found its end", where(json), json->at, expected);
    unsigned char c = (unsigned char)json->text[json->at];
    if (c > ' ' && c < 0x7f)
        return error_input(error, "%soffset %zu: expected %s, found '%c'", where(json), json->at, expected, c);
    return error_input(error, "%soffset %zu: expected %s, found byte 0x%02x", where(json), json->at, expected, c);
}

bool json_expect(struct json *json, char wanted, struct error *error)
{
    const char expected[] = {'\'', wanted, '\'', '\0'};
    return json_take(json, wanted) || json_error(json, expected, error);
}

bool json_whole(struct json *json, uint64_t *number, struct error *error)
{
    char first = json_peek(json);
    if (first < '0' || first > '9')
        return json_error(json, "a whole number", error);
    *number = 0;
    size_t start = json->at;
    for (; json->at < json->size && json->text[json->at] >= '0' && json->text[json->at] <= '9'; json->at++)
        if (__builtin_mul_overflow(*number, 10u, number)
            || __builtin_add_overflow(*number, (uint64_t)(json->text[json->at] - '0'), number))
            return error_input(error, "%soffset %zu: the number is too large", where(json), start);
    if (first == '0' && json->at - start > 1)
        return error_input(error, "%soffset %zu: a number begins with 0", where(json), start);
    return true;
}

/* Takes digits, one or more. */
static bool take_digits(struct json *json)
{
    size_t start = json->at;
    while (json->at < json->size && json->text[json->at] >= '0' && json->text[json->at] <= '9')
        json->at++;
    return json->at > start;
}

static bool take_character(struct json *json, const char *of)
{
    bool there = json->at < json->size && json->text[json->at] != '\0' && strchr(of, json->text[json->at]);
    json->at += there;
    return there;
}

bool json_number(struct json *json, double *number, struct error *error)
{
    char   text[64];
    json_peek(json);
    size_t start = json->at;
    if (json->size - start >= 4 && memcmp(json->text + start, "null", 4) == 0) {
        json->at += 4;
        *number = NAN;
        return true;
    }
    take_character(json, "-");
    bool good = take_digits(json) && (!take_character(json, ".") || take_digits(json));
    if (good && take_character(json, "eE")) {
        take_character(json, "+-");
        good = take_digits(json);
    }
    if (!good || json->at - start >= sizeof text)
        return json_error(json, "a number", error);
    memcpy(text, json->text + start, json->at - start);
    text[json->at - start] = '\0';
    *number = strtod(text, NULL);
    return true;
}

/* Four hexadecimal digits. */
static bool hexadecimal(struct json *json, uint32_t *code, struct error *error)
{
    *code = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        char c = json->at < json->size ? json->text[json->at] : '\0';
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                       : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                       : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit == 16)
            return json_error(json, "four hexadecimal digits", error);
        *code = *code << 4 | digit;
    }
    return true;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* \uXXXX, or a pair of them for a character beyond the first 65,536; `at` is behind the u. What it writes is shorter
 * than what it reads. */
static bool escaped_code(struct json *json, char **out, struct error *error)
{
    uint32_t code, low;
    if (!hexadecimal(json, &code, error))
        return false;
    if (code == 0)
        return error_input(error, "%soffset %zu: a string holds \\u0000", where(json), json->at);
    if (code >= 0xD800 && code < 0xDC00) {
        if (json->size - json->at < 2 || json->text[json->at] != '\\' || json->text[json->at + 1] != 'u')
            return json_error(json, "the second half of a surrogate pair", error);
        json->at += 2;
        if (!hexadecimal(json, &low, error))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return error_input(error, "%soffset %zu: half a surrogate pair", where(json), json->at);
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return error_input(error, "%soffset %zu: half a surrogate pair", where(json), json->at);
    }
    *out = put_utf8(*out, code);
    return true;
}

bool json_string(struct json *json, char **string, struct error *error)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";     /* pairs: letter, meaning */
    if (!json_take(json, '"'))
        return json_error(json, "a string", error);
    char *out = *string = json->text + json->at;
    while (json->at < json->size && json->text[json->at] != '"') {
        char c = json->text[json->at];
        if ((unsigned char)c < ' ')
            return json_error(json, "a character of a string", error);
        if (c != '\\') {
            size_t length = utf8_length(json->text + json->at, json->size - json->at);
            if (length == 0)
                return json_error(json, "UTF-8", error);
            for (; length > 0; length--)
                *out++ = json->text[json->at++];
            continue;
        }
        json->at++;
        if (json->at < json->size && json->text[json->at] == 'u') {
            json->at++;
            if (!escaped_code(json, &out, error))
                return false;
            continue;
        }
        const char *pair = escapes;
        while (*pair && (json->at == json->size || *pair != json->text[json->at]))
            pair += 2;
        if (!*pair)
            return json_error(json, "an escape sequence", error);
        *out++ = pair[1];
        json->at++;
    }
    if (json->at == json->size)
        return json_error(json, "the end of a string", error);
    *out = '\0';                        /* at most over the closing quote */
    json->at++;
    return true;
}
