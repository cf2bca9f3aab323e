/* PGM: "P5" (bytes) or "P2" (decimal numbers), then width, height and the value of white as decimal numbers, with comments
 * from '#' to the end of the line between them. */
#include "image_formats.h"
#include "stream.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_DIGITS = 9, WHITE = 255 };

struct reader {
    const char    *path;
    struct stream *stream;
    int64_t        offset;              /* of the next byte */
    int            peeked;              /* a byte that was read too far, or -1 */
    bool           failed;              /* reading did; `error` says why */
    struct error  *error;
};

/* The next byte, or -1 at the end. */
static int next_byte(struct reader *r)
{
    uint8_t byte;
    size_t  got = 0;
    int     peeked = r->peeked;
    r->peeked = -1;
    if (peeked < 0) {
        r->failed = r->failed || !stream_read(r->stream, &byte, 1, &got, r->error);
        peeked = r->failed || got == 0 ? -1 : byte;
    }
    r->offset += peeked >= 0;
    return peeked;
}

static void put_back(struct reader *r, int byte)
{
    r->peeked = byte;
    r->offset -= byte >= 0;
}

static bool is_space(int byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/* The first byte behind space and comments, or -1. */
static int skip_space(struct reader *r)
{
    int byte;
    do {
        byte = next_byte(r);
        while (byte == '#') {
            while (byte >= 0 && byte != '\n')
                byte = next_byte(r);
            byte = byte < 0 ? byte : next_byte(r);
        }
    } while (is_space(byte));
    return byte;
}

static bool read_number(struct reader *r, const char *what, int64_t *number)
{
    int byte = skip_space(r), digits = 0;
    *number = 0;
    for (; byte >= '0' && byte <= '9' && digits < MOST_DIGITS; digits++, byte = next_byte(r))
        *number = 10 * *number + byte - '0';
    put_back(r, byte);
    if (r->failed)
        return false;
    if (digits > 0 && (byte < 0 || is_space(byte) || byte == '#'))
        return true;
    return byte < 0 ? error_input(r->error, "%s: offset %" PRId64 ": the file ends, expected %s", r->path, r->offset, what)
                    : error_input(r->error, "%s: offset %" PRId64 ": found byte 0x%02x, expected %s, a decimal number",
                                  r->path, r->offset, (unsigned)byte, what);
}

static bool read_pixels(struct reader *r, bool plain, int64_t white, struct image *image)
{
    int64_t size = image->height * image->width;
    for (int64_t i = 0; i < size; i++) {
        int64_t value;
        if (plain) {
            if (!read_number(r, "a pixel", &value))
                return false;
        } else {
            value = next_byte(r);
            if (value < 0)
                return r->failed ? false
                                 : error_input(r->error, "%s: offset %" PRId64 ": the file ends after %" PRId64 " of its %"
                                               PRId64 " pixels", r->path, r->offset, i, size);
        }
        if (value > white)
            return error_input(r->error, "%s: offset %" PRId64 ": found a pixel of %" PRId64 ", expected at most %" PRId64
                               ", its white", r->path, r->offset - 1, value, white);
        image->bytes[i] = white == WHITE ? (uint8_t)value : (uint8_t)lrint((double)value / (double)white * WHITE);
    }
    int byte = plain ? skip_space(r) : next_byte(r);
    return (byte < 0 && !r->failed)
        || (!r->failed && error_input(r->error, "%s: offset %" PRId64 ": found more bytes, expected the end after its %"
                                      PRId64 " pixels", r->path, r->offset - 1, size));
}

static bool read_image(struct reader *r, const struct image_size *wanted, struct image *image)
{
    int64_t width, height, white;
    next_byte(r);
    bool plain = next_byte(r) == '2';
    if (!read_number(r, "the width", &width) || !read_number(r, "the height", &height)
        || !read_number(r, "the value of white", &white))
        return false;
    if (white > WHITE) {
        error_input(r->error, "%s: found %" PRId64 " as the value of white, expected 1 to 255", r->path, white);
        return error_add(r->error, "images of 16 bits are not read: convert them to 8");
    }
    if (white < 1)
        return error_input(r->error, "%s: found 0 as the value of white, expected 1 to 255", r->path);
    next_byte(r);                       /* one byte of space */
    return image_make(image, r->path, wanted, height, width, 1, r->error) && read_pixels(r, plain, white, image);
}

bool image_read_pgm(const char *path, const struct image_size *wanted, struct image *image, struct error *error)
{
    struct reader r = {.path = path, .stream = stream_open(path, false, error), .peeked = -1, .error = error};
    bool          good = r.stream && read_image(&r, wanted, image);
    stream_close(r.stream);
    return good;
}
