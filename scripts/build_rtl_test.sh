#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Verilate the module that a unit test names and link the test to it.
# usage: scripts/build_rtl_test.sh tb/STAGE/test_X.cpp OUTPUT
#
# The test's first lines say what to build (paths from the top folder):
#     // top: MODULE [-GName=value ...] [extra.sv ...]
set -euo pipefail
cd "$(dirname "$0")/.."
source=$1
output=$2

top=$(sed -n '1,12s|^// top: *||p' "$source" | head -1)
if [[ -z $top ]]; then
  echo "build_rtl_test: $source has no line '// top: MODULE' in its first 12 lines" >&2
  exit 1
fi
read -r -a words <<<"$top"
module=${words[0]}
folder=$output.dir
mkdir -p "$folder"
here=$PWD
verilator --cc --exe -Wall --x-initial unique -O3 --Mdir "$folder" -o "$here/$output" \
  --top-module "$module" --prefix "V$module" -F rtl/bell.f "${words[@]:1}" \
  -CFLAGS "-std=c++17 -O1 -I$here/tb/common -I$here/driver/include" "$here/$source"
make -C "$folder" -f "V$module.mk" OPT_FAST=-O1 \
  "OBJCACHE=$(command -v ccache || true)" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
