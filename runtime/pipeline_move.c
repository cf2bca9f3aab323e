/* Passes of moves on the CPU: where nothing is mirrored, whole rows are copied. */
#include "pipeline_pass.h"

#include <string.h>

/* The row backwards: eight bytes at a time. */
static void copy_reversed(uint8_t *to, const uint8_t *from, int32_t count)
{
    for (; count >= 8; count -= 8, to += 8) {
        uint64_t word;
        memcpy(&word, from + count - 8, sizeof word);
        word = __builtin_bswap64(word);
        memcpy(to, &word, sizeof word);
    }
    while (count > 0)
        *to++ = from[--count];
}

/* An axis along which rows or columns first .. end - 1 come from step * i + offset, and all others are filled. */
struct line { int32_t step, offset, first, end; };

/* Makes one line of all moves along an axis; false where something is mirrored or repeated beyond the image. */
static bool find_line(const struct pass *pass, int axis, struct line *line)
{
    *line = (struct line){.step = 1, .end = axis ? pass->to.width : pass->to.height};
    for (int32_t k = pass->moves - 1; k >= 0; k--) {
        const struct move *move = &pass->move[k];
        int32_t extent = move->extent[axis];
        line->step = move->reversed[axis] ? -line->step : line->step;
        line->offset = move->reversed[axis] ? extent - 1 - line->offset : line->offset + move->offset[axis];
        /* Of 0 <= step * i + offset < extent. */
        int32_t first = line->step > 0 ? -line->offset : line->offset - extent + 1;
        int32_t end = line->step > 0 ? extent - line->offset : line->offset + 1;
        bool    inside = first <= line->first && end >= line->end;
        if (!inside && move->mode != PADDING_CONSTANT)
            return false;
        line->first = first > line->first ? first : line->first;
        line->end = end < line->end ? end : line->end;
    }
    if (line->end < line->first)
        line->end = line->first = 0;
    return true;
}

/* Whether all that is filled gets one value. */
static bool same_fill(const struct pass *pass)
{
    for (int32_t k = 1; k < pass->moves; k++)
        if (pass->move[k].fill != pass->move[0].fill && !pass->move[k].reversed[0] && !pass->move[k].reversed[1])
            return false;
    return true;
}

void fill_values(void *to, int64_t at, int32_t count, float fill, bool floats)
{
    if (!floats && count > 0)
        memset((uint8_t *)to + at, (uint8_t)fill, (size_t)count);
    for (int32_t i = 0; i < count && floats; i++)
        ((float *)to)[at + i] = fill;
}

static void copy_values(void *to, int64_t at, const void *from, int64_t first, int32_t count, int32_t step, bool floats)
{
    size_t size = floats ? sizeof(float) : 1;
    if (step > 0)
        memcpy((char *)to + (size_t)at * size, (const char *)from + (size_t)first * size, (size_t)count * size);
    else if (!floats)
        copy_reversed((uint8_t *)to + at, (const uint8_t *)from + first - count + 1, count);
    else
        for (int32_t i = 0; i < count; i++)
            ((float *)to)[at + i] = ((const float *)from)[first - i];
}

static void move_lines(const struct pass *pass, const struct line *rows, const struct line *columns, const void *from,
                       void *to)
{
    int32_t height = pass->to.height, width = pass->to.width, count = columns->end - columns->first;
    int64_t at = 0;
    float   fill = pass->move[0].fill;
    bool    floats = pass->from.real;
    for (int32_t c = 0; c < pass->to.channels; c++)
        for (int32_t y = 0; y < height; y++, at += width) {
            if (y < rows->first || y >= rows->end || count == 0) {
                fill_values(to, at, width, fill, floats);
                continue;
            }
            int64_t source = ((int64_t)c * pass->from.height + rows->step * y + rows->offset) * pass->from.width;
            fill_values(to, at, columns->first, fill, floats);
            copy_values(to, at + columns->first, from, source + columns->step * columns->first + columns->offset, count,
                        columns->step, floats);
            fill_values(to, at + columns->end, width - columns->end, fill, floats);
        }
}

/* The same of any moves: where each column comes from stands in a table, for as many as it has room for. */
static void move_table(const struct pass *pass, const void *from, void *to)
{
    enum { ROOM = 1024 };
    int32_t column[ROOM];
    for (int32_t first = 0; first < pass->to.width; first += ROOM) {
        int32_t count = pass->to.width - first < ROOM ? pass->to.width - first : ROOM;
        for (int32_t x = 0; x < count; x++)
            column[x] = moved_index(pass, 1, first + x);
        for (int32_t row = 0; row < pass->to.channels * pass->to.height; row++) {
            int32_t channel = row / pass->to.height, y = moved_index(pass, 0, row % pass->to.height);
            int64_t at = (int64_t)row * pass->to.width + first;
            for (int32_t x = 0; x < count; x++)
                pass_store(pass, to, at + x, y >= 0 && column[x] >= 0 ? value_at(pass, from, channel, y, column[x])
                                             : pass->move[-1 - (y < column[x] ? y : column[x])].fill);
        }
    }
}

void pass_moves(const struct pass *pass, const void *from, void *to)
{
    struct line rows, columns;
    if (same_fill(pass) && find_line(pass, 0, &rows) && find_line(pass, 1, &columns))
        move_lines(pass, &rows, &columns, from, to);
    else
        move_table(pass, from, to);
}
