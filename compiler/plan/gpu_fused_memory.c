/* When the parts of a fused launch run, and where its arrays lie in shared memory. A part's level is one more than that of
 * what it reads; arrays that are not needed at the same levels share memory. */
#include "plan/fused.h"

#include <string.h>

enum { ALIGNED = 16, BANKS = 32, FLOATS_OF_16_BYTES = 4, PLANE_OFFSET = 20 };
enum { TRIED_LEVELS = 4 };           /* of a gradient: more seldom help, and take long in a deep network */

/* ---- layout */

/* Whether the part reads or writes rows of this tensor 16 bytes at once, a plane a thread. */
static bool takes_rows(const Kernel *kernel, const Tensor *tensor)
{
    const FusedConv *f = kernel->shape;
    switch (kernel->scheme) {
    case SCHEME_FUSED_CONV:
        return tensor == f->conv.x;
    case SCHEME_FUSED_INPUT:
        return tensor == f->conv.dy || tensor == f->sums;
    case SCHEME_FUSED_WEIGHT:
        return tensor == f->conv.x || tensor == f->conv.dy;
    default:
        return false;
    }
}

/* Whether it reads single elements of it, a plane a thread. */
static bool takes_elements(const Kernel *kernel, const Tensor *tensor)
{
    const FusedConv *f = kernel->shape;
    return kernel->scheme == SCHEME_FUSED_SPARSE && (tensor == f->conv.dy || tensor == f->places);
}

/* Whether it takes the elements one after another, whatever the shape. */
static bool takes_all(const Kernel *kernel, const Tensor *tensor)
{
    if (kernel->scheme == SCHEME_FUSED_KEEP)
        return tensor == ((const FusedKeep *)kernel->shape)->from;
    return kernel->scheme == SCHEME_FUSED_LINEAR && tensor == kernel->shape;
}

/* Planes of an image begin where threads that read a plane each meet in no bank: for 16 bytes at once at 20 mod 32 words,
 * for single words at an odd distance. */
static void lay_out(const GpuLaunch *launch, Buffer *buffer)
{
    const Tensor *tensor = buffer->tensor;
    bool rows = false, elements = false, all = tensor->rank != 3 || buffer->bytes;
    for (int i = 0; i < launch->parts.count; i++) {
        rows = rows || takes_rows(launch->parts.at[i], tensor);
        elements = elements || takes_elements(launch->parts.at[i], tensor);
        all = all || takes_all(launch->parts.at[i], tensor);
    }
    if (all || (!rows && !elements))
        return;
    int64_t pitch = rows ? divide_up(tensor->dim[2], FLOATS_OF_16_BYTES) * FLOATS_OF_16_BYTES : tensor->dim[2];
    int64_t plane = tensor->dim[1] * pitch;
    if (tensor->dim[0] > 1 && rows)
        while (plane % BANKS != PLANE_OFFSET)
            plane += FLOATS_OF_16_BYTES;
    else if (tensor->dim[0] > 1)
        plane += plane % 2 == 0;
    buffer->pitch = pitch;
    buffer->rank = 2;
    buffer->dim[0] = tensor->dim[0];
    buffer->dim[1] = plane;
    buffer->dim[2] = 0;
    buffer->size = buffer->dim[0] * plane;
}

static Buffer *buffer_new(Arena *arena, const GpuPlan *plan, const GpuLaunch *launch, const Tensor *tensor)
{
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = gpu_name(arena, plan, tensor->name), .tensor = tensor, .place = PLACE_SCRATCH,
                        .single = true, .rank = tensor->rank, .order = { 0, 1, 2, 3 } };
    memcpy(buffer->dim, tensor->dim, sizeof buffer->dim);
    if (tensor->role == ROLE_GRADIENT && tensor->rank == 4) {
        buffer->packed = true;
        buffer->rank = 3;
        buffer->dim[2] = divide_up(tensor->dim[2] * tensor->dim[3], FLOATS_OF_16_BYTES) * FLOATS_OF_16_BYTES;
    }
    buffer->size = 1;
    for (int i = 0; i < buffer->rank; i++)
        buffer->size *= buffer->dim[i];
    for (int i = 0; i < launch->parts.count && tensor->type == TYPE_INT; i++)
        if (kernel_makes(launch->parts.at[i], tensor))
            buffer->bytes = gpu_fits_byte(launch->parts.at[i], tensor);
    lay_out(launch, buffer);
    return buffer;
}

/* ---- levels */

/* Sets the parts' levels, none below its `least`; returns the last one. */
static int set_levels(const GpuLaunch *launch, const int *least)
{
    int last = 0, parts = launch->parts.count;
    for (int i = 0; i < parts; i++) {
        Kernel *kernel = launch->parts.at[i];
        kernel->level = least[i];
        for (int j = 0; j < i; j++)
            for (int k = 0; k < kernel->loads.count; k++)
                if (kernel_makes(launch->parts.at[j], kernel->loads.at[k]) && launch->parts.at[j]->level >= kernel->level)
                    kernel->level = launch->parts.at[j]->level + 1;
        last = kernel->level > last ? kernel->level : last;
    }
    return last;
}

