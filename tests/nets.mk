# Compiles every spec of a folder and links the models, the runtime and one test program into one binary:
#   make -f tests/nets.mk NETS=folder OUT=folder MAIN=program.c [CPU=generic] [REAL=float]
# makes OUT/check. The sources of NAME.net lie in OUT/NAME/. With TUNED="generic avx2", NAME is compiled with --no-tuned,
# and beside it a NAME_generic and a NAME_avx2 with tuned kernels, each for its target. OPTIONS are further ones of netc,
# for those with tuned kernels. EDIT is a sed script that every spec goes through. CUDA_HOST=1 compiles the CUDA code
# as well, for the device that the host plays (tests/cuda/host_device.h): OUT/NAME/FILE.so of each OUT/NAME/FILE.cu.

NETC   ?= build/netc
CPU    ?= generic
REAL   ?= double
CC     ?= cc
OPTIMISE ?= -Og
FLAGS   = -std=gnu11 $(OPTIMISE) -Wall -Wextra -Werror -Wno-psabi -fno-math-errno -fopenmp -MMD -MP \
          -Iruntime -Itests/harness -DNETC_NO_PNG $(EXTRA) $(if $(filter double,$(REAL)),-DNETC_DOUBLE)
LIBS   ?= -lz -ldl -lm
CXX    ?= c++
DEVICE_FLAGS = -std=gnu++17 -O1 -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-unused-parameter -ffp-contract=off \
               -Iruntime $(EXTRA)
MACHINE_avx2   = -march=x86-64-v3
MACHINE_avx512 = -march=x86-64-v4

# <immintrin.h>, which models of floats include, takes longer to read than the rest of most: it is compiled beforehand.
ifeq ($(REAL),float)
START_avx2     = $(OUT)/start_avx2.h
START_avx512   = $(OUT)/start_avx512.h
endif

NAMES   = $(patsubst $(NETS)/%.net,%,$(wildcard $(NETS)/*.net))
ALL     = $(foreach name,$(NAMES),$(name) $(TUNED:%=$(name)_%))
MODELS  = $(foreach name,$(ALL),$(OUT)/$(name)/$(name).o $(OUT)/$(name)/$(name)_model.o \
                         $(OUT)/$(name)/$(name)_predict.o $(OUT)/$(name)/$(name)_layers.o $(OUT)/$(name)/$(name)_cuda.o)
SHARED  = $(patsubst %.c,$(OUT)/%.o,$(wildcard runtime/*.c tests/harness/*.c) $(MAIN) $(if $(CUDA_HOST),tests/cuda/host_run.c))
ifdef CUDA_HOST
DEVICE  = $(OUT)/tests/cuda/host_device.o
KERNELS = $(foreach name,$(ALL),$(OUT)/$(name)/kernels.stamp)
endif

.SUFFIXES:
.DELETE_ON_ERROR:
$(OUT)/check: $(SHARED) $(DEVICE) $(OUT)/models.o $(MODELS) | $(KERNELS)
	@$(if $(CUDA_HOST),$(CXX) -rdynamic $(filter-out -std=%,$(FLAGS)),$(CC) $(FLAGS)) -o $@ $^ $(LIBS) $(if $(CUDA_HOST),-ldl)

# Kernels are opened when the program runs, from beside the model's sources.
.PHONY: kernels
kernels: $(KERNELS)
$(DEVICE): $(OUT)/%.o: %.cpp
	@mkdir -p $(@D)
	@$(CXX) $(DEVICE_FLAGS) -O2 -MMD -MP -c -o $@ $<

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

$(OUT)/start_%.h.gch:
	@mkdir -p $(@D)
	@echo '#include <immintrin.h>' >$(OUT)/start_$*.h
	@$(CC) $(FLAGS) $(MACHINE_$*) -x c-header -o $@ $(OUT)/start_$*.h

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
$(OUT)/$(1)/$(1).h $(OUT)/$(1)/$(1).c $(OUT)/$(1)/$(1)_model.c $(OUT)/$(1)/$(1)_predict.c $(OUT)/$(1)/$(1)_layers.c $(OUT)/$(1)/$(1)_cuda.c: \
    $(OUT)/$(1).stamp ;
$(OUT)/$(1)/$(1).o: $(OUT)/$(1)/$(1).c $(START_$(3):%=| %.gch)
	@$(CC) $(FLAGS) $(MACHINE_$(3)) $(START_$(3):%=-include %) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_model.o: $(OUT)/$(1)/$(1)_model.c $(START_$(3):%=| %.gch)
	@$(CC) $(FLAGS) $(MACHINE_$(3)) $(START_$(3):%=-include %) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_predict.o: $(OUT)/$(1)/$(1)_predict.c $(START_$(3):%=| %.gch)
	@$(CC) $(FLAGS) $(MACHINE_$(3)) $(START_$(3):%=-include %) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_layers.o: $(OUT)/$(1)/$(1)_layers.c $(START_$(3):%=| %.gch)
	@$(CC) $(FLAGS) $(MACHINE_$(3)) $(START_$(3):%=-include %) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/$(1)_cuda.o: $(OUT)/$(1)/$(1)_cuda.c
	@$(CC) $(FLAGS) -I$(OUT)/$(1) -c -o $$@ $$<
$(OUT)/$(1)/kernels.stamp: $(OUT)/$(1).stamp tests/cuda/host_device.h $(wildcard runtime/*.h)
	@for cu in $(OUT)/$(1)/*.cu; do \
	    $(CXX) $(DEVICE_FLAGS) $(HOST_MACHINE) -fPIC -shared -x c++ -include tests/cuda/host_device.h -o $$$${cu%.cu}.so $$$$cu \
	        || exit 1; \
	done; touch $$@
endef

# $(call edited,NAME): the spec as it is compiled. Written anew each time, as EDIT may be another.
ifdef EDIT
edited = $(OUT)/$(1).net
define edit
$(OUT)/$(1).net: list
	@mkdir -p $$(@D)
	@sed '$(EDIT)' $(NETS)/$(1).net >$$@.new
	@if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
$(foreach name,$(NAMES),$(eval $(call edit,$(name))))
else
edited = $(NETS)/$(1).net
endif

# $(call tuned,NAME,CPU): the same network under another name.
define tuned
$(OUT)/$(1)_$(2).net: $(call edited,$(1))
	@mkdir -p $$(@D)
	@sed 's/^net $(1) /net $(1)_$(2) /' $$< >$$@
$(call model,$(1)_$(2),$(OUT)/$(1)_$(2).net,$(2),$(OPTIONS))
endef
$(foreach name,$(NAMES),$(eval $(call model,$(name),$(call edited,$(name)),$(CPU),$(if $(TUNED),--no-tuned,$(OPTIONS)))))
$(foreach name,$(NAMES),$(foreach cpu,$(TUNED),$(eval $(call tuned,$(name),$(cpu)))))

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
