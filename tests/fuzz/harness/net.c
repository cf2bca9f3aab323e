/* Specs: lexer, parser, checker; what they let pass goes on through graph and plan to the sources of the trainer, where a
 * fault is an internal error, which ends the process. */
#include "../fuzz.h"
#include "check/model.h"
#include "cpu/emit.h"
#include "cuda/emit.h"
#include "graph/graph.h"
#include "plan/gpu.h"
#include "plan/plan.h"
#include "syntax/ast.h"

#include <stdlib.h>
#include <string.h>

/* Networks of more layers are checked and not planned, as this is to be fast. */
enum { MOST_LAYERS_PLANNED = 24 };

static void compile(Arena *arena, Model *model, bool plain)
{
    static const char *const targets[] = {"avx2", "generic", "avx512", "neon"};
    PlanOptions how = {.plain = plain};
    Graph      *graph = graph_build(arena, model, model->has_train, plain);
    Graph      *evaluation = graph_build(arena, model, false, plain);
    if (!model->has_train || !model->has_data)
        return;
    const Target *target = target_find(targets[model->layers.count % 4]);
    Plan         *plan = plan_build(arena, model, graph, evaluation, target, &how);
    GpuPlans      gpu = gpu_plans(arena, model, &how);
    Files        *files = cpu_emit(arena, plan, "netc fuzzed.net");
    cuda_emit(arena, model, &gpu, "netc fuzzed.net", files);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena *arena = arena_new();
    char  *text = malloc(size + 1), *said = NULL;
    size_t length = 0;
    FILE  *out = open_memstream(&said, &length);
    fuzz_require(text && out, "no memory");
    if (size)
        memcpy(text, bytes, size);
    text[size] = '\0';
    Source source = {"fuzzed.net", text, size};
    Diag  *diag = diag_new(arena, &source, out, false);
    Ast   *ast = parse(arena, &source, diag);
    if (ast)
        ast_print(text_new(arena), &source, ast);
    Model *model = ast ? check(arena, &source, ast, false, diag) : NULL;
    fclose(out);
    fuzz_require((model != NULL) == (length == 0), "%s: '%s'", model ? "a good spec" : "a wrong spec", said);
    if (!model)
        fuzz_require_readable(said);
    else if (model->layers.count <= MOST_LAYERS_PLANNED)
        compile(arena, model, size % 2);
    free(said);
    free(text);
    arena_free(arena);
    return 0;
}
