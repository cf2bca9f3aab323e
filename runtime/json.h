/* As much of JSON as a safetensors header needs, read strictly: strings and whole numbers; the caller knows which comes
 * where, so nothing nests deeper than its own functions do. */
#ifndef NETC_JSON_H
#define NETC_JSON_H

#include "error.h"

#include <stdint.h>

struct json {
    char  *text;                        /* strings are decoded in place */
    size_t size, at;
    const char *where;                  /* comes before what is said of it: "header, "; NULL: nothing does */
};

/* The next character after white space, or '\0' at the end. */
char json_peek(struct json *json);

/* Skips white space and, if it comes next, the character `wanted`. */
bool json_take(struct json *json, char wanted);

/* The same, but it is an error when something else comes. */
bool json_expect(struct json *json, char wanted, struct error *error);

/* A string, as valid UTF-8 with an end of '\0'; one that holds \u0000 is refused. */
bool json_string(struct json *json, char **string, struct error *error);

/* A whole number of 0 or more. */
bool json_whole(struct json *json, uint64_t *number, struct error *error);

/* Any number, or null, which becomes NAN. */
bool json_number(struct json *json, double *number, struct error *error);

/* Says what was expected, what was found, and where. Always returns false. */
bool json_error(const struct json *json, const char *expected, struct error *error);

#endif
