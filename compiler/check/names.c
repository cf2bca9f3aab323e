#include "check/check.h"

#include <string.h>

static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261u;                   /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

/* The slot where `name` is, or would be put. */
static int *slot_of(const Names *names, const char *name)
{
    uint32_t mask = (uint32_t)names->slot_count - 1;
    for (uint32_t i = hash(name) & mask;; i = (i + 1) & mask) {
        int *slot = &names->slots[i];
        if (!*slot || strcmp(names->entries.at[*slot - 1].name, name) == 0)
            return slot;
    }
}

void *names_find(const Names *names, const char *name)
{
    if (!names->slot_count)
        return NULL;
    int place = *slot_of(names, name);
    return place ? names->entries.at[place - 1].item : NULL;
}

void names_add(Arena *arena, Names *names, const char *name, void *item)
{
    list_add(arena, &names->entries, ((Named){ name, item }));
    if (names->slot_count > 2 * names->entries.count) {
        *slot_of(names, name) = names->entries.count;
        return;
    }
    names->slot_count = names->slot_count ? 2 * names->slot_count : 8;
    names->slots = arena_alloc(arena, (size_t)names->slot_count * sizeof *names->slots);
    for (int i = 0; i < names->entries.count; i++)
        *slot_of(names, names->entries.at[i].name) = i + 1;
}

void names_collect(Arena *arena, NameList *list, const Names *names)
{
    for (int i = 0; i < names->entries.count; i++)
        list_add(arena, list, names->entries.at[i].name);
}

const char *const *names_list(Arena *arena, NameList *list)
{
    list_add(arena, list, NULL);
    return list->at;
}
