/* Stands in for NCCL, as far as a trainer uses it: sums of floats over the GPUs of one process. A sum is made on the host
 * when the group ends, in the order of the ranks, through the driver that is loaded already. What would make NCCL wait for ever
 * is an error here. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

enum { SUCCESS = 0, UNHANDLED_CUDA_ERROR = 1, SYSTEM_ERROR = 2, INVALID_ARGUMENT = 4, INVALID_USAGE = 5 };
enum { FLOAT = 7, SUM = 0, MOST_RANKS = 16, VERSION = 22000 };

struct ncclComm {
    int            rank, device;
    struct clique *clique;
};

/* Communicators that were made together, and the call of each in the open group. */
struct clique {
    int              ranks, left;       /* left: not destroyed yet */
    struct ncclComm *comm[MOST_RANKS];
    struct { uint64_t from, to; size_t count; void *stream; int called; } call[MOST_RANKS];
    struct clique   *next;
};

static struct clique *cliques;
static int            groups;           /* open ones */

#define DRIVER(F)                                                       \
    F(cuCtxGetCurrent, (void **))                                       \
    F(cuCtxSetCurrent, (void *))                                        \
    F(cuDeviceGet, (int *, int))                                        \
    F(cuDevicePrimaryCtxRetain, (void **, int))                         \
    F(cuDevicePrimaryCtxRelease_v2, (int))                              \
    F(cuStreamSynchronize, (void *))                                    \
    F(cuMemcpyDtoH_v2, (void *, uint64_t, size_t))                      \
    F(cuMemcpyHtoD_v2, (uint64_t, const void *, size_t))
#define FIELD(name, parameters) static int (*name) parameters;
DRIVER(FIELD)

static int open_driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library)
        return SYSTEM_ERROR;
#define FIND(name, parameters) *(void **)&name = dlsym(library, #name); if (!name) return SYSTEM_ERROR;
    DRIVER(FIND)
    return SUCCESS;
}

const char *ncclGetErrorString(int result)
{
    switch (result) {
    case SUCCESS:              return "no error";
    case UNHANDLED_CUDA_ERROR: return "unhandled cuda error";
    case SYSTEM_ERROR:         return "unhandled system error";
    case INVALID_ARGUMENT:     return "invalid argument";
    case INVALID_USAGE:        return "invalid usage";
    default:                   return "unknown result code";
    }
}

int ncclGetVersion(int *version)
{
    *version = VERSION;
    return SUCCESS;
}

int ncclCommInitAll(struct ncclComm **comms, int count, const int *devices)
{
    if (count < 1 || count > MOST_RANKS)
        return INVALID_ARGUMENT;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            if (devices && devices[i] == devices[j])
                return INVALID_USAGE;
    if (open_driver() != SUCCESS)
        return SYSTEM_ERROR;
    struct clique *clique = calloc(1, sizeof *clique);
    if (!clique)
        return SYSTEM_ERROR;
    clique->ranks = clique->left = count;
    for (int i = 0; i < count; i++) {
        clique->comm[i] = comms[i] = malloc(sizeof **comms);
        if (!comms[i])
            return SYSTEM_ERROR;
        *comms[i] = (struct ncclComm){i, devices ? devices[i] : i, clique};
    }
    clique->next = cliques;
    cliques = clique;
    return SUCCESS;
}

int ncclCommDestroy(struct ncclComm *comm)
{
    struct clique *clique = comm->clique;
    free(comm);
    if (--clique->left)
        return SUCCESS;
    for (struct clique **at = &cliques; *at; at = &(*at)->next)
        if (*at == clique) {
            *at = clique->next;
            break;
        }
    free(clique);
    return SUCCESS;
}

int ncclCommAbort(struct ncclComm *comm) { return ncclCommDestroy(comm); }

int ncclGroupStart(void)
{
    groups++;
    return SUCCESS;
}

/* Does what `work` says with the device's context current. */
static int with_device(int ordinal, int (*work)(struct clique *, int, float *), struct clique *clique, int rank,
                       float *values)
{
    void *before, *context;
    int   device;
    if (cuCtxGetCurrent(&before) != 0 || cuDeviceGet(&device, ordinal) != 0
        || cuDevicePrimaryCtxRetain(&context, device) != 0)
        return UNHANDLED_CUDA_ERROR;
    int status = cuCtxSetCurrent(context) == 0 ? work(clique, rank, values) : UNHANDLED_CUDA_ERROR;
    cuCtxSetCurrent(before);
    cuDevicePrimaryCtxRelease_v2(device);
    return status;
}

static int fetch(struct clique *clique, int rank, float *values)
{
    if (cuStreamSynchronize(clique->call[rank].stream) != 0
        || cuMemcpyDtoH_v2(values, clique->call[rank].from, clique->call[rank].count * sizeof *values) != 0)
        return UNHANDLED_CUDA_ERROR;
    return SUCCESS;
}

static int store(struct clique *clique, int rank, float *values)
{
    size_t bytes = clique->call[rank].count * sizeof *values;
    return cuMemcpyHtoD_v2(clique->call[rank].to, values, bytes) == 0 ? SUCCESS : UNHANDLED_CUDA_ERROR;
}

static int all_reduce(struct clique *clique)
{
    size_t count = clique->call[0].count;
    for (int rank = 0; rank < clique->ranks; rank++)
        if (!clique->call[rank].called || clique->call[rank].count != count)
            return INVALID_USAGE;
    float *sum = calloc(count + 1, sizeof *sum), *values = calloc(count + 1, sizeof *values);
    int    status = sum && values ? SUCCESS : SYSTEM_ERROR;
    for (int rank = 0; rank < clique->ranks && status == SUCCESS; rank++) {
        status = with_device(clique->comm[rank]->device, fetch, clique, rank, values);
        for (size_t i = 0; i < count; i++)
            sum[i] += values[i];
    }
    for (int rank = 0; rank < clique->ranks && status == SUCCESS; rank++)
        status = with_device(clique->comm[rank]->device, store, clique, rank, sum);
    free(sum);
    free(values);
    return status;
}

int ncclGroupEnd(void)
{
    if (groups == 0)
        return INVALID_USAGE;
    if (--groups > 0)
        return SUCCESS;
    int status = SUCCESS;
    for (struct clique *clique = cliques; clique && status == SUCCESS; clique = clique->next) {
        int called = 0;
        for (int rank = 0; rank < clique->ranks; rank++)
            called += clique->call[rank].called;
        if (called)
            status = all_reduce(clique);
        for (int rank = 0; rank < clique->ranks; rank++)
            clique->call[rank].called = 0;
    }
    return status;
}

int ncclAllReduce(const void *from, void *to, size_t count, int type, int operation, struct ncclComm *comm, void *stream)
{
    if (type != FLOAT || operation != SUM || !comm)
        return INVALID_ARGUMENT;
    if (groups == 0 && comm->clique->ranks > 1)
        return INVALID_USAGE;
    struct clique *clique = comm->clique;
    if (clique->call[comm->rank].called)
        return INVALID_USAGE;
    clique->call[comm->rank].from = (uintptr_t)from;
    clique->call[comm->rank].to = (uintptr_t)to;
    clique->call[comm->rank].count = count;
    clique->call[comm->rank].stream = stream;
    clique->call[comm->rank].called = 1;
    return groups ? SUCCESS : all_reduce(clique);
}
