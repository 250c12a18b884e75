#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# belfry bench: every sample is in a row of its histogram, the budgets hold on the hardware, and one
# seed gives one output.
source "$(dirname "$0")/common.sh"

expect_exit bench.rtl 0 "Budgets" "$belfry" bench
expect_exit bench.model 0 "Budgets" "$belfry" bench --device=model
expect_exit bench.slots_are_its_own 2 "slots" "$belfry" bench --slots 3
expect_exit bench.argument 2 "twice" "$belfry" bench twice

"$belfry" bench --seed 4 >"$scratch/a" 2>/dev/null
"$belfry" bench --seed 4 >"$scratch/b" 2>/dev/null
"$belfry" bench --seed 5 >"$scratch/c" 2>/dev/null
if cmp -s "$scratch/a" "$scratch/b"; then pass bench.same_seed_same_figures; else fail bench.same_seed_same_figures; fi
if diff -q <(tail -n +2 "$scratch/a") <(tail -n +2 "$scratch/c") >/dev/null; then
  fail bench.other_seed_other_figures
else
  pass bench.other_seed_other_figures
fi

# 3 runs of 4 histograms; no sample lost; every run fences all it submitted.
tally=$(awk '
  / samples, / { if (seen != want) bad++; n++; sub(/.*: /, ""); want = $1; seen = 0; next }
  /^ +[0-9.]+ +[0-9]+  #*$/ { seen += $2 }
  /^Budgets/ { if (seen != want) bad++ }
  END { print n, bad + 0 }' "$scratch/a")
if [[ $tally == "12 0" ]]; then pass bench.rows_add_up; else fail bench.rows_add_up "histograms, wrong ones: $tally"; fi
fenced=$(grep -c 'progress fence visible, clocks: \(250\|2000\) samples' "$scratch/a")
if [[ $fenced == 3 ]]; then pass bench.every_submission_is_fenced; else fail bench.every_submission_is_fenced "$fenced of 3"; fi
if grep -q MISSED "$scratch/a"; then
  fail bench.budgets "$(grep MISSED "$scratch/a" | tr -s ' ' | tr '\n' ';')"
elif [[ $(grep -c '[0-9]  \(aim\|reached\)$' "$scratch/a") == 5 ]]; then
  pass bench.budgets
else
  fail bench.budgets "rows are missing"
fi
finish
