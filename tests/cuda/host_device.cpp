/* The device that host_device.h plays: threads of a block as fibers. A fiber runs a thread until it waits; threads that
 * never wait share one fiber. Shared memory begins as NaN bytes and is as large as the launch says, to the byte, so that
 * the address sanitizer sees what goes beyond. */
#include "fiber.h"
#include "host_device.h"
#include "host_launch.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <utility>

enum { WARP = 32, MOST_THREADS = 1024, MOST_BUFFERS = 48, EXCHANGE_BYTES = 16 };
static const size_t MOST_SHARED = 227 << 10;            /* the most that any GPU has for a block */

struct host_module { void *library; char *shared; size_t shared_bytes; struct host_module *next; };

/* Where a thread stands; a fiber runs the first one that is READY, or FRESH. */
enum state { FRESH, READY, AT_WARP, AT_BARRIER, ENDED, STATES };

struct device_thread {
    host_place    place;
    struct fiber *fiber;                        /* NULL: it has not begun, or has ended */
    unsigned      mask;                         /* of the lanes it waits for, at AT_WARP */
    size_t        size;                         /* what it hands over there; 0: nothing */
    int           parity;                       /* which half of `mine` it writes next: the other may be read still */
    char          mine[2][EXCHANGE_BYTES];
};

struct warp { device_thread *first; unsigned lanes, in[STATES]; };     /* sets of lanes: all, and by state */

struct body { void (*run)(const void *call); const void *call; };

/* One launch. */
struct machine {
    body                 kernel;
    host_order           order;
    int                  threads;
    device_thread        at[MOST_THREADS];
    warp                 warps[MOST_THREADS / WARP];
    device_thread       *running;
    warp                *warp_now;              /* its */
    struct fiber         scheduler, *current;
    struct fiber        *idle[MOST_THREADS];
    int                  idle_count;
    struct host_module  *modules;
    char                *shared;
    const char          *fault;
    device_thread       *faulty;
};

static struct machine machine;                         /* kernels have no other way to find it */
const struct host_place *host_at;

/* ---- fibers */

static unsigned lane_bit(const device_thread *thread) { return 1u << thread->place.thread.x % WARP; }

static void move(device_thread *thread, state from, state to)
{
    machine.warp_now->in[from] &= ~lane_bit(thread);
    machine.warp_now->in[to] |= lane_bit(thread);
}

static void fault(const char *what, device_thread *thread)
{
    if (!machine.fault)
        machine.fault = what, machine.faulty = thread;
}

/* The first thread of the warp, in the order of the launch, that stands there; NULL: none does. */
static device_thread *first_in(state where)
{
    unsigned lanes = machine.warp_now->in[where];
    if (!lanes)
        return NULL;
    return machine.warp_now->first + (machine.order == HOST_BACKWARD ? 31 - __builtin_clz(lanes) : __builtin_ctz(lanes));
}

static void become(device_thread *thread)
{
    machine.running = thread;
    host_at = &thread->place;
}

static void live(void);

/* Goes on with the next thread of the warp, or the scheduler where none can run. */
static void go_on(void)
{
    struct fiber  *from = machine.current, *to = &machine.scheduler;
    device_thread *next = machine.fault ? NULL : first_in(READY);
    if (!next && !machine.fault && (next = first_in(FRESH))) {
        next->fiber = machine.idle_count ? machine.idle[--machine.idle_count] : fiber_make(live);
        move(next, FRESH, READY);
    }
    if (next) {
        become(next);
        to = next->fiber;
    }
    machine.current = to;
    if (from != to)
        fiber_switch(from, to);
}

/* What a fiber does: one thread of the warp after the other, until none is left that has not begun. */
static void live(void)
{
    fiber_arrived(NULL);
    for (;;) {
        machine.kernel.run(machine.kernel.call);
        move(machine.running, READY, ENDED);
        struct fiber  *own = machine.running->fiber;
        device_thread *next = machine.fault ? NULL : first_in(FRESH);
        machine.running->fiber = NULL;
        if (next) {
            next->fiber = own;
            move(next, FRESH, READY);
            become(next);
        } else {
            machine.idle[machine.idle_count++] = own;
            go_on();
        }
    }
}

/* ---- waiting */

void host_barrier(void)
{
    move(machine.running, READY, AT_BARRIER);
    go_on();
}

