/* Text from outside, file names above all, as UTF-8 that JSON, XML and a terminal can show. */
#ifndef NETC_UTF8_H
#define NETC_UTF8_H

#include <stddef.h>
#include <stdio.h>

/* Length of the UTF-8 sequence at text[0 .. left-1], or 0 if it is not one (overlong forms and surrogates are not). */
size_t utf8_length(const char *text, size_t left);

/* A copy in which control characters and what is no UTF-8 are '?', an empty text too; NULL without memory. */
char *utf8_clean(const char *text);

/* The columns that a text in UTF-8 takes on a terminal: Chinese, Japanese and Korean characters take two, accents that are put on
 * the character before take none. */
int utf8_width(const char *text);

/* Prints any text as a string of JSON, with its quotes; bytes that are no UTF-8 become the replacement character. */
void utf8_print_json(FILE *out, const char *text);

#endif
