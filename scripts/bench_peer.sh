#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Register accesses a second: the engine against cocotb with Verilator on the same RTL, in turns in
# one run. cocotb comes from PyPI, into build/bench-venv.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(scripts/venv.sh bench)
rounds=3
register=$(sed -n "s/^#define BELL_CTRL_OFFSET UINT32_C(\(0x[0-9a-f]*\)).*/\1/p" driver/include/bell_regs.h)
folder=$PWD/build/bench-peer
mkdir -p "$folder"

peer() {
  PATH="$venv/bin:$PATH" BELL_REGISTER=$register make -C "$folder" \
    -f "$("$venv/bin/cocotb-config" --makefiles)/Makefile.sim" SIM=verilator TOPLEVEL_LANG=verilog \
    TOPLEVEL=bell_top MODULE=peer_mmio PYTHONPATH="$PWD/tb/bench" OPT_FAST=-O3 VERILOG_SOURCES= \
    EXTRA_ARGS="-F $PWD/rtl/bell.f -O3 --x-assign fast -Wno-fatal" 2>&1 \
    | tee "$folder/log" | sed -n 's/^peer.cocotb \([0-9]*\).*/\1/p'
}
ours() { build/release/tests/bench_mmio | sed -n 's/^mmio.engine \([0-9]*\).*/\1/p'; }

best_peer=0 best_ours=0
for ((i = 0; i < rounds; i++)); do
  now=$(peer)
  (( ${now:-0} > 0 )) || { echo "bench_peer: cocotb did not run; see $folder/log" >&2; exit 1; }
  (( now > best_peer )) && best_peer=$now
  now=$(ours)
  (( now > best_ours )) && best_ours=$now
done
echo "mmio.cocotb $best_peer accesses/s"
echo "mmio.engine $best_ours accesses/s"
awk -v a="$best_ours" -v b="$best_peer" \
  'BEGIN { printf "mmio.engine_to_cocotb %.0f ratio  (budget 500, aim 1500)\n", a / b }'
