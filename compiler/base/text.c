#include "base/text.h"

#include <stdio.h>
#include <string.h>

Text *text_new(Arena *arena)
{
    Text *text = NEW(arena, Text);
    text->arena = arena;
    text->capacity = 256;
    text->at = arena_alloc(arena, text->capacity);
    return text;
}

/* Makes room for `more` bytes and the zero after them. */
static void reserve(Text *text, size_t more)
{
    size_t needed = text->size + more + 1;
    if (needed <= text->capacity)
        return;
    while (text->capacity < needed)
        text->capacity *= 2;
    char *larger = arena_alloc(text->arena, text->capacity);
    memcpy(larger, text->at, text->size + 1);
    text->at = larger;
}

static void add_bytes(Text *text, const char *bytes, size_t count)
{
    reserve(text, count);
    memcpy(text->at + text->size, bytes, count);
    text->size += count;
    text->at[text->size] = '\0';
}

void text_add(Text *text, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    size_t room = text->capacity - text->size;
    int    length = vsnprintf(text->at + text->size, room, format, list);
    if ((size_t)length >= room) {
        text->at[text->size] = '\0';
        reserve(text, (size_t)length);
        vsnprintf(text->at + text->size, (size_t)length + 1, format, again);
    }
    text->size += (size_t)length;
    va_end(again);
    va_end(list);
}

static void add_line(Text *text, const char *bytes, size_t length)
{
    if (length && bytes[0] == '}' && text->indent > 0)
        text->indent--;
    if (length)
        text_add(text, "%*s", 4 * text->indent, "");
    add_bytes(text, bytes, length);
    add_bytes(text, "\n", 1);
    if (length && bytes[length - 1] == '{')
        text->indent++;
}

void line(Text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *at = arena_vprintf(text->arena, format, list);
    va_end(list);
    for (const char *end; (end = strchr(at, '\n')); at = end + 1)
        add_line(text, at, (size_t)(end - at));
    add_line(text, at, strlen(at));
}
