/* replay [--damage] FILE...: runs a harness without libFuzzer, once on each file. With --damage also on copies of it: cut
 * at every length; every byte turned over, of the first ones also each bit; every number of 2, 4 and 8 bytes in the first
 * ones 0, 1, -1, the largest, the smallest, one more and one less, in both orders of bytes. What ends the process is left
 * in the file that DAMAGED names. */
#include "fuzz.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First bytes, which are the header; files up to MOST_DAMAGED, of which every byte is damaged. */
enum { HEAD = 96, MOST_DAMAGED = 4096 };

static struct {
    const char *file;
    uint8_t    *bytes;
    size_t      size, runs;
} now;

/* Leaves the bytes that ended the process. */
static void leave(void)
{
    const char *path = getenv("DAMAGED");
    FILE       *out = path ? fopen(path, "wb") : NULL;
    fprintf(stderr, "replay: ended by %s%s%s\n", now.file, out ? ", as it is in " : "", out ? path : "");
    if (out) {
        fwrite(now.bytes, 1, now.size, out);
        fclose(out);
    }
}

static void on_abort(int signal)
{
    (void)signal;
    leave();
    _Exit(1);
}

static void on_exit_of_harness(void)
{
    if (now.file)
        leave();
}

/* A copy of exactly this size, so that what is read behind it is found. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    if (size)
        memcpy(copy, bytes, size);
    now.bytes = copy;
    now.size = size;
    now.runs++;
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* The number of `width` bytes at `at`, in the order of a big or little end. */
static uint64_t get(const uint8_t *at, int width, bool big)
{
    uint64_t number = 0;
    for (int i = 0; i < width; i++)
        number = number << 8 | at[big ? i : width - 1 - i];
    return number;
}

static void put(uint8_t *at, int width, bool big, uint64_t number)
{
    for (int i = 0; i < width; i++, number >>= 8)
        at[big ? width - 1 - i : i] = (uint8_t)number;
}

static void damage_number(uint8_t *bytes, size_t size, size_t at, int width, bool big)
{
    uint64_t before = get(bytes + at, width, big), largest = UINT64_MAX >> (65 - 8 * width);
    uint64_t values[] = {0, 1, UINT64_MAX, largest, largest + 1, before + 1, before - 1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        put(bytes + at, width, big, values[i]);
        run(bytes, size);
    }
    put(bytes + at, width, big, before);
}

static void damage_byte(uint8_t *bytes, size_t size, size_t at)
{
    uint8_t before = bytes[at], values[] = {before ^ 0xff, 0, 1, 0xff, before + 1, before - 1};
    for (size_t i = 0; i < (at < HEAD ? sizeof values : 1); i++) {
        bytes[at] = values[i];
        run(bytes, size);
    }
    for (int bit = 0; bit < 8 && at < HEAD; bit++) {
        bytes[at] = before ^ (uint8_t)(1 << bit);
        run(bytes, size);
    }
    bytes[at] = before;
}

static void damage(uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut++)
        run(bytes, cut);
    for (size_t at = 0; at < size; at++)
        damage_byte(bytes, size, at);
    for (int width = 2; width <= 8; width *= 2)
        for (size_t at = 0; at + (size_t)width <= size && at < HEAD; at += 2) {
            damage_number(bytes, size, at, width, false);
            damage_number(bytes, size, at, width, true);
        }
}

static bool replay(const char *path, bool damaged)
{
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0) {
        perror(path);
        return false;
    }
    size_t   size = (size_t)ftell(in);
    uint8_t *bytes = malloc(size + 1);
    rewind(in);
    bool     whole = bytes && fread(bytes, 1, size, in) == size;
    fclose(in);
    now.file = path;
    if (whole) {
        run(bytes, size);
        bytes[size] = 0;
        if (damaged && size <= MOST_DAMAGED) {
            run(bytes, size + 1);
            damage(bytes, size);
        }
    }
    now.file = NULL;
    free(bytes);
    return whole;
}

int main(int argc, char **argv)
{
    bool damaged = argc > 1 && strcmp(argv[1], "--damage") == 0;
    int  failed = 0;
    __sanitizer_set_death_callback(leave);
    atexit(on_exit_of_harness);
    signal(SIGABRT, on_abort);
    for (int i = 1 + damaged; i < argc; i++)
        failed += !replay(argv[i], damaged);
    printf("%zu inputs\n", now.runs);
    return failed > 0;
}
