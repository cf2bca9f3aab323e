# The tests of CUDA code. None needs a GPU.

# ---- compiled for the host, with a header that plays the device (host_device.h); whole batches only where they are small

CUDA_TUNED = clipped cycled cycled_many loss_targets $(CROSS) batch_1 batch_3 batch_70 bias_none channels_17_20 depthwise_2 dilation_2 groups_5 kernel_1x7 kernel_4 \
             linear_twice many_conv moved padding_deep plain_strips pool_2x3 pool_ceil pool_dilated pool_gap \
             pool_overlap pool_twice relu_both relu_none sgd_alone sgd_damped sgd_nesterov size_11x13 size_1x17 \
             strided_circular twice_conv twice_gates unpool_padded
HOST_MAIN  = $(addprefix tests/cuda/,check.c outcome.c compare.c compile.c emulated.c)
HOST_NETS  = $(NETS) MAIN="$(HOST_MAIN)" CUDA_HOST=1 TUNED=generic OPTIONS=--without=winograd REAL=float \
             HOST_MACHINE="$(if $(AVX2),-march=x86-64-v3)"
# Images become multiples of 1/8, as those of tests/tuned/ are: so rounding decides about no maximum (compare.c).
DYADIC     = s|normalize(.*)\]|normalize(mean=128.0/255, std=64.0/255)]|
# augmented's images are blends of pixels, which are no such multiples; tests/gradient/ has one whose pixels are moved.
EXACT      = $(filter-out augmented,$(patsubst specs/%.net,%,$(wildcard specs/*.net)))
SMALLER    = EDIT='s/batch_size = 64/batch_size = 33/; $(DYADIC)'

# $(call host_device,FOLDER,FLAGS): the device by itself, and kernels that it is to refuse.
host_device = @mkdir -p $(1) && $(CXX) $(2) -std=gnu++17 -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Iruntime -fPIC -shared -x c++ \
        -include tests/cuda/host_device.h -o $(1)/device_check.so tests/cuda/device_check.cu \
    && $(CC) $(2) -std=gnu11 -O1 -Wall -Wextra -Werror -Iruntime -c -o $(1)/device_check.o tests/cuda/device_check.c \
    && $(CXX) $(2) -std=gnu++17 -O1 -Wall -Wextra -Werror -Iruntime -c -o $(1)/host_device.o tests/cuda/host_device.cpp \
    && $(CC) $(2) -std=gnu11 -c -o $(1)/error.o runtime/error.c && $(CC) $(2) -std=gnu11 -c -o $(1)/format.o runtime/format.c \
    && $(CXX) $(2) -rdynamic -o $(1)/device_check $(1)/*.o -ldl -lm

.PHONY: cuda-nets test-cuda-host test-asan-cuda-host
cuda-nets: $(BUILD)/netc
	@+$(HOST_NETS) NETS=specs NAMES="$(EXACT)" OUT=$(BUILD)/cuda-host/specs $(SMALLER)
	@+$(HOST_NETS) NETS=tests/gradient OUT=$(BUILD)/cuda-host/gradient EDIT='$(DYADIC)'
	@+$(HOST_NETS) NETS=tests/tuned NAMES="$(CUDA_TUNED)" OUT=$(BUILD)/cuda-host/tuned

test-cuda-host: cuda-nets
	$(call host_device,$(BUILD)/cuda-host/device)
	@OMP_WAIT_POLICY=passive $(SUITE) cuda-host tests/cuda/host.sh $(BUILD)/cuda-host specs gradient tuned

CUDA_ASAN = augmented concat_3 conv_groups linear_deep pool_ceil pool_odd residual same_reflect unpool
ASAN_TUNED = kernel_5x1 stride_2 padded_reflect channels_16_17 pool_padded twice_pool unpool linear_17 batch_3 moved clipped
HOST_ASAN = -g1 -fsanitize=$(ADDRESS) -fno-sanitize-recover=all
test-asan-cuda-host: $(BUILD)/netc
	@+$(HOST_NETS) NETS=specs NAMES=lenet OUT=$(ASAN)/cuda-host/specs $(SMALLER) EXTRA="$(HOST_ASAN)"
	@+$(HOST_NETS) NETS=tests/gradient NAMES="$(CUDA_ASAN)" OUT=$(ASAN)/cuda-host/gradient EDIT='$(DYADIC)' EXTRA="$(HOST_ASAN)"
	@+$(HOST_NETS) NETS=tests/tuned NAMES="$(ASAN_TUNED)" OUT=$(ASAN)/cuda-host/tuned \
	    EXTRA="$(HOST_ASAN)"
	$(call host_device,$(ASAN)/cuda-host/device,$(HOST_ASAN))
	@OMP_WAIT_POLICY=passive $(SUITE) asan-cuda-host tests/cuda/host.sh $(ASAN)/cuda-host specs gradient tuned

# ---- compiled by NVRTC and nvcc, where they are

.PHONY: test-cuda-compile cuda-table
test-cuda-compile: cuda-nets
	@ARCHS=$(ARCHS) $(SUITE) cuda-compile tests/cuda/compile.sh $(BUILD)/cuda-host specs gradient $(if $(ARCHS),tuned)

# The kernels of the seed network, for docs/performance.md.
TABLE_ARCHS = sm_75 sm_80 sm_90 sm_120
cuda-table: cuda-nets
	@tests/cuda/table.sh $(BUILD)/cuda-host/specs lenet_generic $(TABLE_ARCHS)

# ---- executed by an emulator of the driver: PTXEMU=folder has its sources

EMULATOR = $(BUILD)/ptxemu
CHANGES  = $(BUILD)/cuda-emulated/changes
NCCL     = $(BUILD)/cuda-emulated/libnccl.so.2

# A copy is built: only what has changed.
.PHONY: emulator test-cuda
emulator:
	@[ -f "$(PTXEMU)/Makefile" ] || { echo "PTXEMU=folder says where the emulator's sources are" >&2; exit 2; }
	@mkdir -p $(EMULATOR) && (cd "$(PTXEMU)" && tar cf - .) | (cd $(EMULATOR) && tar xf - --no-same-owner)
	@chmod -R u+w $(EMULATOR)
	@$(MAKE) -s -C $(EMULATOR) libcuda.so.1

$(CHANGES): tests/cuda/changes.c $(filter %/safetensors.o %/json.o %/utf8.o %/error.o %/format.o,$(RUNTIME))
	@mkdir -p $(@D)
	@$(CC) $(ALLFLAGS) -Iruntime -o $@ $^ -lm

$(NCCL): tests/cuda/nccl.c
	@mkdir -p $(@D)
	@$(CC) $(ALLFLAGS) -fPIC -shared -Wl,-soname,libnccl.so.2 -o $@ $< -ldl

test-cuda: emulator cuda-nets $(CHANGES) $(NCCL)
	@OMP_WAIT_POLICY=passive $(SUITE) cuda tests/cuda/emulated.sh $(CURDIR)/$(EMULATOR) $(CURDIR)/$(dir $(NCCL)) $(CHANGES) \
	    $(BUILD)/cuda-host/specs/check $(BUILD)/cuda-host/gradient/check

.PHONY: cuda-counters
cuda-counters: emulator $(BUILD)/netc
	@unset MAKEFLAGS MFLAGS MAKELEVEL; tests/cuda/counters.sh $(CURDIR)/$(EMULATOR)
