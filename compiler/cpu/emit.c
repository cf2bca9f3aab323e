#include "cpu/emit.h"

#include "cpu/print.h"

typedef struct FileKind {
    const char *suffix;                             /* after the net's name */
    const char *name;                               /* or a name of its own */
    const char *what;                               /* one line */
    void      (*print)(Text *text, const Plan *plan);
} FileKind;

static const FileKind kinds[] = {
    { ".h", NULL, "What the kernels and the tables share: weights, memory, phases.", print_header },
    { ".c", NULL, "The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES.",
      print_source },
    { "_model.c", NULL, "The tables that the runtime reads.", print_tables },
    { "_predict.c", NULL, "The logits of a single image.", print_predict },
    { "_layers.c", NULL, "The plain forward pass of a single image, layer by layer.", print_visit },
    { NULL, "main.c", "The trainer's main program.", print_main },
    { NULL, "Makefile", NULL, print_makefile },
};

Files *cpu_emit(Arena *arena, const Plan *plan, const char *command_line)
{
    Files *files = NEW(arena, Files);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const FileKind *kind = &kinds[i];
        Text *text = text_new(arena);
        print_head(text, plan->model, plan->target->name, kind->what, command_line);
        kind->print(text, plan);
        const char *name = kind->name ? kind->name : arena_printf(arena, "%s%s", plan->model->name, kind->suffix);
        list_add(arena, files, ((File){ name, text->at, text->size }));
    }
    return files;
}