/* ---- places */

static void set_lives(GpuLaunch *launch)
{
    for (int i = 0; i < launch->arrays.count; i++) {
        SharedArray *array = &launch->arrays.at[i];
        array->first = array->last = -1;
        for (int j = 0; j < launch->parts.count; j++) {
            const Kernel *kernel = launch->parts.at[j];
            const Tensor *tensor = array->tensor;
            bool made = kernel_makes(kernel, tensor);
            if (made && (array->first < 0 || kernel->level < array->first))
                array->first = kernel->level;
            if ((made || kernel_reads(kernel, tensor)) && kernel->level > array->last)
                array->last = kernel->level;
        }
    }
}

static bool meet(const SharedArray *a, const SharedArray *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The largest first, each at the lowest place that is free while it is needed; returns the bytes of all. */
static int64_t place_arrays(Arena *arena, GpuLaunch *launch)
{
    int count = launch->arrays.count;
    int *order = arena_alloc(arena, (size_t)(count + 1) * sizeof *order);
    for (int i = 0; i < count; i++) {
        int j = i;
        for (; j > 0 && launch->arrays.at[order[j - 1]].bytes < launch->arrays.at[i].bytes; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    int64_t bytes = 0;
    for (int i = 0; i < count; i++) {
        SharedArray *array = &launch->arrays.at[order[i]];
        array->offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int j = 0; j < i; j++) {
                const SharedArray *other = &launch->arrays.at[order[j]];
                if (meet(array, other) && array->offset < other->offset + other->bytes &&
                    other->offset < array->offset + array->bytes) {
                    array->offset = other->offset + other->bytes;
                    moved = true;
                }
            }
        }
        if (array->offset + array->bytes > bytes)
            bytes = array->offset + array->bytes;
    }
    return bytes;
}

static void add_array(Arena *arena, GpuPlan *plan, Program *program, GpuLaunch *launch, const Tensor *tensor)
{
    const Graph *graph = program->graph;
    Buffer *buffer = program->buffer[tensor->id];
    if (tensor == graph->label || tensor == graph->scale || (buffer && buffer->place == PLACE_BATCH))
        return;
    for (int i = 0; i < launch->arrays.count; i++)
        if (launch->arrays.at[i].tensor == tensor)
            return;
    if (tensor->role != ROLE_PARAMETER)
        program->buffer[tensor->id] = buffer = buffer_new(arena, plan, launch, tensor);
    int64_t bytes = divide_up(buffer->size * gpu_bytes(buffer), ALIGNED) * ALIGNED;
    list_add(arena, &launch->arrays, ((SharedArray){ .tensor = tensor, .buffer = buffer, .bytes = bytes }));
}

/* A gradient of a weight is needed at the end alone: it is made where that takes least memory. */
static void delay_gradients(Arena *arena, GpuLaunch *launch, int *least)
{
    int last = set_levels(launch, least);
    set_lives(launch);
    launch->shared = place_arrays(arena, launch);
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        if (!kernel->stores.count || kernel->stores.at[0]->role != ROLE_GRADIENT)
            continue;
        int best = least[i], from = kernel->level;
        for (int level = from; level <= last && level < from + TRIED_LEVELS; level++) {
            least[i] = level;
            if (set_levels(launch, least) > last)
                break;
            set_lives(launch);
            int64_t bytes = place_arrays(arena, launch);
            if (bytes < launch->shared) {
                launch->shared = bytes;
                best = level;
            }
        }
        least[i] = best;
        set_levels(launch, least);
    }
    set_lives(launch);
    launch->shared = place_arrays(arena, launch);
}

static void sort_parts(GpuLaunch *launch)
{
    for (int i = 1; i < launch->parts.count; i++) {
        Kernel *kernel = launch->parts.at[i];
        int j = i;
        for (; j > 0 && launch->parts.at[j - 1]->level > kernel->level; j--)
            launch->parts.at[j] = launch->parts.at[j - 1];
        launch->parts.at[j] = kernel;
    }
}

/* The label and the scale are no memory: they come with the step. */
static void add_given(Arena *arena, Program *program, const Tensor *tensor)
{
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = tensor->name, .tensor = tensor, .place = PLACE_SCRATCH, .single = true, .size = 1 };
    program->buffer[tensor->id] = buffer;
}

