#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The system test that passes on the hardware must fail on each broken copy of it, by its own checks.
# A copy named equal-* is another way to build the same hardware: every run must be the same.
# The model in lockstep must see each broken copy as well; one named lockstep-* is left to it, and
# its first line says which class of action differs.
# One named unreset-* lacks a reset: the test of reset seeds must see it.
source "$(dirname "$0")/common.sh"
program=build/release/tests/test_ring_crossing
planted=build/release/tests/test_lockstep

if BELL_DEVICE=rtl $program >"$scratch/log" 2>&1; then
  pass mutants.sound_hardware_passes
else
  fail mutants.sound_hardware_passes "$(tail -3 "$scratch/log" | tr '\n' ' ')"
fi
for patch in tb/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  if [[ $name == equal-* ]]; then
    for run in "--seed 1" "--seed 2 --slots 1" "--seed 3 --slots 8"; do
      # shellcheck disable=SC2086
      if cmp -s <("$belfry" demo $run) \
        <(LD_LIBRARY_PATH=build/mutant-$name/lib "$belfry" demo $run); then
        pass "mutants.$name.${run// /_}"
      else
        fail "mutants.$name.${run// /_}" "the demo differs"
      fi
    done
    continue
  fi
  if [[ $name == lockstep-* ]]; then
    class=$(sed -n '1s/^lockstep: //p' "$patch")
    LD_LIBRARY_PATH=build/mutant-$name/lib timeout 200 "$planted" >"$scratch/log" 2>&1
    if grep -q "differ: $class, cycle" "$scratch/log"; then
      pass "mutants.$name.differs"
    else
      fail "mutants.$name.differs" "expected '$class': $(grep -m1 'differ:' "$scratch/log")"
    fi
    continue
  fi
  if [[ $name == unreset-* ]]; then
    BELL_DEVICE=rtl LD_LIBRARY_PATH=build/mutant-$name/lib \
      build/release/tests/test_reset_seeds >"$scratch/log" 2>&1
    code=$?
    if (( code == 1 )) && grep -q 'FAIL reset_seeds.rtl.invisible' "$scratch/log"; then
      pass "mutants.$name.dies"
    else
      fail "mutants.$name.dies" "exit $code: $(tail -3 "$scratch/log" | tr '\n' ' ')"
    fi
    continue
  fi
  BELL_DEVICE=rtl LD_LIBRARY_PATH=build/mutant-$name/lib timeout 200 $program >"$scratch/log" 2>&1
  if grep -q 'lockstep: RTL and reference model differ' "$scratch/log"; then
    pass "mutants.$name.differs"
  else
    fail "mutants.$name.differs" "no difference: $(tail -3 "$scratch/log" | tr '\n' ' ')"
  fi
  BELL_LOCKSTEP=off BELL_DEVICE=rtl LD_LIBRARY_PATH=build/mutant-$name/lib timeout 200 $program >"$scratch/log" 2>&1
  code=$?
  if (( code >= 1 && code <= 2 )) && grep -q 'FAILED' "$scratch/log"; then
    pass "mutants.$name.dies"
  else
    fail "mutants.$name.dies" "exit $code: $(tail -3 "$scratch/log" | tr '\n' ' ')"
  fi
done
finish
