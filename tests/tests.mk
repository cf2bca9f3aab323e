# The tests. A suite is a target test-NAME; each prints nothing but failures and one line "NAME: N passed, N failed".

#? make test            all suites below; installs what they need where it may
#?   test-unit            cmocka programs: tests/unit/
#?   test-golden          diagnostics and emitted code, compared with tests/golden/
#?   test-cli             the commands of netc
#?   test-trainer         the commands of a trainer
#?   test-survive         trainings that are interrupted, killed, resumed; checkpoints on a full disk
#?   test-use             what a trained network is used for: eval, predict, the log of a training
#?   test-whole           from a spec to a digit that is read: fetched, trained, interrupted, resumed, evaluated
#?   test-download        trainers that fetch their data, from a server on this machine
#?   test-pytorch-recorded  drawn networks beside PyTorch, as recorded in tests/pytorch/drawn/
#?   test-pytorch-avx2    the same with 8 lanes in place of 4, where the CPU has AVX2
#?   test-transforms      transforms of images beside torchvision's, as recorded in tests/torchvision/
#?   test-gradient        gradients beside differences: tests/gradient/
#?   test-tuned           tuned kernels beside plain nests in double precision, for the plainest and the widest target
#?   test-tuned-float     the same in single precision, for each target this CPU runs; and 1, 3 and 64 threads give the same bits
#?   test-losses          the seed network's first losses beside PyTorch's
#?   test-runs            the seed network trained on MNIST; any number of threads gives the same bits
#?   test-install         the committed example; an installed netc
#?   test-warnings        what netc writes compiles cleanly with gcc and clang, for every target
#?   test-bench           the scripts of make bench, where there is a Python 3; measures nothing
#?   test-cuda-host       CUDA code compiled for the CPU beside plain nests: specs/, tests/gradient/, a part of tests/tuned/
#?   test-cuda-compile    NVRTC and nvcc, where they are, compile it; ARCHS=all for all architectures
#?   test-asan-...        unit, transforms, golden, nets, tuned, cuda-host, trainer: under address and undefined-behaviour sanitizers
#?   test-asan-use        by itself: the suite use under these sanitizers
#?   test-asan-damage     the readers of data, weights and specs: the seeds of tests/fuzz/, and these damaged systematically; some through trainers
#?   test-tsan            training under the thread sanitizer
#? make fuzz            libFuzzer on these readers, SECONDS=60 each; FUZZ="idx png" are some of tests/fuzz/harness/; needs clang
#? make test-pytorch    draws new networks and compares them with PyTorch live; PYTHON=... has torch, SEED=N draws others
#? make test-cuda       trainers on an emulated GPU; PTXEMU=folder has the emulator's sources, CUDA's toolkit is needed
#? make cuda-counters   what the seed network's steps cost there, beside what is wanted; PTXEMU=folder
#? make cuda-table      registers and shared memory of the seed network's kernels, by nvcc
#? make test-cross      trainers for 64-bit Arm under an emulator; installs it and a cross compiler where it may
#? make golden-update   takes what netc prints now as what it should print: read the diff

SUITES = unit golden cli trainer survive use whole download pytorch-recorded $(if $(AVX2),pytorch-avx2) transforms gradient tuned tuned-float losses runs install \
         warnings bench cuda-host cuda-compile asan-unit asan-transforms asan-golden asan-nets asan-tuned asan-cuda-host asan-trainer asan-damage tsan
AVX2   = $(shell grep -m 1 -o -w avx2 /proc/cpuinfo 2>/dev/null)
AVX512 = $(shell grep -m 1 -o -w avx512vl /proc/cpuinfo 2>/dev/null)
ARM    = $(filter aarch64,$(shell uname -m))

SUITE  = NETC=$(CURDIR)/$(BUILD)/netc BUILD=$(BUILD) CC="$(CC)" tests/suite.sh
ADDRESS = address,undefined
ASAN    = $(BUILD)/asan

.PHONY: test golden-update $(SUITES:%=test-%) test-pytorch-avx2 test-pytorch test-cross
test:
	@tools/need.sh build test
	@$(MAKE) $(BUILD)/netc
	@$(MAKE) --silent --keep-going --output-sync=target $(SUITES:%=test-%) || true
	@BUILD=$(BUILD) tests/suite.sh --total $(SUITES)

# ---- unit tests: with all of the compiler, or, test_runtime_*, with all of the runtime

UNIT_COMPILER = $(patsubst %.c,$(BUILD)/%,$(filter-out tests/unit/test_runtime_%,$(wildcard tests/unit/test_*.c)))
UNIT_RUNTIME  = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_runtime_*.c))

