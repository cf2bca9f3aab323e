/* Writes images of an IDX file as pictures of many kinds, by libpng: pictures IMAGES.gz N FOLDER. The image number N becomes
 *   grey.png  paper.png (dark on white)  colour.png (three channels, three times as large, dark on white)
 *   palette.png  alpha.png  wide.png (wider than high)  bits.png (2 bits a channel)  deep.png (16 bits, which is refused)
 *   plain.pgm  text.pgm (P2)  four.idx (images N .. N+3)  large.idx (N, twice as large)  rows.idx (as a row of values) */
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIDE = 28, SIZE = SIDE * SIDE, HEADER = 16, MANY = 4 };

static const char *folder;

static FILE *create(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file)
        exit(3);
    return file;
}

/* How a pixel is written: as many bytes as it has there. */
typedef int pixel(uint8_t value, uint8_t *bytes);

static int grey(uint8_t value, uint8_t *bytes) { return bytes[0] = value, 1; }
static int inverted(uint8_t value, uint8_t *bytes) { return bytes[0] = (uint8_t)(255 - value), 1; }
static int colour(uint8_t value, uint8_t *bytes)
{
    memset(bytes, 255 - value, 3);
    bytes[2] = value > 100 ? 160 : bytes[2];        /* blue ink */
    return 3;
}
static int alpha(uint8_t value, uint8_t *bytes) { return bytes[0] = value, bytes[1] = 40, 2; }
static int deep(uint8_t value, uint8_t *bytes) { return bytes[0] = bytes[1] = value, 2; }
static int four_to_a_byte(uint8_t value, uint8_t *bytes) { return bytes[0] = value >> 6, 1; }

struct form { const char *name; int type, depth, high, wide; pixel *pixel; };

static void write_png(const struct form *form, const uint8_t *image)
{
    FILE       *file = create(form->name);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop   info = png_create_info_struct(png);
    uint8_t     row[SIDE * 8 * 4];
    if (setjmp(png_jmpbuf(png)))
        exit(3);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)(SIDE * form->wide), (png_uint_32)(SIDE * form->high), form->depth, form->type,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (form->type == PNG_COLOR_TYPE_PALETTE) {
        png_color colours[256];
        for (int i = 0; i < 256; i++)
            colours[i] = (png_color){(png_byte)i, (png_byte)i, (png_byte)i};
        png_set_PLTE(png, info, colours, 256);
    }
    png_write_info(png, info);
    png_set_packing(png);
    for (int y = 0; y < SIDE * form->high; y++) {
        uint8_t *at = row;
        for (int x = 0; x < SIDE * form->wide; x++)
            at += form->pixel(image[y / form->high * SIDE + x / form->wide], at);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void write_pgm(const uint8_t *image)
{
    FILE *plain = create("plain.pgm"), *text = create("text.pgm");
    fprintf(plain, "P5\n%d %d\n255\n", SIDE, SIDE);
    fprintf(text, "P2\n# in numbers\n%d %d\n255\n", SIDE, SIDE);
    fwrite(image, 1, SIZE, plain);
    for (int i = 0; i < SIZE; i++)
        fprintf(text, "%d\n", image[i]);
    fclose(plain);
    fclose(text);
}

static void number(FILE *file, int value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc(value >> shift & 255, file);
}

static void write_idx(const uint8_t *images)
{
    FILE *four = create("four.idx"), *large = create("large.idx"), *rows = create("rows.idx");
    number(four, 0x803), number(four, MANY), number(four, SIDE), number(four, SIDE);
    fwrite(images, 1, MANY * SIZE, four);
    number(large, 0x803), number(large, 1), number(large, 2 * SIDE), number(large, 2 * SIDE);
    for (int y = 0; y < 2 * SIDE; y++)
        for (int x = 0; x < 2 * SIDE; x++)
            fputc(images[y / 2 * SIDE + x / 2], large);
    number(rows, 0x802), number(rows, 1), number(rows, SIZE);
    fwrite(images, 1, SIZE, rows);
    fclose(four);
    fclose(large);
    fclose(rows);
}

int main(int argc, char **argv)
{
    static const struct form forms[] = {
        {"grey.png", PNG_COLOR_TYPE_GRAY, 8, 1, 1, grey}, {"paper.png", PNG_COLOR_TYPE_GRAY, 8, 2, 2, inverted},
        {"colour.png", PNG_COLOR_TYPE_RGB, 8, 3, 3, colour}, {"palette.png", PNG_COLOR_TYPE_PALETTE, 8, 1, 1, grey},
        {"alpha.png", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1, 1, alpha}, {"wide.png", PNG_COLOR_TYPE_GRAY, 8, 1, 2, grey},
        {"bits.png", PNG_COLOR_TYPE_GRAY, 2, 1, 1, four_to_a_byte}, {"deep.png", PNG_COLOR_TYPE_GRAY, 16, 1, 1, deep},
    };
    static uint8_t images[MANY * SIZE];
    if (argc != 4)
        return 2;
    folder = argv[3];
    gzFile in = gzopen(argv[1], "rb");
    if (!in || gzseek(in, HEADER + atol(argv[2]) * SIZE, SEEK_SET) < 0
        || gzread(in, images, sizeof images) != (int)sizeof images)
        return 3;
    gzclose(in);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        write_png(&forms[i], images);
    write_pgm(images);
    write_idx(images);
    return 0;
}
