/* The stages, in their order: read, parse, check, graph, plan, emit, write. Each hands one value to the next. */
#include "base/diag.h"
#include "base/text.h"
#include "base/version.h"
#include "check/model.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/summary.h"
#include "cpu/emit.h"
#include "cuda/emit.h"
#include "graph/graph.h"
#include "plan/gpu.h"
#include "plan/plan.h"
#include "syntax/ast.h"

#include <errno.h>
#include <string.h>

enum { NEED_ALL = COMMAND_COMPILE | COMMAND_RUN | COMMAND_EMIT_PLAN };

static int print(const Text *text)
{
    fwrite(text->at, 1, text->size, stdout);
    return EXIT_WELL;
}

static int write_output(Arena *arena, const Options *options, const Model *model, const Plan *plan,
                        const GpuPlans *gpu, const char *folder)
{
    const char *command_line = options_text(arena, options, plan->target->name);
    Files *files = cpu_emit(arena, plan, command_line);
    cuda_emit(arena, model, gpu, command_line, files);
    bool changed;
    int status = output_write(arena, folder, model->name, files, &changed);
    if (status == EXIT_WELL && options->command == COMMAND_COMPILE)
        fprintf(stderr, "%s %s for %s: make -C %s\n", folder, changed ? "written" : "is up to date",
                plan->target->name, folder);
    return status;
}

/* Takes the spec at `path` from text to source, as far as the command goes. */
static int compile(Arena *arena, const Options *options, const char *path, const char *runtime)
{
    const char *why;
    const Source *source = source_read(arena, path, &why);
    if (!source) {
        fprintf(stderr, "netc: %s: %s\n", path, why);
        return EXIT_WRONG_INPUT;
    }
    Diag *diag = diag_new(arena, source, stderr, diag_wants_colour(stderr));
    Text *text = text_new(arena);

    Ast *ast = parse(arena, source, diag);
    if (!ast)
        return EXIT_WRONG_INPUT;
    if (options->command == COMMAND_EMIT_AST) {
        ast_print(text, source, ast);
        return print(text);
    }

    Model *model = check(arena, source, ast, options->command & NEED_ALL, diag);
    if (!model)
        return EXIT_WRONG_INPUT;
    if (options->command == COMMAND_CHECK)
        return EXIT_WELL;

    Graph *graph = graph_build(arena, model, model->has_train, options->plain);
    if (options->command == COMMAND_EMIT_GRAPH) {
        graph_print(text, graph);
        return print(text);
    }

    PlanOptions how = { .plain = options->plain, .without = options->without, .units = options->units };
    Plan *plan = NULL;
    if (model->has_train && model->has_data) {
        Graph *evaluation = graph_build(arena, model, false, options->plain);
        plan = plan_build(arena, model, graph, evaluation, target_find(options->cpu), &how);
    }
    if (options->command == COMMAND_SUMMARY) {
        summary_print(text, model, graph_build(arena, model, model->has_train, true), plan);
        return print(text);
    }

    GpuPlans gpu = gpu_plans(arena, model, &how);
    if (options->command == COMMAND_EMIT_PLAN) {
        plan_print(text, plan);
        for (int i = 0; i < gpu.count; i++)
            gpu_print(text, gpu.at[i]);
        return print(text);
    }

    const char *folder = options->output ? options->output : arena_printf(arena, "generated/%s", model->name);
    int status = write_output(arena, options, model, plan, &gpu, folder);
    if (status != EXIT_WELL || options->command == COMMAND_COMPILE)
        return status;
    status = build_trainer(arena, folder, runtime);
    return status != EXIT_WELL ? status : become_trainer(arena, folder, model->name, options->trainer_args);
}

static int execute(Arena *arena, const Options *options, const char *argv0)
{
    if (options->command == COMMAND_HELP || options->command == COMMAND_VERSION) {
        fputs(options->command == COMMAND_HELP ? options_help(arena) : "netc " NETC_VERSION "\n", stdout);
        return EXIT_WELL;
    }
    const char *runtime = NULL;
    if (options->command & (COMMAND_RUNTIME | COMMAND_RUN) && !(runtime = runtime_folder(arena, argv0)))
        return EXIT_MACHINE;
    if (options->command == COMMAND_RUNTIME) {
        printf("%s\n", runtime);
        return EXIT_WELL;
    }
    int worst = EXIT_WELL;
    for (int i = 0; i < options->specs.count; i++) {
        int status = compile(arena, options, options->specs.at[i], runtime);
        worst = status > worst ? status : worst;
    }
    return worst;
}

int main(int argc, char **argv)
{
    Arena *arena = arena_new();
    Options options;
    int status = EXIT_WRONG_COMMAND_LINE;
    if (options_read(arena, argc, argv, &options))
        status = execute(arena, &options, argv[0]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "netc: cannot write to standard output: %s\n", strerror(errno));
        status = EXIT_MACHINE;
    }
    arena_free(arena);
    return status;
}