/* Waits for the other lanes of the mask; the last one to come lets them all go on. */
static void wait_for_lanes(unsigned mask, size_t size)
{
    device_thread *self = machine.running;
    warp          *warp = machine.warp_now;
    if (!(mask & lane_bit(self)))
        fault("a lane is not in the mask of the lanes that it waits for", self);
    self->mask = mask;
    self->size = size;
    move(self, READY, AT_WARP);
    mask &= warp->lanes;
    bool complete = (warp->in[AT_WARP] & mask) == mask;
    for (unsigned left = complete ? mask : 0; left; left &= left - 1) {
        const device_thread *other = warp->first + __builtin_ctz(left);
        complete &= other->mask == self->mask && other->size == size;
    }
    if (complete) {
        warp->in[AT_WARP] &= ~mask;
        warp->in[READY] |= mask;
    }
    go_on();
}

void host_warp_barrier(unsigned mask) { wait_for_lanes(mask, 0); }

const void *host_exchange(unsigned mask, const void *mine, size_t size, int from)
{
    device_thread *self = machine.running;
    int            parity = self->parity;
    if (size > EXCHANGE_BYTES)
        fault("a shuffle of more than 16 bytes", self);
    else
        memcpy(self->mine[parity], mine, size);
    wait_for_lanes(mask, size);
    self->parity = !parity;
    if (from < 0 || from >= WARP || !(mask & machine.warp_now->lanes & 1u << from)) {
        fault("a shuffle reads a lane that takes no part in it", self);
        return mine;
    }
    return machine.warp_now->first[from].mine[parity];
}

/* Runs a warp until none of its threads can go on: each has ended or waits at a barrier, or waits in vain. */
static void run_warp(struct warp *warp)
{
    machine.warp_now = warp;
    machine.current = &machine.scheduler;
    go_on();
    if (warp->in[AT_WARP])
        fault("a lane waits for others of its warp that never come", first_in(AT_WARP));
}

static void run_block(const dim3 &blocks, unsigned block, const struct host_module *module, size_t shared_bytes)
{
    memset(machine.shared, 0xFF, shared_bytes);
    if (module->shared_bytes)
        memset(module->shared, 0xFF, module->shared_bytes);
    for (int i = 0; i < machine.threads; i++) {
        device_thread *thread = &machine.at[i];
        thread->place = {{(unsigned)i, 0, 0}, {block, 0, 0}, dim3((unsigned)machine.threads), blocks};
        thread->parity = 0;
        thread->fiber = NULL;
    }
    int warps = (machine.threads + WARP - 1) / WARP;
    for (int i = 0; i < warps; i++) {
        int lanes = machine.threads - i * WARP;
        machine.warps[i] = {&machine.at[i * WARP], lanes < WARP ? (1u << lanes) - 1 : ~0u, {}};
        machine.warps[i].in[FRESH] = machine.warps[i].lanes;
    }
    for (bool waiting = true; waiting && !machine.fault;) {
        for (int i = 0; i < warps && !machine.fault; i++)
            run_warp(&machine.warps[machine.order == HOST_BACKWARD ? warps - 1 - i : i]);
        bool ended = false;
        waiting = false;
        for (int i = 0; i < warps; i++)
            ended |= machine.warps[i].in[ENDED] != 0, waiting |= machine.warps[i].in[AT_BARRIER] != 0;
        for (int i = 0; waiting && !machine.fault && i < warps; i++) {
            machine.warp_now = &machine.warps[i];
            if (ended && machine.warps[i].in[AT_BARRIER])
                fault("a thread waits at a barrier while others of its block have ended", first_in(AT_BARRIER));
            machine.warps[i].in[READY] = machine.warps[i].in[AT_BARRIER];
            machine.warps[i].in[AT_BARRIER] = 0;
        }
    }
}

/* Runs all blocks of a launch. */
static bool run(const struct host_module *module, const char *name, body kernel, int64_t blocks, int threads,
                size_t shared_bytes, host_order order, struct error *error)
{
    if (threads < 1 || threads > MOST_THREADS || shared_bytes + module->shared_bytes > MOST_SHARED || blocks > INT32_MAX)
        return error_set(error, STATUS_MACHINE, "%s: no GPU can run %lld blocks of %d threads with %zu bytes of shared "
                         "memory", name, (long long)blocks, threads, shared_bytes + module->shared_bytes);
    machine.kernel = kernel;
    machine.order = order;
    machine.threads = threads;
    machine.fault = NULL;
    void *shared = NULL;
    if (posix_memalign(&shared, 256, shared_bytes ? shared_bytes : 1) != 0)
        return error_memory(error, "shared memory", shared_bytes);
    machine.shared = (char *)shared;
    for (int64_t i = 0; i < blocks && !machine.fault; i++)
        run_block(dim3((unsigned)blocks), (unsigned)(order == HOST_BACKWARD ? blocks - 1 - i : i), module, shared_bytes);
    free(shared);
    machine.shared = NULL;
    if (!machine.fault)
        return true;
    /* What stopped in the middle cannot go on. */
    for (int i = 0; i < threads; i++)
        if (machine.at[i].fiber)
            fiber_free(machine.at[i].fiber);
    const struct host_place *at = &machine.faulty->place;
    return error_set(error, STATUS_MACHINE, "%s: %s (thread %u of block %u)", name, machine.fault, at->thread.x,
                     at->block.x);
}

