#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything of `make test FORMAL=1`, then what takes too long for it; the last line is
# "N passed, N failed".
# usage: FUZZ_INPUTS=n scripts/nightly.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit
passed=0 failed=0

# Run a part, show it, add up its last line; a part that does not end with one counts as a failure.
part() {
  local log=$1 words
  shift
  "$@" 2>&1 | tee "$log"
  words=$(tail -1 "$log")
  if [[ $words =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    echo "nightly: '$*' ended without a count; see $log"
    failed=$((failed + 1))
  fi
}

wide() {
  local size
  make --no-print-directory list-nightly >build/nightly.list || return
  for size in 256 1024; do
    make --no-print-directory -j"$(nproc)" VARIANT="size-$size" tests || return
    make --no-print-directory VARIANT="size-$size" list-size >>build/nightly.list || return
  done
  BELL_RESULTS=build/nightly BELL_TEST_SECONDS=7200 BELL_CASE_SECONDS=3600 \
    scripts/run_tests.py build/nightly.list
}

mkdir -p build
part build/nightly-test.log env FORMAL=1 scripts/test.sh
part build/nightly-wide.log wide
part build/nightly-synth.log scripts/synth.sh drift
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
