/* The Makefile of the output: the runtime's sources are compiled together with the model, with the same flags. */
#include "cpu/print.h"

/* Follows NAME, the net's name, and TARGET, the flags for the CPU. */
static const char rules[] =
    "CFLAGS ?= -O2 -Wall -Wextra\n"
    "BUILD  ?= build\n"
    "\n"
    "# The runtime's sources: in the tree that holds this folder, or where the installed netc has them.\n"
    "RUNTIME ?= $(if $(wildcard ../../runtime/model.h),../../runtime,$(shell netc --runtime 2>/dev/null))\n"
    "\n"
    "ifeq ($(origin CC),default)\n"
    "CC = cc\n"
    "endif\n"
    "ifeq ($(MAKELEVEL),0)\n"
    "MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)\n"
    "endif\n"
    "MAKEFLAGS += --no-builtin-rules\n"
    ".DELETE_ON_ERROR:\n"
    "\n"
    "# Vectors longer than the CPU's, as a double build has, are passed between functions of one file only: the note\n"
    "# about their ABI (psabi) is turned off.\n"
    "FLAGS = -std=gnu11 $(TARGET) -fopenmp -fno-math-errno -Wno-psabi -I$(RUNTIME) -MMD -MP $(CFLAGS) $(EXTRA_CFLAGS)\n"
    "\n"
    "# Without zlib the trainer is built all the same, and reads datasets that are not compressed; without libpng, no PNG.\n"
    "# Other libraries are looked for when they are needed.\n"
    "ZLIB := $(shell echo 'const char *zlibVersion(void); int main(void) { return !zlibVersion(); }' | \\\n"
    "    $(CC) $(CFLAGS) $(EXTRA_CFLAGS) -include zlib.h -x c -o /dev/null - $(LDFLAGS) -lz 2>/dev/null && echo yes)\n"
    "PNG := $(shell echo 'int main(void) { return !png_access_version_number(); }' | \\\n"
    "    $(CC) $(CFLAGS) $(EXTRA_CFLAGS) -include png.h -x c -o /dev/null - $(LDFLAGS) -lpng -lz 2>/dev/null && echo yes)\n"
    "FLAGS += $(if $(ZLIB),,-DNETC_NO_ZLIB) $(if $(PNG),,-DNETC_NO_PNG)\n"
    "LIBS   = $(if $(PNG),-lpng) $(if $(ZLIB),-lz) -ldl -lm\n"
    "\n"
    "OBJECTS = $(addprefix $(BUILD)/,$(NAME).o $(NAME)_predict.o $(NAME)_layers.o $(NAME)_model.o $(NAME)_cuda.o \\\n"
    "    main.o) $(patsubst $(RUNTIME)/%.c,$(BUILD)/runtime/%.o,$(wildcard $(RUNTIME)/*.c))\n"
    "\n"
    "ifneq ($(MAKECMDGOALS),clean)\n"
    "ifeq ($(wildcard $(RUNTIME)/model.h),)\n"
    "$(error The runtime is not found: install netc, or say where it is with RUNTIME=folder)\n"
    "endif\n"
    "endif\n"
    "\n"
    "$(NAME): $(OBJECTS)\n"
    "\t$(CC) $(FLAGS) -o $@ $(OBJECTS) $(LDFLAGS) $(LIBS)\n"
    "\n"
    "$(BUILD)/%.o: %.c\n"
    "\t@mkdir -p $(@D)\n"
    "\t$(CC) $(FLAGS) -c -o $@ $<\n"
    "\n"
    "# It holds the CUDA code as text.\n"
    "$(BUILD)/$(NAME)_cuda.o: $(wildcard $(NAME)_*.cu)\n"
    "\n"
    "$(BUILD)/runtime/%.o: $(RUNTIME)/%.c\n"
    "\t@mkdir -p $(@D)\n"
    "\t$(CC) $(FLAGS) -c -o $@ $<\n"
    "\n"
    ".PHONY: clean\n"
    "clean:\n"
    "\trm -rf $(BUILD) $(NAME)\n"
    "\n"
    "-include $(OBJECTS:.o=.d)\n";

void print_makefile(Text *text, const Plan *plan)
{
    line(text, "%s", "");
    line(text, "NAME    = %s", plan->model->name);
    line(text, "TARGET  =%s%s", *plan->target->cflags ? " " : "", plan->target->cflags);
    text_add(text, "%s", rules);
}
