#include "base/utf8.h"

typedef struct Range { uint32_t first, last; } Range;

static bool contains(const Range *ranges, uint32_t code)
{
    for (; ranges->last; ranges++)
        if (code >= ranges->first && code <= ranges->last)
            return true;
    return false;
}

int utf8_decode(const char *at, size_t room, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};    /* by length: less would be overlong */
    if (!room)
        return 0;
    unsigned char first = (unsigned char)at[0];
    int length = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
    if (!length || (size_t)length > room)
        return 0;
    uint32_t value = length == 1 ? first : first & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        unsigned char next = (unsigned char)at[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return length;
}

int utf8_columns(uint32_t code)
{
    static const Range none[] = {
        {0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
        {0, 0}
    };
    static const Range wide[] = {
        {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},
        {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1FAFF}, {0x20000, 0x3FFFD}, {0, 0}
    };
    if (code < 0x300)
        return 1;
    return contains(none, code) ? 0 : contains(wide, code) ? 2 : 1;
}

bool utf8_is_control(uint32_t code)
{
    static const Range controls[] = {
        {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069},
        {0, 0}
    };
    return (code < 0x20 || code > 0x7E) && contains(controls, code);
}
