#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifndef NETC_NO_ZLIB
#include <zlib.h>
#endif

struct stream {
    char   *path;
    FILE   *file;
    int64_t size;                       /* of the file */
    bool    gzip;
#ifndef NETC_NO_ZLIB
    z_stream      inflater;
    bool          inflating;            /* inflater holds memory */
    bool          ended;                /* after a member's end, before the next one's beginning */
    unsigned char packed[1 << 16];
#endif
};

static bool read_failed(struct stream *stream, struct error *error)
{
    return error_set(error, STATUS_MACHINE, "%s: cannot read: %s", stream->path, strerror(errno));
}

#ifdef NETC_NO_ZLIB

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

static bool start_gzip(struct stream *stream, struct error *error)
{
    unsigned char magic[2] = {0};
    size_t        got = fread(magic, 1, sizeof magic, stream->file);
    if (ferror(stream->file))
        return read_failed(stream, error);
    rewind(stream->file);
    if (got < sizeof magic)
        return error_input(error, "%s: offset 0: the file ends after %zu bytes", stream->path, got);
    if (magic[0] != 0x1f || magic[1] != 0x8b) {
        error_input(error, "%s: offset 0: found bytes %02x %02x, expected gzip's 1f 8b", stream->path, magic[0],
                    magic[1]);
        return error_add(error, "if the file is unpacked already, take .gz off its name");
    }
    if (inflateInit2(&stream->inflater, 16 + MAX_WBITS) != Z_OK)    /* 16: a gzip header is required */
        return error_memory(error, "unpacking", sizeof *stream);
    stream->inflating = true;
    return true;
}

static bool damaged(struct stream *stream, const char *what, struct error *error)
{
    long at = ftell(stream->file) - (long)stream->inflater.avail_in;
    return error_input(error, "%s: damaged near offset %ld of the compressed file: %s", stream->path, at, what);
}

/* Makes sure that there is packed input, unless the file has ended. */
static bool refill(struct stream *stream, struct error *error)
{
    z_stream *z = &stream->inflater;
    if (z->avail_in > 0)
        return true;
    z->avail_in = (unsigned)fread(stream->packed, 1, sizeof stream->packed, stream->file);
    z->next_in = stream->packed;
    return !ferror(stream->file) || read_failed(stream, error);
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

bool stream_read(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error)
{
    if (stream->gzip)
        return read_gzip(stream, bytes, size, got, error);
    *got = fread(bytes, 1, size, stream->file);
    return !ferror(stream->file) || read_failed(stream, error);
}

int64_t stream_size(const struct stream *stream) { return stream->gzip ? -1 : stream->size; }

const char *stream_path(const struct stream *stream) { return stream->path; }

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    end_gzip(stream);
    if (stream->file)
        fclose(stream->file);
    free(stream->path);
    free(stream);
}
