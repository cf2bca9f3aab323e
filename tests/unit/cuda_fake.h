/* A driver, an NVRTC and an NCCL that run in the test itself: memory of a device is memory of the host, a kernel is a C
 * function that gets the arguments of a launch, work is done when the stream is waited for. Everything that is made is
 * counted until it is given back, and any call can be made to fail. */
#ifndef NETC_CUDA_FAKE_H
#define NETC_CUDA_FAKE_H

#include "cuda_gpu.h"

#include <stdlib.h>
#include <string.h>

enum { FAKE_GPUS = 3, MOST_OPS = 4096 };

struct cuda_context { int device; };
struct cuda_module { bool binary; };
struct cuda_event { int at; };

struct cuda_function {
    const char *name;
    size_t      shared_bytes;
    void      (*run)(unsigned blocks, void **arguments);
};

/* Something that was asked of a stream. */
struct fake_op {
    enum { OP_KERNEL, OP_COPY, OP_SET } kind;
    struct cuda_function *function;
    unsigned    blocks;
    union { struct cuda_step step; void *pointer; } first;  /* arguments, by value */
    void       *pointers[2];
    void       *to;
    const void *from;
    size_t      bytes;
};

struct cuda_graph { int count; struct fake_op ops[MOST_OPS]; };
struct cuda_graph_exec { struct cuda_graph graph; };
struct cuda_stream { bool recording; struct cuda_graph queue, recorded; };
struct nccl_comm { int rank; };

static struct fake {
    int  calls, fail_at, fail_with;     /* the call that fails, from 1; 0: none does */
    bool sticky, broken;                /* all calls fail after it */
    int  alive;                         /* things that were made and not given back */
    int  devices, capability, shared_bytes, most_threads;
    size_t free_bytes;
    bool old_driver;                    /* which does not know NVRTC's PTX */
    int  copies, waits, captures, launches, graphs, allocations, aborted;
    struct cuda_context  *contexts[FAKE_GPUS];
    struct cuda_function *functions; int function_count;
    struct { struct cuda_stream *stream; float *data; size_t count; } sums[FAKE_GPUS];
    int  sum_count;
} fake;

static int call(void)
{
    bool fails = fake.broken || ++fake.calls == fake.fail_at;
    fake.broken = fake.broken || (fails && fake.sticky);
    return fails ? fake.fail_with : CUDA_SUCCESS;
}

#define CALL() do { int failure = call(); if (failure) return failure; } while (0)

static void *make(size_t size)
{
    fake.alive++;
    return calloc(1, size + 1);
}

/* What a fault leaves behind is given back all the same. */
static int give_back(void *thing)
{
    fake.alive--;
    free(thing);
    return CUDA_SUCCESS;
}

static int fake_name(int status, const char **name) { (void)status; *name = "CUDA_ERROR_FAKE"; return 0; }
static int fake_init(unsigned flags) { (void)flags; return call(); }
static int fake_version(int *version) { *version = 13000; return call(); }
static int fake_count(int *count) { *count = fake.devices; return call(); }
static int fake_get(int *handle, int ordinal) { *handle = ordinal; return call(); }

static int fake_device_name(char *name, int size, int device)
{
    (void)device;
    strncpy(name, "Fake", (size_t)size);
    return call();
}

static int fake_total(size_t *bytes, int device) { (void)device; *bytes = fake.free_bytes; return call(); }

static int fake_attribute(int *value, int attribute, int device)
{
    (void)device;
    *value = attribute == CUDA_CAPABILITY_MAJOR ? fake.capability / 10
           : attribute == CUDA_CAPABILITY_MINOR ? fake.capability % 10 : fake.shared_bytes;
    return call();
}

static int fake_retain(struct cuda_context **context, int device)
{
    CALL();
    fake.contexts[device] = *context = make(sizeof **context);
    return CUDA_SUCCESS;
}

static int fake_release(int device) { return give_back(fake.contexts[device]); }

static int fake_set_current(struct cuda_context *context) { return context ? call() : CUDA_SUCCESS; }

static int fake_info(size_t *bytes, size_t *all) { *bytes = *all = fake.free_bytes; return call(); }

static int fake_alloc(cuda_pointer *memory, size_t size)
{
    CALL();
    fake.allocations++;
    *memory = (cuda_pointer)(uintptr_t)make(size);
    return CUDA_SUCCESS;
}

