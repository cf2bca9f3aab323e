/* PNG: a signature, then chunks, each its length, four letters, the contents and a CRC of both. The pixels are a stream
 * in zlib's format, which may hold them in blocks of up to 65,535 bytes as they are. */
#include "image_encode.h"

#include <string.h>

enum { LARGEST_BLOCK = 65535, ADLER = 65521 };

struct writer {
    FILE    *out;
    uint32_t crc;                       /* of the chunk so far */
    uint32_t a, b;                      /* of zlib's checksum so far */
    uint32_t held;                      /* bytes that make no whole group of base64 yet */
    int      holds;
};

/* A group of 3 bytes becomes 4 letters of 6 bits; `bytes` are less at the end. */
static void print_group(FILE *out, uint32_t group, int bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 4; i++)
        fputc(i <= bytes ? letters[group >> (18 - 6 * i) & 63] : '=', out);
}

static void put(struct writer *w, uint8_t byte)
{
    w->crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        w->crc = w->crc >> 1 ^ (w->crc & 1 ? 0xEDB88320u : 0);
    w->held = w->held << 8 | byte;
    if (++w->holds == 3) {
        print_group(w->out, w->held, 3);
        w->held = 0;
        w->holds = 0;
    }
}

static void put_number(struct writer *w, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        put(w, (uint8_t)(number >> shift));
}

static void begin_chunk(struct writer *w, const char *name, uint32_t length)
{
    put_number(w, length);
    w->crc = 0xFFFFFFFFu;
    for (int i = 0; i < 4; i++)
        put(w, (uint8_t)name[i]);
}

static void end_chunk(struct writer *w) { put_number(w, ~w->crc); }

/* A byte of the pixels, number `at` of `size`. */
static void put_pixel(struct writer *w, uint8_t byte, int64_t at, int64_t size)
{
    if (at % LARGEST_BLOCK == 0) {
        int64_t left = size - at, length = left < LARGEST_BLOCK ? left : LARGEST_BLOCK;
        put(w, left <= LARGEST_BLOCK);  /* the last block */
        for (int i = 0; i < 2; i++)     /* its length, and that inverted, the low byte first */
            for (int shift = 0; shift < 16; shift += 8)
                put(w, (uint8_t)((i ? ~length : length) >> shift));
    }
    put(w, byte);
    w->a = (w->a + byte) % ADLER;
    w->b = (w->b + w->a) % ADLER;
}

static void put_pixels(struct writer *w, const uint8_t *planes, int channels, int64_t height, int64_t width)
{
    int64_t row = 1 + channels * width, size = height * row, blocks = (size - 1) / LARGEST_BLOCK + 1, at = 0;
    begin_chunk(w, "IDAT", (uint32_t)(2 + size + 5 * blocks + 4));
    put(w, 0x78);
    put(w, 0x01);
    w->a = 1;
    w->b = 0;
    for (int64_t y = 0; y < height; y++) {
        put_pixel(w, 0, at++, size);    /* a row as it is */
        for (int64_t x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                put_pixel(w, planes[(c * height + y) * width + x], at++, size);
    }
    put_number(w, w->b << 16 | w->a);
    end_chunk(w);
}

void image_encode_base64(FILE *out, const uint8_t *planes, int channels, int64_t height, int64_t width)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const uint8_t format[] = {8, channels == 1 ? 0 : 2, 0, 0, 0};   /* bits, grey or colour, the usual methods */
    struct writer w = {.out = out};
    for (size_t i = 0; i < sizeof signature; i++)
        put(&w, signature[i]);
    begin_chunk(&w, "IHDR", 8 + sizeof format);
    put_number(&w, (uint32_t)width);
    put_number(&w, (uint32_t)height);
    for (size_t i = 0; i < sizeof format; i++)
        put(&w, format[i]);
    end_chunk(&w);
    put_pixels(&w, planes, channels, height, width);
    begin_chunk(&w, "IEND", 0);
    end_chunk(&w);
    if (w.holds > 0)
        print_group(out, w.held << 8 * (3 - w.holds), w.holds);
}
