# Compiles every spec of a folder and links the models, the runtime and one test program into one binary:
#   make -f tests/nets.mk NETS=folder OUT=folder MAIN=program.c [CPU=generic] [REAL=float]
# makes OUT/check. The sources of NAME.net lie in OUT/NAME/. With TUNED="generic avx2", NAME is compiled with --no-tuned,
# and beside it a NAME_generic and a NAME_avx2 with tuned kernels, each for its target. OPTIONS are further ones of netc,
# for those with tuned kernels.

NETC   ?= build/netc
CPU    ?= generic
REAL   ?= double
CC     ?= cc
OPTIMISE ?= -O1 -g
FLAGS   = -std=gnu11 $(OPTIMISE) -Wall -Wextra -Werror -Wno-psabi -fno-math-errno -fopenmp -MMD -MP \
          -Iruntime -Itests/harness -DNETC_NO_PNG $(EXTRA) $(if $(filter double,$(REAL)),-DNETC_DOUBLE)
LIBS   ?= -lz -ldl -lm
MACHINE_avx2   = -march=x86-64-v3
MACHINE_avx512 = -march=x86-64-v4

NAMES   = $(patsubst $(NETS)/%.net,%,$(wildcard $(NETS)/*.net))
ALL     = $(foreach name,$(NAMES),$(name) $(TUNED:%=$(name)_%))
MODELS  = $(foreach name,$(ALL),$(OUT)/$(name)/$(name).o $(OUT)/$(name)/$(name)_model.o \
                         $(OUT)/$(name)/$(name)_predict.o $(OUT)/$(name)/$(name)_cuda.o)
SHARED  = $(patsubst %.c,$(OUT)/%.o,$(wildcard runtime/*.c tests/harness/*.c) $(MAIN))

.SUFFIXES:
.DELETE_ON_ERROR:
$(OUT)/check: $(SHARED) $(OUT)/models.o $(MODELS)
	@$(CC) $(FLAGS) -o $@ $^ $(LIBS)

# Written anew each time and left alone if it is the same: the models depend on what is asked for and on which specs are.
.PHONY: list
list:
$(OUT)/models.c: list
	@mkdir -p $(@D)
	@{ echo '#include "model.h"'; for name in $(ALL); do echo "extern const struct model $${name}_model;"; done; \
	   echo 'extern const struct model *const models[];'; \
	   echo 'const struct model *const models[] = {'; for name in $(ALL); do echo "    &$${name}_model,"; done; \
	   echo '    NULL'; echo '};'; } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(SHARED): $(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) -c -o $@ $<

$(OUT)/models.o: $(OUT)/models.c
	@$(CC) $(FLAGS) -c -o $@ $<

# netc leaves files alone whose text has not changed: what it writes is compiled again only where it must be.
# $(call model,NAME,SPEC,CPU,OPTIONS)
define model
$(OUT)/$(1).stamp: $(2) $(NETC)
	@mkdir -p $$(@D)
	@out=$$$$($(NETC) $$< --cpu=$(3) $(4) -o $(OUT)/$(1) 2>&1) || { echo "$$$$out"; exit 1; }; touch $$@
$(OUT)/$(1)/$(1).h $(OUT)/$(1)/$(1).c $(OUT)/$(1)/$(1)_model.c $(OUT)/$(1)/$(1)_predict.c $(OUT)/$(1)/$(1)_cuda.c: $(OUT)/$(1).stamp ;
$(OUT)/$(1)/$(1).o: $(OUT)/$(1)/$(1).c
	@$(CC) $(FLAGS) $(MACHINE_$(3)) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_model.o: $(OUT)/$(1)/$(1)_model.c
	@$(CC) $(FLAGS) $(MACHINE_$(3)) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_predict.o: $(OUT)/$(1)/$(1)_predict.c
	@$(CC) $(FLAGS) $(MACHINE_$(3)) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_cuda.o: $(OUT)/$(1)/$(1)_cuda.c
	@$(CC) $(FLAGS) -I$(OUT)/$(1) -c -o $$@ $$<
endef

# $(call tuned,NAME,CPU): the same network under another name.
define tuned
$(OUT)/$(1)_$(2).net: $(NETS)/$(1).net
	@mkdir -p $$(@D)
	@sed 's/^net $(1) /net $(1)_$(2) /' $$< >$$@
$(call model,$(1)_$(2),$(OUT)/$(1)_$(2).net,$(2),$(OPTIONS))
endef
$(foreach name,$(NAMES),$(eval $(call model,$(name),$(NETS)/$(name).net,$(CPU),$(if $(TUNED),--no-tuned,$(OPTIONS)))))
$(foreach name,$(NAMES),$(foreach cpu,$(TUNED),$(eval $(call tuned,$(name),$(cpu)))))

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
