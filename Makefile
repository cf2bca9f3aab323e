# netc: the network compiler, its runtime and everything that checks them. `make help` lists the targets.
# A new .c file in compiler/ or runtime/, a new test and a new spec are found by themselves.

# At the top, as many jobs as the machine has processors; what the command line says wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:

# A variant is a folder of its own: make BUILD=build/asan SANITIZE=address,undefined
BUILD    ?= build
SANITIZE ?=
PREFIX   ?= /usr/local
DESTDIR  ?=

ifeq ($(origin CC),default)
CC        = cc
endif
CFLAGS   ?= -O2 -g
WARNINGS  = -Wall -Wextra -Werror
SANFLAGS  = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALLFLAGS  = -std=gnu11 $(CFLAGS) $(WARNINGS) $(SANFLAGS) -MMD -MP

# V=1 shows the commands themselves; make -s shows nothing.
Q      = $(if $(V),,@)
SILENT = $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))
say    = @$(if $(V)$(SILENT),:,printf '  %-6s %s\n' $(1) $(2))

.PHONY: all
all: $(BUILD)/netc

# ---- the compiler

GENERATED = $(BUILD)/compiler/syntax
COMPILER  = $(wildcard compiler/*.c compiler/*/*.c)
OBJECTS   = $(COMPILER:%.c=$(BUILD)/%.o) $(GENERATED)/lexer.o $(GENERATED)/parser.o
INCLUDES  = -Icompiler -I$(BUILD)/compiler

$(BUILD)/netc: $(OBJECTS)
	$(call say,link,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lm

$(BUILD)/compiler/%.o: compiler/%.c
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(ALLFLAGS) $(INCLUDES) -c -o $@ $<

$(GENERATED)/%.o: $(GENERATED)/%.c
	$(call say,cc,$<)
	$(Q)$(CC) $(ALLFLAGS) $(INCLUDES) -c -o $@ $<

$(GENERATED)/lexer.c: compiler/syntax/lexer.l
	@mkdir -p $(@D)
	@command -v flex >/dev/null || tools/need.sh --print build
	$(call say,flex,$<)
	$(Q)flex -o $@ --header-file=$(@:.c=.h) $<

$(GENERATED)/parser.c: compiler/syntax/parser.y
	@mkdir -p $(@D)
	@command -v bison >/dev/null || tools/need.sh --print build
	$(call say,bison,$<)
	$(Q)bison -Wall -Werror -o $@ --defines=$(@:.c=.h) $<

# Made together with the .c; whoever includes them needs them first.
$(GENERATED)/lexer.h: $(GENERATED)/lexer.c
$(GENERATED)/parser.h: $(GENERATED)/parser.c
$(GENERATED)/lexer.h $(GENERATED)/parser.h: ;
$(filter $(GENERATED)/%.o,$(OBJECTS)): | $(GENERATED)/lexer.h $(GENERATED)/parser.h

# ---- the runtime, for the tests: a trainer's own Makefile builds it together with the model

RUNTIME = $(patsubst %.c,$(BUILD)/%.o,$(wildcard runtime/*.c))

$(BUILD)/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(ALLFLAGS) -fopenmp -Iruntime -c -o $@ $<

# ---- what people type

.PHONY: demo install uninstall clean help bench bench-growth bench-ablation
demo:
	@tools/need.sh build
	@$(MAKE) $(BUILD)/netc
	@echo
	$(BUILD)/netc specs/lenet.net --cpu=native -o $(BUILD)/demo/lenet
	@$(MAKE) -C $(BUILD)/demo/lenet RUNTIME=$(CURDIR)/runtime BUILD=build
	@echo
	$(BUILD)/demo/lenet/lenet train --save $(BUILD)/demo/lenet.safetensors

# Of PYTHON only what is asked for counts here, not the default of the tests.
BENCH = BUILD=$(BUILD) CC="$(CC)" ROWS="$(ROWS)" ROUNDS="$(ROUNDS)" QUICK="$(QUICK)" \
        PYTHON="$(if $(filter command environment,$(firstword $(origin PYTHON))),$(PYTHON))" bench/bench.sh

bench bench-growth:
	@tools/need.sh build
	@$(MAKE) $(BUILD)/netc
	@$(BENCH) $(@:bench-%=%)

bench-ablation:
	@tools/need.sh build
	@$(MAKE) $(BUILD)/netc
	@BUILD=$(BUILD) NETC=$(BUILD)/netc CC="$(CC)" bench/ablation.sh

install: $(BUILD)/netc
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/netc/runtime
	install -m 755 $(BUILD)/netc $(DESTDIR)$(PREFIX)/bin/netc
	install -m 644 $(wildcard runtime/*.c runtime/*.h) $(DESTDIR)$(PREFIX)/share/netc/runtime

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/netc
	rm -rf $(DESTDIR)$(PREFIX)/share/netc

clean:
	rm -rf build

help:
	@sed -n 's/^#? //p' $(MAKEFILE_LIST)

#? make                 build $(BUILD)/netc
#? make demo            compile specs/lenet.net, build its trainer, train it on MNIST
#? make install         netc and the runtime, into PREFIX (/usr/local) below DESTDIR; make uninstall takes them away
#? make bench           netc beside PyTorch and ONNX Runtime, by turns: bench/results.md, bench/results.svg; installs both
#?                      into $(BUILD)/venv, unless python3 or PYTHON=... has them. ROWS="seed wide" (names in bench/rows.py),
#?                      ROUNDS=5; QUICK=1 tries it with few images
#? make bench-growth    how the time grows with images, batch size, channels and image size: bench/growth.svg;
#?                      ROWS="images size", ROUNDS=3 and QUICK=1 as above
#? make bench-ablation  what each technique brings: the seed network compiled without it, by turns; ROUNDS=3
#? make clean           removes build/
#?
#? BUILD=folder         where everything goes (build)
#? CC, CFLAGS           the C compiler (cc) and its optimisation flags (-O2 -g)
#? V=1                  show each command whole
#? SANITIZE=list        -fsanitize=list; give it a BUILD of its own
#?

include tests/tests.mk

-include $(OBJECTS:.o=.d) $(RUNTIME:.o=.d) $(wildcard $(BUILD)/tests/unit/*.d)
