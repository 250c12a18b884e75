#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rule UNKNOWN of the port checkers: an X on any handshake, or on a payload that is offered. The
# other tests run where a signal is 0 or 1; this one needs a simulator with four values.
source "$(dirname "$0")/common.sh"

iverilog -g2012 -s unknown_tb -o "$scratch/unknown" tb/assert/unknown_tb.sv \
  tb/assert/bell_axil_check.sv tb/assert/bell_axi4_check.sv
rules() { vvp -n "$scratch/unknown" "+plant=$1" | sed -n 's/.*\([sm]_axil*\): rule \([A-Z_0-9]*\):.*/\1 \2/p' | sort -u; }

said=$(rules 0)
if [[ -z $said ]]; then pass unknown.none_where_nothing_is_offered
else fail unknown.none_where_nothing_is_offered "the checkers say: $said"; fi
for plant in {1..30}; do
  port=s_axil
  if (( plant > 15 )); then port=m_axi; fi
  said=$(rules "$plant" | grep -E 'UNKNOWN$' || true)
  if [[ $said == "$port UNKNOWN" ]]; then pass "unknown.plant_$plant"
  else fail "unknown.plant_$plant" "expected $port UNKNOWN, the checkers say: $(rules "$plant")"; fi
done
finish