/* Whether there is padding beside what a thread loads: behind rows, or behind three of four floats at the end. */
static bool is_padded(const Buffer *buffer)
{
    int64_t width = buffer->pitch ? buffer->tensor->dim[2] : buffer->size;
    return buffer->tensor->type == TYPE_REAL &&
           (buffer->pitch > width || width % FLOATS_OF_16_BYTES == FLOATS_OF_16_BYTES - 1);
}

/* Parts of a level that leave threads idle have different ones, in whole warps. */
static void set_first(GpuLaunch *launch)
{
    int64_t first = 0;
    for (int i = 0; i < launch->parts.count; i++) {
        Kernel *kernel = launch->parts.at[i];
        int64_t items = fused_items(kernel);
        if (i > 0 && launch->parts.at[i - 1]->level != kernel->level)
            first = 0;
        if (items == 0 || first + items > launch->threads)
            continue;
        kernel->launch.first = (int)first;
        first += divide_up(items, GPU_LANES) * GPU_LANES;
    }
}

void fused_memory(Arena *arena, GpuPlan *plan, Program *program, GpuLaunch *launch)
{
    add_given(arena, program, program->graph->label);
    add_given(arena, program, program->graph->scale);
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        for (int j = 0; j < kernel->stores.count; j++)
            add_array(arena, plan, program, launch, kernel->stores.at[j]);
    }
    int *least = arena_alloc(arena, (size_t)(launch->parts.count + 1) * sizeof *least);
    delay_gradients(arena, launch, least);
    sort_parts(launch);
    set_first(launch);
    for (int i = 0; i < launch->arrays.count; i++)
        launch->clears = launch->clears || is_padded(launch->arrays.at[i].buffer);
}

/* ---- verify: from the parts alone, not from what was worked out above */

static const SharedArray *array_of(const GpuLaunch *launch, const Tensor *tensor)
{
    for (int i = 0; i < launch->arrays.count; i++)
        if (launch->arrays.at[i].tensor == tensor)
            return &launch->arrays.at[i];
    return NULL;
}

static bool overlap(const SharedArray *a, const SharedArray *b)
{
    return a != b && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* Whether what the reader takes from `array` may be gone: another array there is written at a level from that of the
 * maker on to the reader's. */
static const Kernel *overwritten(const GpuLaunch *launch, const SharedArray *array, int made, int read)
{
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        if (kernel->level < made || kernel->level > read)
            continue;
        for (int j = 0; j < kernel->stores.count; j++) {
            const SharedArray *other = array_of(launch, kernel->stores.at[j]);
            if (other && overlap(array, other))
                return kernel;
        }
    }
    return NULL;
}

static const char *verify_read(Arena *arena, const GpuLaunch *launch, const Kernel *reader, const SharedArray *array)
{
    const char *name = array->buffer->name;
    int made = -1, last = -1;
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        for (int j = 0; j < kernel->stores.count; j++)
            if (array_of(launch, kernel->stores.at[j]) == array) {
                made = made < 0 || kernel->level < made ? kernel->level : made;
                last = kernel->level > last ? kernel->level : last;
            }
    }
    if (made < 0 || last >= reader->level)
        return arena_printf(arena, "%s reads %s at level %d, and it is made at level %d", reader->name, name, reader->level,
                            last);
    const Kernel *writer = overwritten(launch, array, made, reader->level);
    if (writer)
        return arena_printf(arena, "%s overwrites %s, which %s reads", writer->name, name, reader->name);
    return NULL;
}

const char *fused_verify(Arena *arena, const GpuLaunch *launch)
{
    for (int i = 0; i < launch->arrays.count; i++) {
        const SharedArray *array = &launch->arrays.at[i];
        if (array->offset % ALIGNED || array->offset + array->bytes > launch->shared ||
            array->bytes < array->buffer->size * gpu_bytes(array->buffer))
            return arena_printf(arena, "%s does not lie in the shared memory of %s", array->buffer->name, launch->name);
    }
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        if (i > 0 && kernel->level < launch->parts.at[i - 1]->level)
            return arena_printf(arena, "%s comes after a later level", kernel->name);
        for (int j = 0; j < kernel->loads.count; j++) {
            const SharedArray *array = array_of(launch, kernel->loads.at[j]);
            const char *wrong = array ? verify_read(arena, launch, kernel, array) : NULL;
            if (wrong)
                return wrong;
        }
        for (int j = 0; j < kernel->stores.count; j++) {
            const SharedArray *array = array_of(launch, kernel->stores.at[j]);
            for (int k = 0; k < launch->parts.count && array; k++) {
                const Kernel *other = launch->parts.at[k];
                for (int m = 0; m < other->stores.count; m++) {
                    const SharedArray *second = array_of(launch, other->stores.at[m]);
                    if (k != i && other->level == kernel->level && second && overlap(array, second))
                        return arena_printf(arena, "%s and %s write to the same place at level %d", kernel->name,
                                            other->name, kernel->level);
                }
            }
        }
    }
    return NULL;
}
