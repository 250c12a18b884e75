# SPDX-License-Identifier: MIT
# Test programs. `make tests` builds those of one VARIANT; scripts/test.sh builds all and runs them.
T := $(B)/tests
TEST_CFLAGS = -std=gnu11 $(WARN) $(OPT) $(SAN) $(SIZED) -MMD -MP $(INCLUDES) -Itb/common \
  -Itb/driver -Itb/sim -Itb/model -Itb/device -Itb/system
TEST_LIB = -L$(B)/lib -lbelfry '-Wl,-rpath,$$ORIGIN/../lib'

# Unit tests of RTL modules: each its own Verilated model.
RTL_TESTS := $(patsubst tb/%.cpp,$(B)/rtl/%,$(wildcard $(foreach s,common mmio doorbell sched fetch \
  engine fence irq assert top,tb/$(s)/test_*.cpp)))
$(B)/rtl/%: tb/%.cpp $(RTL_SRC) $(wildcard tb/common/* tb/assert/*) scripts/build_rtl_test.sh
	@echo "  rtl test $<"
	@mkdir -p $(@D)
	$(Q)scripts/build_rtl_test.sh $< $@

# Driver on fakes: no simulator.
DRIVER_TESTS := $(patsubst tb/driver/%.c,$(T)/%,$(wildcard tb/driver/test_*.c))
KMD_TESTS := $(filter $(T)/test_kmd%,$(DRIVER_TESTS))
UMD_TESTS := $(filter $(T)/test_umd%,$(DRIVER_TESTS))
$(UMD_TESTS): $(T)/%: tb/driver/%.c tb/driver/fake_kmt.c tb/driver/step.c $(wildcard driver/umd/*.c)
$(KMD_TESTS): $(T)/%: tb/driver/%.c $(filter-out tb/driver/fake_kmt.c,$(wildcard \
  tb/driver/fake_*.c)) tb/driver/step.c $(wildcard driver/kmd/*.c)
ABI_TESTS := $(patsubst tb/abi/%.c,$(T)/%,$(wildcard tb/abi/test_*.c))
$(ABI_TESTS): $(T)/%: tb/abi/%.c

# Engine parts on a fake device.
SIM_TESTS := $(patsubst tb/sim/%.c,$(T)/%,$(wildcard tb/sim/test_*.c))
$(SIM_TESTS): $(T)/%: tb/sim/%.c $(filter-out tb/sim/test_%,$(wildcard tb/sim/*.c)) \
  $(wildcard $(addsuffix /*.c,sim/thread sim/memory sim/bus sim/trap))

$(DRIVER_TESTS) $(ABI_TESTS) $(SIM_TESTS):
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(filter %.c,$^) -lcmocka -lZydis -ldl -lm -o $@

# Everything that needs the library.
MODEL_TESTS := $(patsubst tb/model/%.c,$(T)/%,$(wildcard tb/model/test_*.c))
$(MODEL_TESTS): $(T)/%: tb/model/%.c $(filter-out tb/model/test_%,$(wildcard tb/model/*.c)) $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(filter %.c,$^) $(TEST_LIB) -lcmocka -o $@

# The same tests on the Verilated device: what the model promises, the RTL keeps. One looks inside
# the model.
MODEL_ON_RTL_TESTS := $(patsubst $(T)/%,$(T)/rtl-%,$(filter-out %/test_model_preempt,$(MODEL_TESTS)))
$(MODEL_ON_RTL_TESTS): $(T)/rtl-%: tb/model/%.c $(filter-out tb/model/test_%,$(wildcard \
  tb/model/*.c)) $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -DBENCH_CREATE=bell_rtl_create $(filter %.c,$^) $(TEST_LIB) -lcmocka -o $@

# The model beside the RTL: differences are planted.
LOCKSTEP_TESTS := $(patsubst tb/lockstep/%.c,$(T)/%,$(wildcard tb/lockstep/test_*.c))
$(LOCKSTEP_TESTS): $(T)/%: tb/lockstep/%.c tb/model/model_bench.c $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -DBENCH_CREATE=bell_rtl_create $(filter %.c,$^) $(TEST_LIB) -lcmocka -o $@

SYSTEM_TESTS := $(patsubst tb/system/%.c,$(T)/%,$(wildcard tb/system/test_*.c))
RIG := $(patsubst tb/system/%.c,$(T)/%.o,$(filter-out tb/system/test_%,$(wildcard tb/system/*.c)))
$(RIG): $(T)/%.o: tb/system/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -c $< -o $@
$(SYSTEM_TESTS): $(T)/%: tb/system/%.c $(RIG) $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $< $(RIG) $(TEST_LIB) -lcmocka -o $@

# Drivers that break one rule each: the shipped one as a shared object, with a change around it.
V := $(B)/violations
KMD_ARCHIVE := $(V)/libbell_kmd.a
$(KMD_ARCHIVE): $(patsubst %.c,$(OBJ)/%.o,$(wildcard driver/kmd/*.c))
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
$(V)/plant.o: tb/violations/plant.c tb/violations/plant.h
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(CFLAGS_DRIVER) -Itb/violations -c $< -o $@
VIOLATIONS := $(patsubst tb/violations/%.c,$(V)/%.so,$(filter-out %/plant.c,$(wildcard \
  tb/violations/*.c)))
$(V)/%.o: tb/violations/%.c tb/violations/plant.h
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(CFLAGS_DRIVER) -Itb/violations -c $< -o $@
$(VIOLATIONS): $(V)/%.so: $(V)/%.o $(V)/plant.o $(KMD_ARCHIVE)
	$(Q)$(CC) -shared $(SAN) -Wl,-Bsymbolic -Wl,-u,DriverEntry -Wl,--wrap=DxgkInitialize \
	  -Wl,--wrap=READ_REGISTER_ULONG64 -Wl,--wrap=WRITE_REGISTER_ULONG64 \
	  -Wl,--wrap=ExFreePoolWithTag $^ -o $@
$(T)/test_violations: $(VIOLATIONS)
.SECONDARY: $(VIOLATIONS:.so=.o)

DEVICE_TESTS := $(patsubst tb/device/%.cpp,$(T)/%,$(wildcard tb/device/test_*.cpp))
$(DEVICE_TESTS): $(T)/%: tb/device/%.cpp $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 $(filter-out -std=gnu11,$(TEST_CFLAGS)) $< $(TEST_LIB) -o $@

# The SystemC face. Debian's SystemC is C++17; its headers stay out of the Verilated units.
SYSTEMC_TESTS := $(patsubst tb/systemc/%.cpp,$(T)/%,$(wildcard tb/systemc/test_*.cpp))
$(SYSTEMC_TESTS): $(T)/%: tb/systemc/%.cpp $(wildcard sim/systemc/*) $(wildcard tb/systemc/*) $(LIB)
	@echo "  test $@"
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++17 $(WARN) $(OPT) $(SAN) $(INCLUDES) -Isim/systemc -Itb/systemc -Itb/device \
	  $(filter %.cpp,$^) $(TEST_LIB) -lsystemc -o $@

BENCHES := $(patsubst tb/bench/%.cpp,$(T)/%,$(wildcard tb/bench/bench_*.cpp))
$(T)/bare_loop.o: tb/bench/bare_loop.cpp $(wildcard tb/bench/*.h) $(VTOP)/Vbell_top__ALL.a
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 $(filter-out -std=gnu11,$(TEST_CFLAGS)) $(VTOP_INCLUDES) -c $< -o $@
$(BENCHES): $(T)/%: tb/bench/%.cpp $(T)/bare_loop.o $(wildcard tb/bench/*.h) $(LIB) \
  $(VTOP)/Vbell_top__ALL.a
	@echo "  bench $@"
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++17 $(filter-out -std=gnu11,$(TEST_CFLAGS)) $(VTOP_INCLUDES) $< $(BENCH_ALSO) \
	  $(T)/bare_loop.o $(VTOP)/Vbell_top__ALL.a $(addprefix $(VTOP)/,$(VTOP_RUNTIME)) $(TEST_LIB) \
	  $(BENCH_LIBS) -lz -lpthread -o $@
$(T)/bench_tlm: BENCH_ALSO = -Isim/systemc sim/systemc/bell_device_tlm.cpp
$(T)/bench_tlm: BENCH_LIBS = -lsystemc
$(T)/bench_tlm: sim/systemc/bell_device_tlm.cpp sim/systemc/bell_device_tlm.h

# Hostile input: seeded inputs here, libFuzzer in `make fuzz`.
FUZZ_TESTS := $(patsubst tb/fuzz/%.c,$(T)/%,$(wildcard tb/fuzz/fuzz_*.c))
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),,tb/fuzz/standalone.c)
$(FUZZ_TESTS): $(T)/%: tb/fuzz/%.c $(FUZZ_MAIN) $(LIB)
	@echo "  fuzz $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) $< $(FUZZ_MAIN) $(TEST_LIB) -o $@
fuzz-targets: $(FUZZ_TESTS)

HARDWARE_TESTS := $(SYSTEM_TESTS) $(DEVICE_TESTS)
HOST_TESTS := $(DRIVER_TESTS) $(ABI_TESTS) $(SIM_TESTS) $(MODEL_TESTS) \
  $(MODEL_ON_RTL_TESTS) $(LOCKSTEP_TESTS) $(SYSTEMC_TESTS)
.PHONY: tests rtl-tests list-tests list-nightly fuzz-targets
tests: $(HARDWARE_TESTS) $(HOST_TESTS) $(FUZZ_TESTS) $(BIN)/belfry
rtl-tests: $(RTL_TESTS)

# One line a program: name, tab, command. scripts/run_tests.py reads it.
list-tests:
	@$(foreach t,$(RTL_TESTS),printf '%s\t%s\n' 'rtl/$(patsubst $(B)/rtl/%,%,$t)' '$t';)
	@$(foreach t,$(HOST_TESTS),printf '%s\t%s\n' '$(VARIANT)/$(notdir $t)' '$t';)
	@$(foreach t,$(FUZZ_TESTS),printf '%s\t%s\n' '$(VARIANT)/model/$(notdir $t)' \
	  'BELL_DEVICE=model $t --inputs 3000' '$(VARIANT)/rtl/$(notdir $t)' \
	  'BELL_DEVICE=rtl $t --inputs 300 --seed 2';)
	@$(foreach d,rtl model,$(foreach t,$(HARDWARE_TESTS),printf '%s\t%s\n' \
	  '$(VARIANT)/$d/$(notdir $t)' 'BELL_DEVICE=$d $t';))

# VARIANT size-<n>: system tests on a device of that size. A few are part of `make test`.
SIZE_TESTS := $(addprefix $(T)/test_,first_light ring_crossing create connect contend victim \
  disconnect layouts recovery sched_order sched_share native_fence determinism)
.PHONY: size-tests list-size-tests list-size
size-tests: $(SIZE_TESTS)
list-size-tests list-size:
	@$(foreach t,$(if $(filter list-size,$@),$(HARDWARE_TESTS),$(SIZE_TESTS)),printf '%s\t%s\n' \
	  '$(VARIANT)/rtl/$(notdir $t)' 'BELL_DEVICE=rtl $t';)

# What `make nightly` runs beyond `make test`, in the same form.
WIDE_TESTS := $(T)/test_umd_sweep
list-nightly:
	@$(foreach d,rtl model,$(foreach t,$(WIDE_TESTS),printf '%s\t%s\n' 'wide/$d/$(notdir $t)' \
	  'BELL_WIDE=1 BELL_DEVICE=$d $t';))
	@$(foreach l,packed global,$(foreach t,$(SYSTEM_TESTS),printf '%s\t%s\n' \
	  '$l/rtl/$(notdir $t)' 'BELL_DOORBELLS=$l BELL_DEVICE=rtl $t';))
	@$(foreach t,$(FUZZ_TESTS),printf '%s\t%s\n' 'wide/model/$(notdir $t)' \
	  'BELL_DEVICE=model $t --inputs 60000 --seed 11' 'wide/rtl/$(notdir $t)' \
	  'BELL_DEVICE=rtl $t --inputs 6000 --seed 12';)
	@printf '%s\t%s\n' wide/explore 'BELL_WIDE=1 tb/scripts/test_explore.sh'
	@printf '%s\t%s\n' wide/libfuzzer 'scripts/fuzz_case.sh'
-include $(wildcard $(T)/*.d $(V)/*.d)
