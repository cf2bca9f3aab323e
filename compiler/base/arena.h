/* One arena holds everything a compilation makes; it is freed once, at the end. */
#ifndef NETC_ARENA_H
#define NETC_ARENA_H

#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

/* A new, empty arena. When memory runs out, here or in any function below, the process says so and exits with 3. */
Arena *arena_new(void);
void   arena_free(Arena *arena);

/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(Arena *arena, size_t size);

/* A zeroed T. */
#define NEW(arena, T) ((T *)arena_alloc(arena, sizeof(T)))

/* A copy of the first `length` bytes of `text`, ended by a zero. */
char *arena_copy(Arena *arena, const char *text, size_t length);

/* What printf would print. */
__attribute__((format(printf, 2, 3))) char *arena_printf(Arena *arena, const char *format, ...);
char *arena_vprintf(Arena *arena, const char *format, va_list list);

/* A growing array. Declare it as `List(Layer *) layers;`, read `layers.at[i]` for i < layers.count. */
#define List(T) struct { T *at; int count, capacity; }

/* Appends `item`. The old storage stays in the arena, so pointers into it remain readable. */
#define list_add(arena, list, item)                                                                     \
    ((list)->at = arena_grow(arena, (list)->at, (list)->count, &(list)->capacity, sizeof *(list)->at),  \
     (list)->at[(list)->count++] = (item))

/* Storage for one more than `count` items of `size` bytes: `at` itself, or a larger copy of it. */
void *arena_grow(Arena *arena, void *at, int count, int *capacity, size_t size);

#endif
