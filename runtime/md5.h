/* MD5, by which the publishers of the datasets vouch for their files: libcrypto computes it. */
#ifndef NETC_MD5_H
#define NETC_MD5_H

#include "error.h"

#include <stdint.h>

enum { MD5_TEXT = 33 };                 /* 32 hexadecimal digits and the end */

struct md5;

/* NULL, and an error, where there is no libcrypto. */
struct md5 *md5_start(struct error *error);

void md5_add(struct md5 *md5, const void *bytes, size_t size);

/* Writes the sum of what was added, in lower case, and frees `md5`, which may be NULL. */
void md5_end(struct md5 *md5, char text[MD5_TEXT]);

/* The sum of a file; with `gzip`, of what it unpacks to. */
bool md5_file(const char *path, bool gzip, char text[MD5_TEXT], struct error *error);

#endif