static int fake_free(cuda_pointer memory) { return give_back((void *)(uintptr_t)memory); }

static int fake_alloc_host(void **memory, size_t size)
{
    CALL();
    fake.allocations++;
    *memory = make(size);
    return CUDA_SUCCESS;
}

static int fake_free_host(void *memory) { return give_back(memory); }

static struct fake_op *enqueue(struct cuda_stream *stream, int kind)
{
    struct cuda_graph *graph = stream->recording ? &stream->recorded : &stream->queue;
    struct fake_op    *op = &graph->ops[graph->count];
    if (graph->count == MOST_OPS)
        abort();
    graph->count++;
    *op = (struct fake_op){.kind = kind};
    return op;
}

static int fake_copy(struct cuda_stream *stream, void *to, const void *from, size_t bytes)
{
    struct fake_op *op = enqueue(stream, OP_COPY);
    fake.copies++;
    op->to = to, op->from = from, op->bytes = bytes;
    return CUDA_SUCCESS;
}

static int fake_to_device(cuda_pointer to, const void *from, size_t bytes, struct cuda_stream *stream)
{
    CALL();
    return fake_copy(stream, (void *)(uintptr_t)to, from, bytes);
}

static int fake_to_host(void *to, cuda_pointer from, size_t bytes, struct cuda_stream *stream)
{
    CALL();
    return fake_copy(stream, to, (const void *)(uintptr_t)from, bytes);
}

static int fake_memset(cuda_pointer to, unsigned char value, size_t bytes, struct cuda_stream *stream)
{
    CALL();
    if (value != 0)
        abort();
    struct fake_op *op = enqueue(stream, OP_SET);
    op->to = (void *)(uintptr_t)to, op->bytes = bytes;
    return CUDA_SUCCESS;
}

static int fake_load(struct cuda_module **module, const void *image, unsigned count, int *options, void **values)
{
    (void)count, (void)options, (void)values;
    CALL();
    if (fake.old_driver && strncmp(image, "ptx", 3) == 0)
        return CUDA_UNSUPPORTED_PTX_VERSION;
    *module = make(sizeof **module);
    (*module)->binary = strncmp(image, "cubin", 5) == 0;
    return CUDA_SUCCESS;
}

static int fake_unload(struct cuda_module *module) { return give_back(module); }

static int fake_function(struct cuda_function **function, struct cuda_module *module, const char *name)
{
    (void)module;
    CALL();
    for (int i = 0; i < fake.function_count; i++)
        if (strcmp(fake.functions[i].name, name) == 0) {
            *function = &fake.functions[i];
            return CUDA_SUCCESS;
        }
    return 500;
}

static int fake_get_attribute(int *value, int attribute, struct cuda_function *function)
{
    (void)function;
    *value = attribute == CUDA_MOST_THREADS ? fake.most_threads : 0;
    return call();
}

static int fake_set_attribute(struct cuda_function *function, int attribute, int value)
{
    CALL();
    if (attribute == CUDA_DYNAMIC_SHARED_BYTES)
        function->shared_bytes = (size_t)value;
    return CUDA_SUCCESS;
}

/* A kernel of the model has a step and pointers; `shuffle` and `copy` have two pointers and a number. */
static int fake_launch(struct cuda_function *function, unsigned blocks, unsigned y, unsigned z, unsigned threads, unsigned ty,
                       unsigned tz, unsigned shared_bytes, struct cuda_stream *stream, void **arguments, void **extra)
{
    CALL();
    if (y * z * ty * tz != 1 || threads % 32 != 0 || extra || shared_bytes != function->shared_bytes || blocks == 0)
        return 1;
    struct fake_op *op = enqueue(stream, OP_KERNEL);
    fake.launches++;
    op->function = function, op->blocks = blocks;
    bool plain = strcmp(function->name, "shuffle") == 0 || strcmp(function->name, "copy") == 0;
    memcpy(&op->first, arguments[0], plain ? sizeof op->first.pointer : sizeof op->first.step);
    for (int i = 0; i < 2; i++)         /* each kernel here has two more */
        memcpy(&op->pointers[i], arguments[i + 1], plain && i == 1 ? sizeof(int32_t) : sizeof(void *));
    return CUDA_SUCCESS;
}

