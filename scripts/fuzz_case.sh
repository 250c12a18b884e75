#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `make fuzz` for FUZZ_INPUTS inputs (200000), as one case for scripts/run_tests.py.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
if make --no-print-directory fuzz "FUZZ_INPUTS=${FUZZ_INPUTS:-200000}" 2>&1 | tail -40; then
  echo "PASS fuzz.d3dkmt"
else
  echo "FAIL fuzz.d3dkmt see build/fuzz for the input"
fi
