#include "check/model.h"

#include <inttypes.h>

int64_t shape_elements(Shape shape)
{
    int64_t elements = 1;
    for (int i = 0; i < shape.rank; i++)
        elements *= shape.dim[i];
    return elements;
}

bool shape_equal(Shape a, Shape b)
{
    if (a.rank != b.rank)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

const char *shape_text(Arena *arena, Shape shape)
{
    const char *text = "";
    for (int i = 0; i < shape.rank; i++)
        text = arena_printf(arena, "%s%s%" PRId64, text, i ? "x" : "", shape.dim[i]);
    return text;
}
