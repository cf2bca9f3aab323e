#define _GNU_SOURCE
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_require(bool condition, const char *format, ...)
{
    va_list args;
    if (condition)
        return;
    fputs("fuzz: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

/* Bytes of the UTF-8 sequence at `text`, or 0. */
static size_t sequence(const unsigned char *text)
{
    size_t length = *text < 0x80 ? 1 : *text >= 0xC2 && *text < 0xE0 ? 2 : *text >= 0xE0 && *text < 0xF0 ? 3
                  : *text >= 0xF0 && *text < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

void fuzz_require_readable(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    fuzz_require(*text, "there is no message");
    for (size_t length; *at; at += length) {
        length = sequence(at);
        fuzz_require(length > 0, "a message that is not UTF-8: %s", text);
        fuzz_require((*at >= 0x20 && *at != 0x7f) || *at == '\n' || *at == '\t', "a control character in a message: %s", text);
    }
}

static const char *fill(int slot, const void *bytes, size_t size, size_t total)
{
    static int  files[FUZZ_SLOTS];      /* descriptors; 0: none yet */
    static char paths[FUZZ_SLOTS][32];
    if (!files[slot]) {
        files[slot] = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(paths[slot], sizeof *paths, "/proc/self/fd/%d", files[slot]);
    }
    if (files[slot] < 0 || ftruncate(files[slot], 0) != 0 || pwrite(files[slot], bytes, size, 0) != (ssize_t)size
        || ftruncate(files[slot], (off_t)total) != 0) {
        perror("fuzz: a file in memory");
        exit(3);
    }
    return paths[slot];
}

const char *fuzz_file(int slot, const void *bytes, size_t size) { return fill(slot, bytes, size, size); }

const char *fuzz_file_padded(int slot, const void *bytes, size_t size, size_t total)
{
    return fill(slot, bytes, size < total ? size : total, total);
}

enum { MOST_LINKS = 16 };
static char folder[64], links[MOST_LINKS][128];
static int  link_count;

static void take_away(void)
{
    for (int i = 0; i < link_count; i++)
        unlink(links[i]);
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (!*folder) {
        strcpy(folder, "/tmp/netc-fuzz-XXXXXX");
        fuzz_require(mkdtemp(folder) != NULL, "cannot make a folder in /tmp");
        atexit(take_away);
    }
    return folder;
}

void fuzz_link(const char *name, int slot)
{
    const char *path = fuzz_file(slot, "", 0);
    fuzz_require(link_count < MOST_LINKS, "too many links");
    snprintf(links[link_count], sizeof *links, "%s/%s", fuzz_folder(), name);
    fuzz_require(symlink(path, links[link_count++]) == 0, "cannot make a link in %s", folder);
}
