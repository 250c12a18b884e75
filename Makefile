# SPDX-License-Identifier: MIT
# Everything runs from here; `make` alone prints this list. Rules are in scripts/make/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
J ?= $(shell nproc)

include scripts/make/config.mk
include scripts/make/rtl.mk
include scripts/make/lib.mk
include scripts/make/tests.mk
include scripts/make/install.mk

##@ Everyday
.PHONY: help demo test build
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nOptions: TEST=<pattern> only matching tests, SEED=<n>, FORMAL=1 make test with the proofs, V=1 show commands\n'

demo: ## Install what is missing, build, run the main job
	@scripts/setup.sh demo
	@$(MAKE) --no-print-directory -j$(J) build
	@$(BIN)/belfry demo $(DEMO_ARGS)

test: ## Install what is missing, build, run every test; last line "N passed, N failed"
	@scripts/setup.sh test
	@$(if $(SEED),BELL_SEED=$(SEED)) scripts/test.sh $(TEST)

build: $(BIN)/belfry ## Build the belfry command and library

##@ Before you commit
.PHONY: check regs bench plan fuzz nightly formal synth clean
check: ## Lint, generated files up to date, warnings, both compilers of the driver
	@scripts/check.sh

regs: ## Regenerate registers and formats from rtl/regs/*.rdl
	@scripts/gen_regs.sh

fuzz: ## libFuzzer over the D3DKMT surface for FUZZ_SECONDS (600) or FUZZ_INPUTS; crashes go to build/fuzz
	@scripts/setup.sh fuzz
	@$(MAKE) --no-print-directory -j$(J) VARIANT=fuzz fuzz-targets
	@mkdir -p build/fuzz/corpus
	@ASAN_OPTIONS=detect_leaks=0 build/fuzz/tests/fuzz_d3dkmt -max_len=1024 -artifact_prefix=build/fuzz/ \
	  $(if $(FUZZ_INPUTS),-runs=$(FUZZ_INPUTS),-max_total_time=$(or $(FUZZ_SECONDS),600)) build/fuzz/corpus

nightly: ## make test FORMAL=1, then wide explorations, make synth and FUZZ_INPUTS (200000) inputs to the fuzzer
	@scripts/setup.sh fuzz
	@scripts/nightly.sh

formal: ## Prove properties of the RTL, each seen to fail on a planted bug; table of the proofs
	@scripts/formal.sh $(TEST)

synth: ## Synthesis for two FPGA families at three sizes, checks, rtl/SYNTH.md; takes an hour
	@scripts/synth.sh $(TEST)

plan: ## Which tests show which requirement, by the results of the last make test
	@scripts/plan.py

bench: ## Measure; every speed is a ratio within the same run
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory -j$(J) $(BENCHES) $(T)/test_cost $(BIN)/belfry
	@scripts/bench.sh

clean: ## Remove build/
	rm -rf build
