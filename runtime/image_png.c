/* PNG, by libpng. */
#include "image_formats.h"

#ifdef NETC_NO_PNG

bool image_read_png(const char *path, const struct image_size *wanted, struct image *image, struct error *error)
{
    (void)wanted, (void)image;
    error_input(error, "%s: this trainer was built without libpng and cannot read PNG files", path);
    return error_add(error, "install it (Debian: apt-get install libpng-dev) and build the trainer anew, or convert the "
                     "images to PGM");
}

#else

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const char              *path;
    const struct image_size *wanted;
    struct image            *image;
    struct error            *error;
    FILE                    *file;
    png_bytep               *rows;
    bool                     told;      /* `error` is set */
    bool                     whole;     /* the image has been read */
};

/* libpng gives up: this does not return. */
static void give_up(png_structp png, png_const_charp message)
{
    struct reading *r = png_get_error_ptr(png);
    if (!r->told)
        error_input(r->error, "%s: damaged: %s", r->path, message);
    r->told = true;
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void stop(png_structp png, struct reading *r)
{
    r->told = true;
    give_up(png, "");
}

static void read_bytes(png_structp png, png_bytep bytes, png_size_t size)
{
    struct reading *r = png_get_io_ptr(png);
    if (fread(bytes, 1, size, r->file) == size)
        return;
    if (!ferror(r->file))
        give_up(png, "the file ends too early");
    error_set(r->error, STATUS_MACHINE, "%s: cannot read: %s", r->path, strerror(errno));
    stop(png, r);
}

/* Asks libpng for 8 bits a channel, grey or colour. */
static void convert(png_structp png, png_infop info)
{
    png_set_expand(png);                /* palettes, fewer bits than 8 */
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

static void read_all(png_structp png, png_infop info, struct reading *r)
{
    png_read_info(png, info);
    if (png_get_bit_depth(png, info) == 16) {
        error_input(r->error, "%s: found 16 bits a channel, expected 8 or fewer: convert it", r->path);
        stop(png, r);
    }
    convert(png, info);
    int64_t height = png_get_image_height(png, info), width = png_get_image_width(png, info);
    int     channels = png_get_channels(png, info);
    if (!image_make(r->image, r->path, r->wanted, height, width, channels, r->error))
        stop(png, r);
    r->rows = malloc((size_t)height * sizeof *r->rows);
    if (!r->rows) {
        error_memory(r->error, r->path, (size_t)height * sizeof *r->rows);
        stop(png, r);
    }
    for (int64_t y = 0; y < height; y++)
        r->rows[y] = r->image->bytes + y * width * channels;
    png_read_image(png, r->rows);
    png_read_end(png, NULL);
}

/* What changes after setjmp lies in the caller's frame. */
static bool read_guarded(struct reading *r)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, give_up, ignore);
    png_infop   info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        error_memory(r->error, r->path, sizeof *r->image);
    } else if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_read_fn(png, r, read_bytes);
        png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);    /* also of chunks that are passed over */
        read_all(png, info, r);
        r->whole = true;
    }
    png_destroy_read_struct(&png, &info, NULL);
    return r->whole;
}

bool image_read_png(const char *path, const struct image_size *wanted, struct image *image, struct error *error)
{
    struct reading r = {.path = path, .wanted = wanted, .image = image, .error = error, .file = fopen(path, "rb")};
    if (!r.file)
        return error_input(error, "%s: cannot open: %s", path, strerror(errno));
    bool good = read_guarded(&r);
    free(r.rows);
    fclose(r.file);
    return good;
}

#endif
