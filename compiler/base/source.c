#include "base/diag.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { SOURCE_MOST = 4 * 1024 * 1024 };

Span span_join(Span a, Span b)
{
    return (Span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

Position source_position(const Source *source, uint32_t at)
{
    const char *text = source->text, *end = text + (at < source->size ? at : source->size);
    Position    position = {1, 1};
    if (source->size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        text += 3;
    if (text > end)
        return position;
    for (const char *stop; (stop = memchr(text, '\n', (size_t)(end - text))); text = stop + 1)
        position.line++;
    for (; text < end; text++)
        position.column += ((unsigned char)*text & 0xC0) != 0x80;       /* not a byte that continues a code point */
    return position;
}

static const Source *read_stream(Arena *arena, const char *path, FILE *in, const char **why)
{
    size_t size = 0, room = 4096;
    char  *text = arena_alloc(arena, room + 1);
    for (size_t got; (got = fread(text + size, 1, room - size, in)) > 0;) {
        size += got;
        if (size > SOURCE_MOST) {
            *why = "is larger than 4 MiB";
            return NULL;
        }
        if (size < room)
            continue;
        char *larger = arena_alloc(arena, room * 2 + 1);
        memcpy(larger, text, size);
        text = larger;
        room *= 2;
    }
    if (ferror(in)) {
        *why = strerror(errno);
        return NULL;
    }
    text[size] = '\0';
    Source *source = NEW(arena, Source);
    *source = (Source){path, text, size};
    return source;
}

const Source *source_read(Arena *arena, const char *path, const char **why)
{
    if (!strcmp(path, "-"))
        return read_stream(arena, "<stdin>", stdin, why);
    FILE *in = fopen(path, "rb");
    if (!in) {
        *why = strerror(errno);
        return NULL;
    }
    struct stat info;
    const Source *source = NULL;
    if (!fstat(fileno(in), &info) && S_ISDIR(info.st_mode))
        *why = "is a directory";
    else
        source = read_stream(arena, path, in, why);
    fclose(in);
    return source;
}
