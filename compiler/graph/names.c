/* C identifiers out of the names of the spec, each once in the graph. */
#include "graph/graph.h"

#include <ctype.h>
#include <string.h>

struct Names {
    const char **slot;          /* open addressing; NULL is free */
    size_t       slots, used;
};

/* What no tensor and no function may be called: the keywords of C and of CUDA's C++, what generated code calls its own
 * types, functions and variables, and what it uses of the library. */
static const char *const reserved[] = {
    "alignas", "alignof", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const", "constexpr",
    "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "explicit", "export", "extern",
    "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept",
    "nullptr", "operator", "private", "protected", "public", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid",
    "typename", "typeof", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while",

    "abs", "erf", "errno", "exp", "fabs", "fmax", "fmin", "linux", "log", "main", "memcpy", "memset", "ptrdiff_t",
    "size_t", "sqrt", "tanh", "unix", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
    "uint64_t",

    "real", "vf", "vi", "lane", "step", "scratch", "weights", "gradients", "gradient", "unit", "block", "blocks",
    "byte", "sample", "samples", "first", "last", "end", "factor", "shift", "part", "partial", "to", "image", "images",
    "sum", "sum_2", "largest", "largest_2", "place", "place_2", "last_2", "value", "value_2", "taken", "taken_2",
    "at", "count", "from", "from_row", "in_column", "patch", "place_k", "row", "window", "work",
    "result", "rows", "tap", "tiles", "history", "turned", "next", "given", "power", "of_label", "next_tile", "range_part",
    "lanes", "pixels", "piece", "rest", "sgd", "sgd_at", "sgd_lanes", "optimizer", "apply_gradient",
};

/* Further, axes of nests are single letters, the ranges of loops end in _range, functions on lanes begin with lanes_, the
 * constants that number kernels with KERNEL_, and macros have no small letter. */
static bool is_reserved(const char *name)
{
    size_t length = strlen(name), ending = strlen("_range");
    bool small = false;
    for (const char *c = name; *c; c++)
        small = small || islower((unsigned char)*c);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return !small || length == 1 || (length > ending && strcmp(name + length - ending, "_range") == 0) ||
           strncmp(name, "lanes_", strlen("lanes_")) == 0 ||
           strncmp(name, "KERNEL_", strlen("KERNEL_")) == 0;
}

static size_t hash(const char *name)
{
    uint64_t h = 14695981039346656037u;         /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)h;
}

/* Where `name` stands, or would. */
static const char **find(struct Names *names, const char *name)
{
    size_t at = hash(name) % names->slots;
    while (names->slot[at] && strcmp(names->slot[at], name))
        at = (at + 1) % names->slots;
    return &names->slot[at];
}

static void grow(Arena *arena, struct Names *names)
{
    const struct Names old = *names;
    names->slots = old.slots ? 2 * old.slots : 512;
    names->slot = arena_alloc(arena, names->slots * sizeof *names->slot);
    for (size_t i = 0; i < old.slots; i++)
        if (old.slot[i])
            *find(names, old.slot[i]) = old.slot[i];
}

struct Names *names_new(Arena *arena)
{
    struct Names *names = NEW(arena, struct Names);
    grow(arena, names);
    return names;
}

const char *name_unique(Arena *arena, struct Names *names, const char *wanted)
{
    char *base = arena_printf(arena, "%s", wanted);
    for (char *c = base; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    if (is_reserved(base))
        base = arena_printf(arena, "%s_", base);
    const char *name = base;
    for (int number = 2; *find(names, name); number++)
        name = arena_printf(arena, "%s_%d", base, number);
    if (2 * ++names->used > names->slots)
        grow(arena, names);
    *find(names, name) = name;
    return name;
}
