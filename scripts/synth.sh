#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Synthesis of rtl/ for FPGAs: checks (no latch, RAMs are RAMs, rtl/belfry.core), areas, depth,
# place and route. Tools: pinned ones from PyPI in a venv; scripts/setup.sh installs the rest.
# usage: scripts/synth.sh [PATTERN]     the cases whose name contains PATTERN; with none, all, and
#                                       then rtl/SYNTH.md and the table in README.md are written
#        scripts/synth.sh run CASE      one case
#        scripts/synth.sh drift         all, and then both must be within a tenth of it
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh synth >&2
scripts/venv.sh synth >/dev/null
if [[ ${1:-} == run ]]; then exec scripts/synth.py "$@"; fi
pattern=${1:-}
if [[ $pattern == drift ]]; then pattern=; fi
mkdir -p build
status=0
scripts/synth.py list >build/synth.list
export BELL_RESULTS=build/synth-results BELL_TEST_SECONDS=${BELL_TEST_SECONDS:-14400}
scripts/run_tests.py build/synth.list ${pattern:+"$pattern"} | tee build/synth.out || status=$?
read -r passed _ failed _ <<<"$(tail -1 build/synth.out)"
if [[ ${1:-} == drift ]]; then
  if scripts/synth.py drift; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
elif [[ -z ${1:-} && $status == 0 ]]; then
  scripts/synth.py write
fi
echo "$passed passed, $failed failed"
[[ $status == 0 && $failed == 0 ]]
