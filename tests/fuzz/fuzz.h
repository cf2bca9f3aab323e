/* What the harnesses share. A harness, harness/NAME.c, is one function that libFuzzer calls with bytes of its making, and
 * that replay.c calls with files and with damaged copies of them. It hands the bytes to a reader of netc and ends the
 * process where the reader does what it must not: the reader takes them, or refuses them with a message for people. */
#ifndef NETC_FUZZ_H
#define NETC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Where the condition does not hold, prints the text and ends the process as a crash does. */
void fuzz_require(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text is one that a person can be shown: not empty, UTF-8, of control characters nothing but line breaks and tabs. */
void fuzz_require_readable(const char *text);

/* Path of a file that has these bytes. It lies in memory, and each slot has one, which is overwritten. */
enum { FUZZ_SLOTS = 8 };
const char *fuzz_file(int slot, const void *bytes, size_t size);

/* The same with zeros behind the bytes, up to `total`. */
const char *fuzz_file_padded(int slot, const void *bytes, size_t size, size_t total);

/* Path of a folder of this process, which goes away at its end; in it, `name` stands for the slot's file. */
const char *fuzz_folder(void);
void        fuzz_link(const char *name, int slot);

#endif
