/* Pictures in SVG: a small writer, and what axes need. Coordinates are pixels, from the top left corner. Colours are
 * classes of one style sheet (svg.c), which has a set for light viewers and one for dark ones. */
#ifndef NETC_SVG_H
#define NETC_SVG_H

#include "error.h"

#include <stdint.h>
#include <stdio.h>

struct svg {
    FILE  *out;
    char  *text;
    size_t size;
};

bool svg_begin(struct svg *svg, double width, double height, const char *title, struct error *error);

/* Writes the picture into the file, which appears whole or not at all. */
bool svg_end(struct svg *svg, const char *path, struct error *error);

/* Forgets it. */
void svg_drop(struct svg *svg);

/* `class` is what the style sheet calls it; several are separated by blanks. */
void svg_text(struct svg *svg, double x, double y, const char *class, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A text that is turned by so many degrees, against the clock, about (x, y). */
void svg_turned(struct svg *svg, double x, double y, double degrees, const char *class, const char *text);

void svg_line(struct svg *svg, double x1, double y1, double x2, double y2, const char *class);
void svg_box(struct svg *svg, double x, double y, double width, double height, const char *class, double opacity);
void svg_dot(struct svg *svg, double x, double y, double radius, const char *class);

/* A line through `count` points, x and y by turns. */
void svg_curve(struct svg *svg, const double *points, int64_t count, const char *class);

/* An image of `channels` (1 or 3) planes of bytes, as one plane is stored after the other, each pixel a square. */
void svg_image(struct svg *svg, double x, double y, double width, double height, const uint8_t *planes, int channels,
               int64_t image_height, int64_t image_width);

/* Prints text with what XML wants escaped. */
void svg_escape(FILE *out, const char *text);

/* Where an axis from `low` to `high` has its marks: round numbers. */
struct ticks {
    double first, step;
    int    count;                       /* 1 or more */
    int    decimals;                    /* that the numbers need */
};

/* About `most` marks at most that cover low to high: the first is at low or below, the last at high or above. With
 * `whole` the step is 1 or more. */
struct ticks ticks_around(double low, double high, int most, bool whole);

/* About the width in pixels of a text in the size of the pictures' labels. */
double svg_width(const char *text, double size);

#endif
