# SPDX-License-Identifier: MIT
# rtl/ -> a C++ model in $(VTOP). A mutant build applies one patch to a copy of rtl/ first.
VTOP := $(B)/vtop
MUTANT := $(patsubst mutant-%,%,$(filter mutant-%,$(VARIANT)))
RTL_SRC := $(wildcard rtl/*.sv rtl/*/*.sv rtl/*/*/*.sv)

ifdef MUTANT
RTL_DIR := $(B)/rtl
$(RTL_DIR)/.copied: $(RTL_SRC) rtl/bell.f rtl/lint.vlt tb/mutants/$(MUTANT).patch scripts/mutate.sh
	@scripts/mutate.sh $(MUTANT) $(RTL_DIR)
	@touch $@
RTL_READY := $(RTL_DIR)/.copied
else
RTL_DIR := rtl
RTL_READY := $(RTL_SRC) rtl/bell.f rtl/lint.vlt
endif

# The tool's FST writer stores misaligned words and shifts negative ones: not ours to find.
VTOP_SAN := $(subst fuzzer-no-link,,$(SAN) $(if $(SAN),-fno-sanitize=alignment -fno-sanitize=shift))

# -O3: the tool's own default (-Os) is a fifth slower; -O2 does not unroll its trigger loops. FST
# support costs nothing while it is off. Calls inside the library need no indirection, and clearing
# a dozen trigger bytes no call of memset, and the few words of an event no vectors (options of GCC).
VTOP_FLAGS := -fno-semantic-interposition \
  $(if $(findstring clang,$(CXX)),,-fno-tree-loop-distribute-patterns -fno-tree-vectorize)
VERILATE := $(VERILATOR) --cc --trace-fst --x-initial unique --no-timing -Wall -O3 \
  -CFLAGS "-fPIC $(VTOP_FLAGS) $(VTOP_SAN)" --top-module bell_top --prefix Vbell_top \
  $(if $(SIZE),-GNumSlots=$(SIZE) -GNumQueues=$(SIZE))

# The checkers cost a tenth of the speed: bound where errors are looked for at any price.
ASSERTS := $(if $(filter san,$(VARIANT)),-F tb/assert/assert.f)

VTOP_RUNTIME := verilated.o verilated_dpi.o verilated_fst_c.o verilated_threads.o

$(VTOP)/Vbell_top__ALL.a: $(RTL_READY) sim/device/bell_public.vlt $(wildcard tb/assert/*.sv tb/assert/assert.*)
	@echo "  verilate $(RTL_DIR)"
	@mkdir -p $(VTOP)
	$(Q)$(VERILATE) -Mdir $(VTOP) sim/device/bell_public.vlt -F $(RTL_DIR)/bell.f $(ASSERTS)
	$(Q)$(MAKE) --no-print-directory -C $(VTOP) -f Vbell_top.mk OPT_FAST="-O3" OPT_SLOW="-O1" \
	  OPT_GLOBAL="-O2" CXX=$(CXX) $(if $(CCACHE),OBJCACHE=$(CCACHE)) Vbell_top__ALL.a $(VTOP_RUNTIME) >/dev/null
