#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main job: right on both devices, the same to the bit for one seed, with its files.
source "$(dirname "$0")/common.sh"

expect_exit demo.rtl 0 "All right" "$belfry" demo
expect_exit demo.model 0 "All right" "$belfry" demo --device=model
expect_exit demo.one_slot 0 "All right" "$belfry" demo --slots 1
expect_exit demo.many_slots 0 "All right" "$belfry" demo --slots 64
for seed in 2 3; do expect_exit "demo.seed_$seed" 0 "All right" "$belfry" demo --seed $seed; done

"$belfry" demo --seed 5 >"$scratch/a" 2>/dev/null
"$belfry" demo --seed 5 >"$scratch/b" 2>/dev/null
"$belfry" demo --seed 6 >"$scratch/c" 2>/dev/null
if cmp -s "$scratch/a" "$scratch/b"; then pass demo.same_seed_same_run; else fail demo.same_seed_same_run; fi
if cmp -s "$scratch/a" "$scratch/c"; then fail demo.other_seed_other_run; else pass demo.other_seed_other_run; fi
if grep -Eq '^ +[1-9][0-9]* +of them went to a dummy page' "$scratch/a"; then
  pass demo.victimizations_happen
else
  fail demo.victimizations_happen
fi
# What a terminal shows in addition must not change the run.
if ! script -qec true /dev/null >/dev/null 2>&1; then
  echo "no pseudo-terminal on this machine: what a terminal sees is not compared"
elif script -qec "$belfry demo --seed 5" /dev/null >"$scratch/t" 2>/dev/null &&
  grep -q 'ledger balances' "$scratch/t" &&
  diff <(grep -o '^  [ABC][0-9] .*' "$scratch/a") <(tr -d '\r' <"$scratch/t" | grep -o '^  [ABC][0-9] .*') >/dev/null; then
  pass demo.terminal_sees_the_same_run
else
  fail demo.terminal_sees_the_same_run
fi

expect_exit demo.files 0 "All right" "$belfry" demo --waves "$scratch/w.fst" --trace "$scratch/t.json"
if [[ -s $scratch/w.fst ]]; then pass demo.waves_file; else fail demo.waves_file; fi
if python3 - "$scratch/t.json" <<'P'
import json, sys
events = json.load(open(sys.argv[1]))
events = events["traceEvents"] if isinstance(events, dict) else events
phases = {e["ph"] for e in events}
starts = {e["id"] for e in events if e["ph"] == "s"}
ends = {e["id"] for e in events if e["ph"] == "f"}
sys.exit(0 if len(events) > 1000 and {"M", "s", "f"} <= phases and ends <= starts else 1)
P
then pass demo.timeline_file; else fail demo.timeline_file; fi
finish
