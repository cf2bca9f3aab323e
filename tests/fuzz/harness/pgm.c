/* PGM, of bytes and of numbers. */
#include "../picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_picture(bytes, size);
    return 0;
}
