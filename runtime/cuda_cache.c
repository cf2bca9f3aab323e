#include "cuda_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The head of an entry's file; the content follows, and nothing else. */
struct head {
    char             magic[8];
    struct cache_key key;
    uint64_t         size, sum;         /* of the content */
};

static const char magic[8] = "netc-c1";

enum { MOST_BYTES = 1 << 28 };          /* no code is as large: such a file is not ours */

/* Fowler, Noll and Vo's hash (FNV-1a, 64 bits). */
static uint64_t hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001B3u;
    return hash;
}

static const uint64_t basis = 0xCBF29CE484222325u;

struct cache_key cache_key_start(void) { return (struct cache_key){{basis, 0x9E3779B97F4A7C15u}}; }

void cache_key_add(struct cache_key *key, const void *bytes, size_t size)
{
    uint64_t length = size, second = hash(key->word[1], bytes, size);
    key->word[0] = hash(hash(key->word[0], bytes, size), &length, sizeof length);
    /* The second word takes in the first one's state: two hashes of the same kind would agree too often. */
    key->word[1] = hash(second, &key->word[0], sizeof key->word[0]);
}

/* Makes a folder, and those it lies in. */
static bool make_folder(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The cache's folder; with `make` it is made. */
static bool folder(char *path, size_t size, bool make)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length;
    if (cache && cache[0] == '/')
        length = snprintf(path, size, "%s/netc", cache);
    else if (home && home[0] == '/')
        length = snprintf(path, size, "%s/.cache/netc", home);
    else
        return false;
    return length > 0 && (size_t)length < size && (!make || make_folder(path));
}

static bool entry(struct cache_key key, char *path, size_t size, bool make)
{
    if (!folder(path, size, make))
        return false;
    size_t length = strlen(path);
    int    more = snprintf(path + length, size - length, "/%016llx%016llx", (unsigned long long)key.word[0],
                           (unsigned long long)key.word[1]);
    return more > 0 && (size_t)more < size - length;
}

bool cache_path(struct cache_key key, char *path, size_t size) { return entry(key, path, size, false); }

/* What follows the head, if all of it is as it was written. */
static char *read_content(FILE *file, struct cache_key key, size_t *size)
{
    struct head head;
    if (fread(&head, sizeof head, 1, file) != 1 || memcmp(head.magic, magic, sizeof magic) != 0
        || memcmp(&head.key, &key, sizeof key) != 0 || head.size > MOST_BYTES)
        return NULL;
    *size = (size_t)head.size;
    char *content = malloc(*size + 1);
    if (content && fread(content, 1, *size, file) == *size && fgetc(file) == EOF
        && hash(basis, content, *size) == head.sum) {
        content[*size] = '\0';
        return content;
    }
    free(content);
    return NULL;
}

void *cache_read(struct cache_key key, size_t *size)
{
    char  path[PATH_MAX];
    FILE *file = cache_path(key, path, sizeof path) ? fopen(path, "rb") : NULL;
    if (!file)
        return NULL;
    char *content = read_content(file, key, size);
    fclose(file);
    return content;
}

/* The file gets its name when it is whole: whoever reads meanwhile finds the old one or none. */
void cache_write(struct cache_key key, const void *content, size_t size)
{
    static const char ending[] = ".XXXXXX";
    char path[PATH_MAX], new[PATH_MAX + sizeof ending];
    if (!entry(key, path, sizeof path, true))
        return;
    snprintf(new, sizeof new, "%s%s", path, ending);
    int descriptor = mkstemp(new);
    if (descriptor < 0)
        return;
    struct head head = {.key = key, .size = size, .sum = hash(basis, content, size)};
    memcpy(head.magic, magic, sizeof magic);
    FILE *file = fdopen(descriptor, "wb");
    bool  good = file && fwrite(&head, sizeof head, 1, file) == 1 && fwrite(content, 1, size, file) == size;
    if (file)
        good = fclose(file) == 0 && good;
    else
        close(descriptor);
    if (!good || rename(new, path) != 0)
        unlink(new);
}
