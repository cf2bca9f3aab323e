#include "svg.h"

#include "image_encode.h"
#include "replace.h"
#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Blue, green and vermilion are told apart by all kinds of colour blindness, and by their brightness in grey. */
static const char style[] =
    "<style>\n"
    "text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }\n"
    ".title { font-size: 17px; font-weight: 600 } .small { font-size: 12px } .tiny { font-size: 11px }\n"
    ".dim { fill: #59636e } .end { text-anchor: end } .middle { text-anchor: middle } .bold { font-weight: 600 }\n"
    ".paper { fill: #ffffff } .grid { stroke: #e2e5e9 } .axis { stroke: #8b949e } .frame { fill: none; stroke: #c8ced5 }\n"
    ".curve { fill: none; stroke-width: 2; stroke-linejoin: round } .dashed { stroke-dasharray: 6 4 }\n"
    ".dotted { stroke-dasharray: 1.5 3.5; stroke-linecap: round } .lead { stroke-width: 1; opacity: .6 }\n"
    ".on { fill: #ffffff }\n"
    ".train { stroke: #0072b2 } .valid { stroke: #00855f } .test { stroke: #c84e00 }\n"
    ".train-fill { fill: #0072b2 } .valid-fill { fill: #00855f } .test-fill { fill: #c84e00 }\n"
    ".hit { fill: #1b6ca8 } .miss { fill: #d55e00 }\n"
    "image { image-rendering: pixelated }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e6edf3 } .dim { fill: #9ba6b2 } .paper { fill: #12161c } .grid { stroke: #2b323b }\n"
    ".axis { stroke: #7d8590 } .frame { stroke: #3d444d } .on { fill: #ffffff }\n"
    ".train { stroke: #56b4e9 } .valid { stroke: #2dc495 } .test { stroke: #f58a3c }\n"
    ".train-fill { fill: #56b4e9 } .valid-fill { fill: #2dc495 } .test-fill { fill: #f58a3c }\n"
    "}\n"
    "</style>\n";

void svg_escape(FILE *out, const char *text)
{
    static const struct { char character; const char *escaped; } escapes[] = {
        {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };
    for (; *text; text++) {
        const char *escaped = NULL;
        for (size_t i = 0; i < sizeof escapes / sizeof *escapes && !escaped; i++)
            if (escapes[i].character == *text)
                escaped = escapes[i].escaped;
        if (escaped)
            fputs(escaped, out);
        else
            fputc(*text, out);
    }
}

bool svg_begin(struct svg *svg, double width, double height, const char *title, struct error *error)
{
    *svg = (struct svg){0};
    svg->out = open_memstream(&svg->text, &svg->size);
    if (!svg->out)
        return error_memory(error, "a picture", 0);
    fprintf(svg->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n<title>", width, height, width, height);
    svg_escape(svg->out, title);
    fprintf(svg->out, "</title>\n%s<rect width=\"%.0f\" height=\"%.0f\" class=\"paper\"/>\n", style, width, height);
    return true;
}

bool svg_end(struct svg *svg, const char *path, struct error *error)
{
    struct replacement file;
    fputs("</svg>\n", svg->out);
    bool whole = !ferror(svg->out);
    whole = fclose(svg->out) == 0 && whole;
    bool good = (whole || error_memory(error, path, svg->size)) && replace_begin(&file, path, error)
             && replace_end(&file, fwrite(svg->text, 1, svg->size, file.file) == svg->size, false, error);
    free(svg->text);
    return good;
}

void svg_drop(struct svg *svg)
{
    fclose(svg->out);
    free(svg->text);
}

void svg_text(struct svg *svg, double x, double y, const char *class, const char *format, ...)
{
    char    text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(svg->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    char *clean = utf8_clean(text);     /* it may have been cut within a character */
    svg_escape(svg->out, clean ? clean : "");
    free(clean);
    fputs("</text>\n", svg->out);
}

void svg_turned(struct svg *svg, double x, double y, double degrees, const char *class, const char *text)
{
    fprintf(svg->out, "<text transform=\"translate(%.1f %.1f) rotate(%.0f)\" class=\"%s\">", x, y, -degrees, class);
    svg_escape(svg->out, text);
    fputs("</text>\n", svg->out);
}

void svg_line(struct svg *svg, double x1, double y1, double x2, double y2, const char *class)
{
    fprintf(svg->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class);
}

void svg_box(struct svg *svg, double x, double y, double width, double height, const char *class, double opacity)
{
    fprintf(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"", x, y, width, height, class);
    if (opacity < 1)
        fprintf(svg->out, " fill-opacity=\"%.3f\"", opacity);
    fputs("/>\n", svg->out);
}

void svg_dot(struct svg *svg, double x, double y, double radius, const char *class)
{
    fprintf(svg->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, radius, class);
}

void svg_curve(struct svg *svg, const double *points, int64_t count, const char *class)
{
    fputs("<polyline points=\"", svg->out);
    for (int64_t i = 0; i < count; i++)
        fprintf(svg->out, "%s%.1f,%.1f", i ? " " : "", points[2 * i], points[2 * i + 1]);
    fprintf(svg->out, "\" class=\"%s\"/>\n", class);
}

void svg_image(struct svg *svg, double x, double y, double width, double height, const uint8_t *planes, int channels,
               int64_t image_height, int64_t image_width)
{
    fprintf(svg->out, "<image x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" href=\"data:image/png;base64,", x, y,
            width, height);
    image_encode_base64(svg->out, planes, channels, image_height, image_width);
    fputs("\"/>\n", svg->out);
}

struct ticks ticks_around(double low, double high, int most, bool whole)
{
    static const double factors[] = {1, 2, 5};
    enum { FACTORS = sizeof factors / sizeof *factors };
    double least = (high - low) / most;
    least = whole && least < 1 ? 1 : least;
    if (!isfinite(least))
        return (struct ticks){.first = low, .step = 1, .count = 1};
    if (!(least > 1e-300))              /* one value */
        least = 1;
    double decade = pow(10, floor(log10(least))), step = 10 * decade;
    for (int i = FACTORS; i-- > 0; )
        if (factors[i] * decade >= least * (1 - 1e-9))
            step = factors[i] * decade;
    double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    return (struct ticks){
        .first = first * step, .step = step, .count = (int)(last - first) + 1,
        .decimals = step >= 1 ? 0 : (int)-floor(log10(step) + 1e-9),
    };
}

double svg_width(const char *text, double size) { return 0.66 * size * utf8_width(text); }
