#include "stream.h"

#include "archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifndef NETC_NO_ZLIB
#include <zlib.h>
#endif

struct stream {
    char   *path;                       /* of an archive's file: both names */
    FILE   *file;
    struct unpacker *unpacker;          /* in place of `file` */
    int64_t size;                       /* of the file */
    bool    gzip;
#ifndef NETC_NO_ZLIB
    z_stream      inflater;
    bool          inflating;            /* inflater holds memory */
    bool          ended;                /* after a member's end, before the next one's beginning */
    int64_t       taken;                /* bytes of the file that came to `packed` so far */
    unsigned char packed[1 << 16];
#endif
};

static bool read_failed(struct stream *stream, struct error *error)
{
    return error_set(error, STATUS_MACHINE, "%s: cannot read: %s", stream->path, strerror(errno));
}

/* The bytes as they are in the file. */
static bool read_plain(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error)
{
    if (stream->unpacker)
        return archive_read(stream->unpacker, bytes, size, got, error);
    *got = fread(bytes, 1, size, stream->file);
    return !ferror(stream->file) || read_failed(stream, error);
}

#ifdef NETC_NO_ZLIB

bool stream_unpacks(void) { return false; }

static bool start_gzip(struct stream *stream, struct error *error)
{
    error_input(error, "%s: this trainer was built without zlib and cannot read .gz files", stream->path);
    return error_add(error, "unpack it with: gunzip %s", stream->path);
}

static bool read_gzip(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error)
{
    (void)bytes, (void)size, (void)got;
    return start_gzip(stream, error);
}

static void end_gzip(struct stream *stream) { (void)stream; }

#else

bool stream_unpacks(void) { return true; }

static bool damaged(struct stream *stream, const char *what, struct error *error)
{
    return error_input(error, "%s: damaged near offset %" PRId64 " of the compressed file: %s", stream->path,
                       stream->taken - (int64_t)stream->inflater.avail_in, what);
}

/* Makes sure that there is packed input, unless the file has ended. */
static bool refill(struct stream *stream, struct error *error)
{
    z_stream *z = &stream->inflater;
    size_t    got;
    if (z->avail_in > 0)
        return true;
    if (!read_plain(stream, stream->packed, sizeof stream->packed, &got, error))
        return false;
    z->avail_in = (unsigned)got;
    z->next_in = stream->packed;
    stream->taken += (int64_t)got;
    return true;
}

static bool start_gzip(struct stream *stream, struct error *error)
{
    z_stream            *z = &stream->inflater;
    const unsigned char *magic = stream->packed;
    if (inflateInit2(z, 16 + MAX_WBITS) != Z_OK)                    /* 16: a gzip header is required */
        return error_memory(error, "unpacking", sizeof *stream);
    stream->inflating = true;
    if (!refill(stream, error))
        return false;
    if (z->avail_in < 2)
        return error_input(error, "%s: offset 0: the file ends after %u bytes", stream->path, z->avail_in);
    if (magic[0] == 0x1f && magic[1] == 0x8b)
        return true;
    error_input(error, "%s: offset 0: found bytes %02x %02x, expected gzip's 1f 8b", stream->path, magic[0], magic[1]);
    return error_add(error, "if the file is unpacked already, take .gz off its name");
}

static bool read_gzip(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error)
{
    z_stream *z = &stream->inflater;
    *got = 0;
    while (*got < size) {
        if (!refill(stream, error))
            return false;
        if (stream->ended) {
            if (z->avail_in == 0)
                return true;
            inflateReset(z);            /* a gzip file may be several, one after the other */
            stream->ended = false;
        }
        if (z->avail_in == 0)
            return damaged(stream, "the file ends before its compressed data do", error);
        size_t   want = size - *got;
        unsigned room = want < 1u << 30 ? (unsigned)want : 1u << 30;
        z->next_out = (unsigned char *)bytes + *got;
        z->avail_out = room;
        int status = inflate(z, Z_NO_FLUSH);
        *got += room - z->avail_out;
        if (status == Z_STREAM_END) {
            stream->ended = true;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return damaged(stream, z->msg ? z->msg : zError(status), error);
        }
    }
    return true;
}

static void end_gzip(struct stream *stream)
{
    if (stream->inflating)
        inflateEnd(&stream->inflater);
}

#endif

struct stream *stream_open(const char *path, bool gzip, struct error *error)
{
    struct stream *stream = calloc(1, sizeof *stream);
    struct stat    info;
    if (!stream || !(stream->path = strdup(path))) {
        free(stream);
        error_memory(error, path, sizeof *stream);
        return NULL;
    }
    stream->gzip = gzip;
    if (stat(path, &info) != 0)         /* before opening, which would wait for a pipe's writer */
        error_input(error, "%s: cannot open: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        error_input(error, "%s: %s, not a file", path, S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    else if (!(stream->file = fopen(path, "rb")))
        error_input(error, "%s: cannot open: %s", path, strerror(errno));
    else if (stream->size = info.st_size, !gzip || start_gzip(stream, error))
        return stream;
    stream_close(stream);
    return NULL;
}

/* Goes to the file `entry` of the zip. */
static bool find_entry(struct stream *stream, const char *entry, struct error *error)
{
    const char *name;
    do {
        if (!archive_next(stream->unpacker, &name, error))
            return false;
    } while (name && strcmp(name, entry) != 0);
    return name || error_input(error, "%s: it is not in the archive", stream->path);
}

struct stream *stream_open_entry(const char *path, const char *entry, bool gzip, struct error *error)
{
    struct stream *stream = calloc(1, sizeof *stream);
    size_t         size = strlen(path) + strlen(entry) + sizeof ": ";
    if (!stream || !(stream->path = malloc(size))) {
        free(stream);
        error_memory(error, path, sizeof *stream);
        return NULL;
    }
    snprintf(stream->path, size, "%s: %s", path, entry);
    stream->gzip = gzip;
    stream->size = -1;
    stream->unpacker = archive_open_zip(path, error);
    if (stream->unpacker && find_entry(stream, entry, error) && (!gzip || start_gzip(stream, error)))
        return stream;
    stream_close(stream);
    return NULL;
}

bool stream_read(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error)
{
    return stream->gzip ? read_gzip(stream, bytes, size, got, error) : read_plain(stream, bytes, size, got, error);
}

int64_t stream_size(const struct stream *stream) { return stream->gzip ? -1 : stream->size; }

const char *stream_path(const struct stream *stream) { return stream->path; }

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    end_gzip(stream);
    archive_close(stream->unpacker);
    if (stream->file)
        fclose(stream->file);
    free(stream->path);
    free(stream);
}
