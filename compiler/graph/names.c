/* C identifiers out of the names of the spec, each once in the graph. */
#include "graph/graph.h"

#include <ctype.h>
#include <string.h>

struct Names {
    const char **slot;          /* open addressing; NULL is free */
    size_t       slots, used;
};

/* What no tensor and no function may be called: the keywords of C and of CUDA's C++, and what generated code itself
 * uses as a name. Single letters are the axes of nests. */
static const char *const reserved[] = {
    "alignas", "alignof", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const", "constexpr",
    "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "explicit", "export", "extern",
    "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept",
    "nullptr", "operator", "private", "protected", "public", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid",
    "typename", "typeof", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while",
    "NULL", "errno", "main", "real", "vf", "vi", "size_t", "ptrdiff_t", "lane", "step", "scratch", "weights", "gradients",
    "exp", "log", "tanh", "sqrt", "erf", "fmax", "fmin", "abs", "fabs", "memset", "memcpy", "linux", "unix",
    "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
};

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

static void add(Arena *arena, struct Names *names, const char *name)
{
    if (2 * (names->used + 1) > names->slots) {
        struct Names larger = { NULL, names->slots ? 2 * names->slots : 512, names->used };
        larger.slot = arena_alloc(arena, larger.slots * sizeof *larger.slot);
        for (size_t i = 0; i < names->slots; i++)
            if (names->slot[i])
                *find(&larger, names->slot[i]) = names->slot[i];
        *names = larger;
    }
    *find(names, name) = name;
    names->used++;
}

struct Names *names_new(Arena *arena)
{
    struct Names *names = NEW(arena, struct Names);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        add(arena, names, reserved[i]);
    return names;
}

const char *name_unique(Arena *arena, struct Names *names, const char *wanted)
{
    char *base = arena_printf(arena, "%s%s", isdigit((unsigned char)wanted[0]) ? "_" : "", wanted);
    for (char *c = base; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    bool letter = strlen(base) == 1;
    const char *name = base;
    for (int number = 2; letter || *find(names, name); number++, letter = false)
        name = arena_printf(arena, "%s_%d", base, number);
    add(arena, names, name);
    return name;
}
