# Harnesses of the readers: harness/NAME.c, with seeds/NAME/ and perhaps NAME.dict.

HARNESSES = $(patsubst tests/fuzz/harness/%.c,%,$(wildcard tests/fuzz/harness/*.c))
FUZZ     ?= $(HARNESSES)
FUZZED    = $(BUILD)/fuzz

# $(call harness,FLAGS,SOURCES BESIDE IT): the rest is in this build's folder, BUILD, with SANITIZE.
harness = $(CC) $(ALLFLAGS) -MF $@.d -MT $@ $(1) $(if $(filter %/net,$@),$(INCLUDES),-Iruntime -fopenmp) -o $@ \
          tests/fuzz/harness/$(@F).c tests/fuzz/fuzz.c $(2) \
          $(if $(filter %/net,$@),$(filter-out %/main.o,$(OBJECTS)) -lm,$(RUNTIME) -lpng -lz -ldl -lm)
HARNESS_NEEDS = tests/fuzz/fuzz.c $(wildcard tests/fuzz/*.h) $(OBJECTS) $(RUNTIME)

# ---- with libFuzzer

# What sanitizers add to loops keeps clang from making vectors of those that are to be some, which it would say.
FUZZ_FLAGS = -O1 -g -Wno-pass-failed
.PHONY: fuzz fuzz-programs
fuzz:
	@tools/need.sh build test fuzz
	@$(MAKE) BUILD=$(FUZZED)/build CC=clang SANITIZE=fuzzer-no-link,$(ADDRESS) CFLAGS="$(FUZZ_FLAGS)" FUZZED=$(FUZZED) fuzz-programs
	@BUILD=$(BUILD) tests/fuzz/run.sh $(or $(SECONDS),60) $(FUZZ)

fuzz-programs: $(FUZZ:%=$(FUZZED)/%)
$(HARNESSES:%=$(FUZZED)/%): $(FUZZED)/%: tests/fuzz/harness/%.c $(HARNESS_NEEDS)
	@mkdir -p $(@D)
	$(call say,fuzz,$<)
	$(Q)$(call harness,-fsanitize=fuzzer)

# ---- without: the seeds, as they are and damaged

.PHONY: replay-programs test-asan-damage
replay-programs: $(HARNESSES:%=$(BUILD)/tests/fuzz/%)
$(HARNESSES:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: tests/fuzz/harness/%.c tests/fuzz/replay.c $(HARNESS_NEEDS)
	@mkdir -p $(@D)
	$(call say,test,$<)
	$(Q)$(call harness,,tests/fuzz/replay.c)

test-asan-damage: $(BUILD)/netc
	@+$(SANITIZED) replay-programs
	@$(SUITE) asan-damage tests/fuzz/damage.sh $(ASAN)/tests/fuzz $(HARNESSES)
