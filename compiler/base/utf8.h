/* Characters of UTF-8 text. */
#ifndef NETC_UTF8_H
#define NETC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point that begins at `at`, of which `room` bytes may be read. Returns its length in bytes; 0 if these bytes
 * are not UTF-8 (overlong forms and surrogates are not) or there are none. */
int utf8_decode(const char *at, size_t room, uint32_t *code);

/* The columns that a terminal gives to a code point: 0 for combining marks, 2 for wide East Asian letters and emoji,
 * else 1. A tab is not known here. */
int utf8_columns(uint32_t code);

/* Whether showing `code` could do something else than to show a letter: control characters, and those which turn the
 * direction of the text around. */
bool utf8_is_control(uint32_t code);

#endif