$(UNIT_RUNTIME): $(BUILD)/tests/unit/%: tests/unit/%.c $(RUNTIME)
	@mkdir -p $(@D)
	$(call say,test,$<)
	$(Q)$(CC) $(ALLFLAGS) -MF $@.d -MT $@ -fopenmp -Wno-psabi -Iruntime -o $@ $< $(RUNTIME) $(LDFLAGS) -lcmocka -lpng -lz -ldl -lm

$(UNIT_COMPILER): $(BUILD)/tests/unit/%: tests/unit/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,test,$<)
	$(Q)$(CC) $(ALLFLAGS) -MF $@.d -MT $@ $(INCLUDES) -o $@ $< $(filter-out %/main.o,$(OBJECTS)) $(LDFLAGS) -lcmocka -lm

.PHONY: unit-programs
unit-programs: $(UNIT_COMPILER) $(UNIT_RUNTIME)
test-unit: unit-programs
	@$(SUITE) unit tests/unit.sh unit $(UNIT_COMPILER) $(UNIT_RUNTIME)

# ---- scripts

test-golden: $(BUILD)/netc
	@$(SUITE) golden tests/golden.sh

golden-update: $(BUILD)/netc
	@NETC=$(CURDIR)/$(BUILD)/netc tests/golden.sh --update

test-cli: $(BUILD)/netc
	@$(SUITE) cli tests/cli.sh

test-trainer: $(BUILD)/netc
	@$(SUITE) trainer tests/trainer.sh

test-survive: $(BUILD)/netc
	@$(SUITE) survive tests/survive.sh

test-use: $(BUILD)/netc
	@$(SUITE) use tests/use.sh

test-download: $(BUILD)/netc
	@$(SUITE) download tests/download.sh

test-whole: $(BUILD)/netc
	@$(SUITE) whole tests/whole.sh

test-runs: $(BUILD)/netc
	@$(SUITE) runs tests/runs.sh

test-install: $(BUILD)/netc
	@$(SUITE) install tests/install.sh

test-warnings: $(BUILD)/netc
	@$(SUITE) warnings tests/warnings.sh

test-bench: $(BUILD)/netc
	@$(SUITE) bench tests/bench.sh

# ---- many models in one program: tests/nets.mk

DRAWN = tests/pytorch/drawn
NETS  = $(MAKE) -f tests/nets.mk NETC=$(BUILD)/netc CC="$(CC)"

test-pytorch-recorded: $(BUILD)/netc
	@+$(NETS) NETS=$(DRAWN) OUT=$(BUILD)/pytorch MAIN=tests/pytorch/compare.c
	@$(SUITE) pytorch-recorded $(BUILD)/pytorch/check $(DRAWN)

test-pytorch-avx2: $(BUILD)/netc
	@+$(NETS) NETS=$(DRAWN) OUT=$(BUILD)/pytorch-avx2 MAIN=tests/pytorch/compare.c CPU=avx2
	@$(SUITE) pytorch-avx2 $(BUILD)/pytorch-avx2/check $(DRAWN)

$(BUILD)/tests/torchvision/compare: tests/torchvision/compare.c $(RUNTIME)
	@mkdir -p $(@D)
	$(call say,test,$<)
	$(Q)$(CC) $(ALLFLAGS) -MF $@.d -MT $@ -fopenmp -Iruntime -o $@ $< $(RUNTIME) $(LDFLAGS) -lpng -lz -ldl -lm

test-transforms: $(BUILD)/tests/torchvision/compare
	@$(SUITE) transforms $(BUILD)/tests/torchvision/compare tests/torchvision/cases.txt

test-gradient: $(BUILD)/netc
	@+$(NETS) NETS=tests/gradient OUT=$(BUILD)/gradient MAIN=tests/gradient/check.c
	@$(SUITE) gradient $(BUILD)/gradient/check

# Threads that have nothing to do sleep at once: the program starts and ends teams of many all the time.
TUNED = NETS=tests/tuned MAIN=tests/tuned/compare.c TUNED="generic $(AVX2) $(if $(AVX512),avx512) $(if $(ARM),neon)"
test-tuned: $(BUILD)/netc
	@+$(NETS) $(TUNED) $(if $(AVX512),TUNED="generic avx512") OUT=$(BUILD)/tuned
	@OMP_WAIT_POLICY=passive $(SUITE) tuned $(BUILD)/tuned/check

