#include "error.h"

#include "format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct error *error, const char *format, va_list args)
{
    size_t left = sizeof error->text - error->length;
    int    written = vsnprintf(error->text + error->length, left, format, args);
    if (written < 0)
        return;
    if ((size_t)written >= left) {
        static const char more[] = " ...";
        error->full = true;
        error->length = sizeof error->text - 1;
        memcpy(error->text + sizeof error->text - sizeof more, more, sizeof more);
    } else {
        error->length += (size_t)written;
    }
}

bool error_set(struct error *error, int status, const char *format, ...)
{
    va_list args;
    *error = (struct error){.status = status};
    va_start(args, format);
    append(error, format, args);
    va_end(args);
    return false;
}

bool error_input(struct error *error, const char *format, ...)
{
    va_list args;
    *error = (struct error){.status = STATUS_INPUT};
    va_start(args, format);
    append(error, format, args);
    va_end(args);
    return false;
}

bool error_add(struct error *error, const char *format, ...)
{
    static const char indent[] = "\n  ";
    va_list args;
    if (error->full || error->length + sizeof indent >= sizeof error->text)
        return false;
    memcpy(error->text + error->length, indent, sizeof indent);
    error->length += sizeof indent - 1;
    va_start(args, format);
    append(error, format, args);
    va_end(args);
    return false;
}

bool error_memory(struct error *error, const char *what, size_t bytes)
{
    char text[FORMAT_SIZE];
    return error_set(error, STATUS_MACHINE, "not enough memory: %s needs %s", what, format_bytes(text, (double)bytes));
}

void error_print(const struct error *error, const char *name)
{
    fprintf(stderr, "%s: %s", name, error->status > STATUS_SIGNAL ? "" : "error: ");
    for (size_t i = 0; i < error->length; i++) {
        unsigned char byte = (unsigned char)error->text[i];
        fputc((byte < 0x20 && byte != '\n') || byte == 0x7f ? '?' : byte, stderr);
    }
    fputc('\n', stderr);
}
