#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Host instructions a clock of the bare Verilated core with 1024 slots and queues against 64, by
# callgrind, inside the core alone. Differences of two runs, so that set-up drops out.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
sizes=(64 1024)
clocks=8000 # More in tests *_many than in tests *_few.

build() { # size -> program
  local folder=build/release/size/$1
  mkdir -p "$folder"
  verilator --cc --exe -Wall --x-initial unique --no-timing -O3 --Mdir "$folder" \
    -o "$here/$folder/size_clock" --top-module bell_top --prefix Vbell_top -GNumSlots="$1" \
    -GNumQueues="$1" -F rtl/bell.f \
    -CFLAGS "-std=c++17 -I$here/tb/common -I$here/tb/top -I$here/driver/include" \
    "$here/tb/bench/size_clock.cpp"
  make -C "$folder" -f Vbell_top.mk OPT_FAST=-O3 OPT_SLOW=-O1 OPT_GLOBAL=-O2 \
    "OBJCACHE=$(command -v ccache || true)" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
}

count() { # size, test -> instructions inside the core
  local found
  found=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    --toggle-collect='Vbell_top::eval_step*' "build/release/size/$1/size_clock" "$2" 2>&1 \
    | sed -n 's/.*Collected : \([0-9]*\).*/\1/p')
  (( ${found:-0} > 0 )) || { echo "bench_size: nothing was counted" >&2; exit 1; }
  echo "$found"
}

for size in "${sizes[@]}"; do build "$size"; done
for load in idle active; do
  costs=()
  for size in "${sizes[@]}"; do
    low=$(count "$size" "size.${load}_few")
    high=$(count "$size" "size.${load}_many")
    costs+=("$(( (high - low) / clocks ))")
    echo "core.$load.$size ${costs[-1]} instructions/clock"
  done
  ratio=$(awk -v a="${costs[1]}" -v b="${costs[0]}" 'BEGIN { printf "%.2f", a / b }')
  budget=
  if [[ $load == idle ]]; then budget="  (budget 1.5, aim 1.1)"; fi
  echo "core.$load.1024_to_64 $ratio ratio$budget"
done