# Winograd's sums are not exact even where the numbers are whole.
test-tuned-float: $(BUILD)/netc
	@+$(NETS) $(TUNED) OPTIONS=--without=winograd OUT=$(BUILD)/tuned-float REAL=float
	@OMP_WAIT_POLICY=passive $(SUITE) tuned-float $(BUILD)/tuned-float/check

LOSSES = $(NETS) NETS=specs NAMES=lenet MAIN=tests/seed/losses.c REAL=float OPTIMISE=-O2
test-losses: $(BUILD)/netc
	@+$(LOSSES) OUT=$(BUILD)/losses
	@+$(LOSSES) OUT=$(BUILD)/losses-direct OPTIONS=--without=winograd
	@$(SUITE) losses tests/seed/losses.sh $(BUILD)/losses/check $(BUILD)/losses-direct/check

PYTHON ?= python3
SEED   ?= $(shell date +%s)
test-pytorch:
	@tools/need.sh build
	@$(MAKE) $(BUILD)/netc
	@rm -rf $(BUILD)/live/nets
	@echo "SEED=$(SEED)"
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -W ignore tests/pytorch/draw.py --out $(BUILD)/live/nets --seed $(SEED)
	@+$(NETS) NETS=$(BUILD)/live/nets OUT=$(BUILD)/live/build MAIN=tests/pytorch/compare.c
	@$(SUITE) pytorch $(BUILD)/live/build/check $(BUILD)/live/nets

# ---- 64-bit Arm: not part of `make test`, as it needs a compiler and an emulator

# A part of the networks: an emulator takes its time.
CROSS = kernel_2 kernel_5x1 stride_2 padded_reflect groups_2 channels_3_5 channels_16_17 pool_padded relu_before plain_relu \
        twice_pool unpool linear_17
CROSS_FLAGS = CC=aarch64-linux-gnu-gcc EXTRA=-DNETC_NO_ZLIB LIBS="-ldl -lm"
test-cross:
	@tools/need.sh build cross
	@$(MAKE) $(BUILD)/netc
	@+$(NETS) $(TUNED) TUNED=neon OPTIONS=--without=winograd NAMES="$(CROSS)" OUT=$(BUILD)/cross REAL=float OPTIMISE=-O1 $(CROSS_FLAGS)
	@OMP_WAIT_POLICY=passive $(SUITE) cross tests/cross.sh $(BUILD)/cross/check

include tests/cuda/cuda.mk
include tests/fuzz/fuzz.mk

# ---- sanitizers, in build folders of their own

SANITIZED = $(MAKE) BUILD=$(ASAN) SANITIZE=$(ADDRESS) CFLAGS="-O1 -g1"

test-asan-unit:
	@+$(SANITIZED) unit-programs
	@$(SUITE) asan-unit tests/unit.sh asan-unit $(patsubst $(BUILD)/%,$(ASAN)/%,$(UNIT_COMPILER) $(UNIT_RUNTIME))

test-asan-transforms:
	@+$(SANITIZED) $(ASAN)/tests/torchvision/compare
	@$(SUITE) asan-transforms $(ASAN)/tests/torchvision/compare tests/torchvision/cases.txt

test-asan-golden: test-asan-unit
	@+$(SANITIZED) $(ASAN)/netc
	@NETC=$(CURDIR)/$(ASAN)/netc BUILD=$(BUILD) tests/suite.sh asan-golden tests/golden.sh

test-asan-nets: $(BUILD)/netc
	@+$(NETS) NETS=tests/gradient OUT=$(ASAN)/gradient MAIN=tests/gradient/check.c EXTRA="-g1 -fsanitize=$(ADDRESS) -fno-sanitize-recover=all"
	@$(SUITE) asan-nets $(ASAN)/gradient/check

# A part of the networks, in single precision, where the targets have code of their own.
test-asan-tuned: $(BUILD)/netc
	@+$(NETS) $(TUNED) OPTIONS=--without=winograd NAMES="$(CROSS)" OUT=$(ASAN)/tuned REAL=float \
	    EXTRA="-g1 -fsanitize=$(ADDRESS) -fno-sanitize-recover=all"
	@OMP_WAIT_POLICY=passive $(SUITE) asan-tuned $(ASAN)/tuned/check

test-asan-trainer: $(BUILD)/netc
	@$(SUITE) asan-trainer tests/sanitize.sh address

test-asan-use: $(BUILD)/netc
	@EXTRA_CFLAGS="-O1 -g1 -fsanitize=$(ADDRESS) -fno-sanitize-recover=all" UBSAN_OPTIONS=print_stacktrace=1 $(SUITE) asan-use tests/use.sh

test-tsan: $(BUILD)/netc
	@$(SUITE) tsan tests/sanitize.sh thread
