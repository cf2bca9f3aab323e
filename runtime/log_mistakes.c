/* mistakes.svg: a sheet of the test images that the network is most wrong about. */
#include "log_parts.h"
#include "pipeline.h"
#include "svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, MARGIN = 24, TOP = 78, TILE = 104, GAP = 24, WORDS = 72, LARGEST_SIDE = 64, NAME = 11 };

/* An image of which pixels are dropped until it is small, so that a sheet of them is. It is colour, or the first channel as
 * grey. */
struct thumbnail {
    uint8_t *planes;
    int      channels;
    int32_t  height, width;
};

static bool make_thumbnail(struct sample_shape shape, const uint8_t *image, struct thumbnail *thumbnail,
                           struct error *error)
{
    int32_t longer = shape.height > shape.width ? shape.height : shape.width;
    int32_t every = (longer + LARGEST_SIDE - 1) / LARGEST_SIDE;
    thumbnail->channels = shape.channels == 3 ? 3 : 1;
    thumbnail->height = (shape.height + every - 1) / every;
    thumbnail->width = (shape.width + every - 1) / every;
    size_t size = (size_t)thumbnail->channels * (size_t)thumbnail->height * (size_t)thumbnail->width, at = 0;
    thumbnail->planes = malloc(size);
    if (!thumbnail->planes)
        return error_memory(error, "a picture", size);
    for (int64_t c = 0; c < thumbnail->channels; c++)
        for (int64_t y = 0; y < shape.height; y += every)
            for (int64_t x = 0; x < shape.width; x += every)
                thumbnail->planes[at++] = image[(c * shape.height + y) * shape.width + x];
    return true;
}

/* A name that fits below a tile. */
static void draw_name(struct svg *svg, double x, double y, const char *class, const char *before, const char *name)
{
    size_t at = 0;
    for (int characters = 0; name[at] && characters < NAME; characters++)
        for (at++; ((unsigned char)name[at] & 0xC0) == 0x80; )
            at++;
    svg_text(svg, x, y, class, "%s%.*s%s", before, (int)at, name, name[at] ? "\xE2\x80\xA6" : "");
}

static bool draw_tile(struct svg *svg, const struct log *log, const struct mistake *mistake, double x, double y,
                      struct error *error)
{
    const struct sample_shape shape = log->shape;
    struct thumbnail          thumbnail;
    if (!make_thumbnail(shape, log->config.test->images + mistake->sample * shape_bytes(shape), &thumbnail, error))
        return false;
    double longer = (double)(shape.height > shape.width ? shape.height : shape.width);
    double height = TILE * (double)shape.height / longer, width = TILE * (double)shape.width / longer;
    svg_image(svg, x + (TILE - width) / 2, y + (TILE - height) / 2, width, height, thumbnail.planes, thumbnail.channels,
              thumbnail.height, thumbnail.width);
    free(thumbnail.planes);
    svg_box(svg, x - 0.5, y - 0.5, TILE + 1, TILE + 1, "frame", 1);
    draw_name(svg, x, y + TILE + 17, "bold", "", log->classes.name[mistake->label]);
    draw_name(svg, x, y + TILE + 34, "test-fill", "\xE2\x86\x92 ", log->classes.name[mistake->predicted]);
    if (isfinite(mistake->probability))
        svg_text(svg, x, y + TILE + 49, "dim small", "%.1f %%", 100 * mistake->probability);
    else
        svg_text(svg, x, y + TILE + 49, "dim small", "not a number");
    return true;
}

bool log_draw_mistakes(const struct log *log, const char *path, struct error *error)
{
    const struct mistakes *mistakes = &log->last.mistakes;
    int         rows = (mistakes->count + COLUMNS - 1) / COLUMNS;
    double      width = 2 * MARGIN + COLUMNS * TILE + (COLUMNS - 1) * GAP, height = TOP + (TILE + WORDS) * rows + MARGIN;
    char        title[256];
    struct svg  svg;
    bool        good = true;
    snprintf(title, sizeof title, "%s: the worst mistakes", log->config.model->name);
    if (!svg_begin(&svg, width, height, title, error))
        return false;
    svg_text(&svg, MARGIN, 32, "title", "%s", title);
    if (mistakes->count > 0)
        svg_text(&svg, MARGIN, 54, "dim", "test images after epoch %.0f: the class they are of, the one they are taken for, "
                 "and how surely", log->last.epoch);
    else
        svg_text(&svg, MARGIN, 54, "dim", "none: all test images are right after epoch %.0f", log->last.epoch);
    for (int i = 0; i < mistakes->count && good; i++)
        good = draw_tile(&svg, log, &mistakes->at[i], MARGIN + i % COLUMNS * (TILE + GAP),
                         TOP + i / COLUMNS * (TILE + WORDS), error);
    if (good)
        return svg_end(&svg, path, error);
    svg_drop(&svg);
    return false;
}
