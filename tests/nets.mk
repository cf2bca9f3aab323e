# Compiles every spec of a folder and links the models, the runtime and one test program into one binary:
#   make -f tests/nets.mk NETS=folder OUT=folder MAIN=program.c [CPU=generic] [REAL=float]
# makes OUT/check. The sources of NAME.net lie in OUT/NAME/.

NETC   ?= build/netc
CPU    ?= generic
REAL   ?= double
CC     ?= cc
OPTIMISE ?= -O1
FLAGS   = -std=gnu11 $(OPTIMISE) -g -Wall -Wextra -Werror -Wno-psabi -fno-math-errno -fopenmp -MMD -MP -Iruntime -Itests/harness $(EXTRA) \
          $(if $(filter double,$(REAL)),-DNETC_DOUBLE)
MACHINE_avx2   = -march=x86-64-v3
MACHINE_avx512 = -march=x86-64-v4

NAMES   = $(patsubst $(NETS)/%.net,%,$(wildcard $(NETS)/*.net))
MODELS  = $(foreach name,$(NAMES),$(OUT)/$(name)/$(name).o $(OUT)/$(name)/$(name)_model.o)
SHARED  = $(patsubst %.c,$(OUT)/%.o,$(wildcard runtime/*.c tests/harness/*.c) $(MAIN))

.SUFFIXES:
.DELETE_ON_ERROR:
$(OUT)/check: $(SHARED) $(OUT)/models.o $(MODELS)
	@$(CC) $(FLAGS) -o $@ $^ -lz -lm

$(OUT)/models.c: $(MAKEFILE_LIST) $(wildcard $(NETS)/*.net)
	@mkdir -p $(@D)
	@{ echo '#include "model.h"'; for name in $(NAMES); do echo "extern const struct model $${name}_model;"; done; \
	   echo 'extern const struct model *const models[];'; \
	   echo 'const struct model *const models[] = {'; for name in $(NAMES); do echo "    &$${name}_model,"; done; \
	   echo '    NULL'; echo '};'; } >$@

$(SHARED): $(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) -c -o $@ $<

$(OUT)/models.o: $(OUT)/models.c
	@$(CC) $(FLAGS) -c -o $@ $<

# netc leaves files alone whose text has not changed: what it writes is compiled again only where it must be.
define model
$(OUT)/$(1).stamp: $(NETS)/$(1).net $(NETC)
	@mkdir -p $$(@D)
	@out=$$$$($(NETC) $$< --cpu=$(CPU) -o $(OUT)/$(1) 2>&1) || { echo "$$$$out"; exit 1; }; touch $$@
$(OUT)/$(1)/$(1).c $(OUT)/$(1)/$(1)_model.c: $(OUT)/$(1).stamp ;
$(OUT)/$(1)/$(1).o: $(OUT)/$(1)/$(1).c
	@$(CC) $(FLAGS) $(MACHINE_$(CPU)) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_model.o: $(OUT)/$(1)/$(1)_model.c
	@$(CC) $(FLAGS) $(MACHINE_$(CPU)) -I$(OUT)/$(1) -c -o $$@ $$<
endef
$(foreach name,$(NAMES),$(eval $(call model,$(name))))

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
