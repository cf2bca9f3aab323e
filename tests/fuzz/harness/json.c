/* JSON, as the runtime reads it: whatever comes, one value after the other. */
#include "../refused.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>

/* One string, number or mark; false at the end. What is refused leaves `at` where it is or further on. */
static bool take(struct json *json)
{
    struct error error;
    char        *string;
    uint64_t     number;
    size_t       before = json->at;
    char         next = json_peek(json);
    if (json->at == json->size)
        return false;
    if (next == '"') {
        if (json_string(json, &string, &error))
            fuzz_require(strlen(string) < json->at - before, "a string longer than what it was read from");
        else
            fuzz_refused(&error);
    } else if (next >= '0' && next <= '9') {
        if (!json_whole(json, &number, &error))
            fuzz_refused(&error);
    } else if (!json_expect(json, ',', &error)) {
        fuzz_refused(&error);
        json->at++;
    }
    fuzz_require(json->at > before && json->at <= json->size, "from %zu to %zu of %zu", before, json->at, json->size);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct json json = {.text = malloc(size), .size = size};        /* no byte more: what lies behind it is not its own */
    fuzz_require(json.text || size == 0, "no memory");
    if (size)
        memcpy(json.text, bytes, size);
    while (take(&json))
        ;
    free(json.text);
    return 0;
}