void *host_shared_memory(void) { return machine.shared; }

/* ---- launches */

struct host_module *host_module_open(const char *path, struct error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        error_set(error, STATUS_MACHINE, "%s", dlerror());
        return NULL;
    }
    struct host_module *module = new host_module{library, NULL, 0, machine.modules};
    machine.modules = module;
    char *(*shared)(size_t *) = (char *(*)(size_t *))dlsym(library, "host_static_shared");
    if (shared)
        module->shared = shared(&module->shared_bytes);
    return module;
}

struct call { void *function; const struct cuda_step *step; void *const *buffers; };

/* Calls a kernel that takes so many buffers. */
template <size_t... Index> static void call_with(const struct call *call, std::index_sequence<Index...>)
{
    typedef void kernel(struct cuda_step, decltype((void)Index, (void *)NULL)...);
    ((kernel *)call->function)(*call->step, call->buffers[Index]...);
}

template <size_t Count> static void call_kernel(const void *call)
{
    call_with((const struct call *)call, std::make_index_sequence<Count>());
}

typedef void caller(const void *call);
template <size_t... Count> static caller *caller_of(int count, std::index_sequence<Count...>)
{
    static caller *const callers[] = {call_kernel<Count>...};
    return callers[count];
}

int64_t host_blocks(const struct cuda_kernel *kernel, int64_t samples)
{
    int64_t blocks = kernel->units;
    if (kernel->block_units)
        blocks += kernel->block_units * ((samples + kernel->samples - 1) / kernel->samples);
    return blocks;
}

bool host_launch(struct host_module *module, const struct cuda_kernel *kernel, const struct cuda_step *step,
                 void *const buffers[], enum host_order order, struct error *error)
{
    struct call call = {dlsym(module->library, kernel->name), step, buffers};
    if (!call.function)
        return error_set(error, STATUS_MACHINE, "%s", dlerror());
    if (kernel->buffer_count >= MOST_BUFFERS)
        return error_set(error, STATUS_MACHINE, "%s: takes %d buffers, more than expected", kernel->name,
                         kernel->buffer_count);
    body body = {caller_of(kernel->buffer_count, std::make_index_sequence<MOST_BUFFERS>()), &call};
    return run(module, kernel->name, body, host_blocks(kernel, step->count), kernel->threads, kernel->shared_bytes, order,
               error);
}

struct shuffle_call {
    void (*function)(const struct cuda_stretch *, int32_t *, int32_t);
    const struct cuda_stretch *stretch;
    int32_t *samples, count;
};

static void call_shuffle(const void *all)
{
    const struct shuffle_call *call = (const struct shuffle_call *)all;
    call->function(call->stretch, call->samples, call->count);
}

bool host_launch_shuffle(struct host_module *module, const struct cuda_stretch *stretch, int32_t *samples, int32_t count,
                         enum host_order order, struct error *error)
{
    struct shuffle_call call = {NULL, stretch, samples, count};
    *(void **)&call.function = dlsym(module->library, "shuffle");
    if (!call.function)
        return error_set(error, STATUS_MACHINE, "%s", dlerror());
    return run(module, "shuffle", body{call_shuffle, &call}, (count + 255) / 256, 256, 0, order, error);
}

struct transform_call {
    void (*function)(struct cuda_step, struct pipeline, uint8_t *, uint8_t *, int32_t *, uint8_t *, int64_t);
    const struct cuda_step   *step;
    const struct pipeline    *pipeline;
    const struct host_images *made;
};

static void call_transform(const void *all)
{
    const struct transform_call *call = (const struct transform_call *)all;
    call->function(*call->step, *call->pipeline, call->made->images, call->made->labels, call->made->samples,
                   call->made->workspace, 0);
}

bool host_launch_transform(struct host_module *module, const struct cuda_step *step, const struct pipeline *pipeline,
                           const struct host_images *made, enum host_order order, struct error *error)
{
    struct transform_call call = {NULL, step, pipeline, made};
    *(void **)&call.function = dlsym(module->library, "transform");
    if (!call.function)
        return error_set(error, STATUS_MACHINE, "%s", dlerror());
    return run(module, "transform", body{call_transform, &call}, step->count, 128, 0, order, error);
}