static int fake_stream(struct cuda_stream **stream, unsigned flags)
{
    (void)flags;
    CALL();
    *stream = make(sizeof **stream);
    return CUDA_SUCCESS;
}

static int fake_stream_destroy(struct cuda_stream *stream) { return give_back(stream); }

static void run_sum(void)
{
    for (size_t i = 0; i < fake.sums[0].count; i++) {
        float sum = 0;
        for (int g = 0; g < fake.sum_count; g++)
            sum += fake.sums[g].data[i];
        for (int g = 0; g < fake.sum_count; g++)
            fake.sums[g].data[i] = sum;
    }
}

static void run_queue(struct cuda_graph *queue)
{
    for (int i = 0; i < queue->count; i++) {
        struct fake_op *op = &queue->ops[i];
        void *arguments[] = {&op->first, &op->pointers[0], &op->pointers[1]};
        if (op->kind == OP_KERNEL)
            op->function->run(op->blocks, arguments);
        else if (op->kind == OP_COPY)
            memcpy(op->to, op->from, op->bytes);
        else
            memset(op->to, 0, op->bytes);
    }
    queue->count = 0;
}

static int fake_wait(struct cuda_stream *stream)
{
    CALL();
    fake.waits++;
    run_queue(&stream->queue);
    return CUDA_SUCCESS;
}

static int fake_begin(struct cuda_stream *stream, int mode)
{
    (void)mode;
    CALL();
    fake.captures++;
    stream->recording = true;
    stream->recorded.count = 0;
    return CUDA_SUCCESS;
}

static int fake_end(struct cuda_stream *stream, struct cuda_graph **graph)
{
    stream->recording = false;
    CALL();
    *graph = make(sizeof **graph);
    **graph = stream->recorded;
    return CUDA_SUCCESS;
}

static int fake_graph_destroy(struct cuda_graph *graph) { return give_back(graph); }

static int fake_instantiate(struct cuda_graph_exec **exec, struct cuda_graph *graph, unsigned long long flags)
{
    (void)flags;
    CALL();
    *exec = make(sizeof **exec);
    (*exec)->graph = *graph;
    return CUDA_SUCCESS;
}

static int fake_exec_destroy(struct cuda_graph_exec *exec) { return give_back(exec); }

static int fake_graph_launch(struct cuda_graph_exec *exec, struct cuda_stream *stream)
{
    CALL();
    fake.graphs++;
    for (int i = 0; i < exec->graph.count; i++)
        *enqueue(stream, 0) = exec->graph.ops[i];
    return CUDA_SUCCESS;
}

static int fake_event(struct cuda_event **event, unsigned flags)
{
    (void)flags;
    CALL();
    *event = make(sizeof **event);
    return CUDA_SUCCESS;
}

static int fake_event_destroy(struct cuda_event *event) { return give_back(event); }
static int fake_record(struct cuda_event *event, struct cuda_stream *stream) { event->at = stream->queue.count; return call(); }

/* A millisecond for each thing that was enqueued between them. */
static int fake_elapsed(float *milliseconds, struct cuda_event *a, struct cuda_event *b)
{
    *milliseconds = (float)(b->at - a->at);
    return call();
}

static const struct cuda_driver fake_driver = {
    .get_error_name = fake_name, .get_error_string = fake_name, .init = fake_init, .driver_get_version = fake_version,
    .device_get_count = fake_count, .device_get = fake_get, .device_get_name = fake_device_name,
    .device_get_attribute = fake_attribute, .device_total_mem = fake_total, .context_retain = fake_retain,
    .context_release = fake_release, .context_set_current = fake_set_current, .mem_get_info = fake_info,
    .mem_alloc = fake_alloc, .mem_free = fake_free, .mem_alloc_host = fake_alloc_host, .mem_free_host = fake_free_host,
    .copy_to_device = fake_to_device, .copy_to_host = fake_to_host, .memset = fake_memset, .module_load = fake_load,
    .module_unload = fake_unload, .module_get_function = fake_function, .function_get_attribute = fake_get_attribute,
    .function_set_attribute = fake_set_attribute,
    .launch = fake_launch, .stream_create = fake_stream, .stream_destroy = fake_stream_destroy,
    .stream_synchronize = fake_wait, .capture_begin = fake_begin, .capture_end = fake_end,
    .graph_destroy = fake_graph_destroy, .graph_instantiate = fake_instantiate, .graph_exec_destroy = fake_exec_destroy,
    .graph_launch = fake_graph_launch, .event_create = fake_event, .event_destroy = fake_event_destroy,
    .event_record = fake_record, .event_elapsed_time = fake_elapsed,
};

