#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Print every measured figure with its budget. Ratios come from one run; counts from callgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=build/release/tests

echo "== engine against the bare Verilated loop, idle skip, latency from ring to first read"
"$tests/bench_core"
for program in "$tests"/bench_*; do
  [[ -x $program && $program != *bench_core && $program != *.d ]] || continue
  echo "== $(basename "$program")"
  "$program"
done

echo "== a trapped store against a direct call  (budget 25, aim 15)"
"$tests/test_cost" 2>&1 | grep -o 'one store:.*'

echo "== belfry bench"
build/release/bin/belfry bench | sed -n '/^Budgets/,$p'

echo "== register accesses against cocotb on the same RTL"
scripts/bench_peer.sh

if ! command -v valgrind >/dev/null; then
  echo "(valgrind is not installed: no instruction counts)"
  exit 0
fi
count() { # instructions of bench_core --active N
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$tests/bench_core" --active "$1" 2>&1 \
    | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
echo "== host instructions per active cycle (difference of two runs, so that set-up drops out)"
low=$(count 4000)
high=$(count 24000)
echo "instructions_per_active_cycle $(( (high - low) / 20000 )) instructions  (budget 5000, aim 2000)"
echo "== the bare core, 1024 slots and queues against 64"
scripts/bench_size.sh