/* ---- NVRTC, which knows two architectures */

struct nvrtc_program { char architecture[64]; };

static const char *fake_text(int status) { (void)status; return "fake failure"; }
static int fake_nvrtc_version(int *major, int *minor) { *major = 13, *minor = 0; return 0; }
static int fake_arch_count(int *count) { *count = 2; return call(); }
static int fake_archs(int *archs) { archs[0] = 75, archs[1] = 80; return call(); }

static int fake_program(struct nvrtc_program **program, const char *source, const char *name, int headers,
                        const char *const *texts, const char *const *names)
{
    (void)source, (void)name, (void)headers, (void)texts, (void)names;
    CALL();
    *program = make(sizeof **program);
    return 0;
}

static int fake_program_destroy(struct nvrtc_program **program) { return give_back(*program); }

static int fake_compile(struct nvrtc_program *program, int count, const char *const *options)
{
    CALL();
    for (int i = 0; i < count; i++)
        if (strncmp(options[i], "--gpu-architecture=", 19) == 0)
            strncpy(program->architecture, options[i] + 19, sizeof program->architecture - 1);
    return 0;
}

static int fake_log_size(struct nvrtc_program *program, size_t *size) { (void)program; *size = 12; return 0; }
static int fake_log(struct nvrtc_program *program, char *log) { (void)program; memcpy(log, "line 7: bad", 12); return 0; }

static int fake_image(struct nvrtc_program *program, const char *kind, const char *text, char *image)
{
    CALL();
    strcpy(image, text);
    return strncmp(program->architecture, kind, strlen(kind)) != 0;     /* a cubin is for a real architecture */
}

static int fake_size(struct nvrtc_program *program, size_t *size) { (void)program; *size = 16; return call(); }
static int fake_ptx(struct nvrtc_program *program, char *text) { return fake_image(program, "compute", "ptx", text); }
static int fake_cubin(struct nvrtc_program *program, char *text) { return fake_image(program, "sm", "cubin", text); }

static const struct nvrtc fake_nvrtc = {
    .get_error_string = fake_text, .version = fake_nvrtc_version, .get_num_supported_archs = fake_arch_count,
    .get_supported_archs = fake_archs, .create_program = fake_program, .destroy_program = fake_program_destroy,
    .compile_program = fake_compile, .get_log_size = fake_log_size, .get_log = fake_log, .get_ptx_size = fake_size,
    .get_ptx = fake_ptx, .get_cubin_size = fake_size, .get_cubin = fake_cubin,
};

/* ---- NCCL: waits for all, then adds up */

static int fake_comms(struct nccl_comm **comms, int count, const int *devices)
{
    (void)devices;
    CALL();
    for (int i = 0; i < count; i++)
        comms[i] = make(sizeof **comms);
    return 0;
}

static int fake_comm_destroy(struct nccl_comm *comm) { return give_back(comm); }
static int fake_comm_abort(struct nccl_comm *comm) { fake.aborted++; return give_back(comm); }
static int fake_group_start(void) { fake.sum_count = 0; return call(); }

static int fake_all_reduce(const void *from, void *to, size_t count, int type, int operation, struct nccl_comm *comm,
                           struct cuda_stream *stream)
{
    (void)comm;
    CALL();
    if (from != to || type != NCCL_FLOAT || operation != NCCL_SUM || fake.sum_count == FAKE_GPUS)
        abort();
    fake.sums[fake.sum_count].stream = stream;
    fake.sums[fake.sum_count].data = to;
    fake.sums[fake.sum_count++].count = count;
    return 0;
}

static int fake_group_end(void)
{
    CALL();
    for (int g = 0; g < fake.sum_count; g++)
        run_queue(&fake.sums[g].stream->queue);
    run_sum();
    return 0;
}

static const struct nccl fake_nccl = {
    .get_error_string = fake_text, .comm_init_all = fake_comms, .comm_destroy = fake_comm_destroy,
    .comm_abort = fake_comm_abort, .group_start = fake_group_start, .group_end = fake_group_end,
    .all_reduce = fake_all_reduce,
};

#endif
