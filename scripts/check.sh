#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What must hold before a commit: lint, generated files, warnings, both compilers of the driver,
# house rules. Prints one line a check; exit 1 if one fails.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
failed=0

check() {
  local what=$1
  shift
  local out
  if out=$("$@" 2>&1); then
    echo "ok    $what"
  else
    echo "FAIL  $what"
    printf '%s\n' "$out" | sed 's/^/      /' | head -40
    failed=1
  fi
}

lint_rtl() {
  local slots=$1 queues=$2 nodes=$3
  verilator --lint-only -Wall -GNumSlots="$slots" -GNumQueues="$queues" -GNumNodes="$nodes" \
    --top-module bell_top -F rtl/bell.f
}

lint_board() {
  verilator --lint-only -Wall --top-module bell_board -F rtl/bell.f
}

lint_checkers() {
  verilator --lint-only -Wall --top-module bell_top -F rtl/bell.f -F tb/assert/assert.f
}

core_files() {
  diff <(grep '\.sv$' rtl/bell.f) <(sed -n 's/^ *- \(.*\.sv\)$/\1/p' rtl/belfry.core)
}

windows_driver() {
  local source
  for source in driver/kmd/*.c driver/umd/*.c; do
    x86_64-w64-mingw32-gcc -std=c11 -Wall -Wextra -Werror -Idriver/include -Idriver/umd \
      -Idriver/kmd -c "$source" -o /dev/null || return 1
  done
}

driver_includes() {
  # The driver does not know that it is simulated: only DDI headers, its own, and C's.
  if grep -nE '#include' driver/kmd/*.[ch] driver/umd/*.[ch] \
    | grep -vE '"(bell_(kmd|umd|regs|formats|private|ring|wdk)[a-z_]*|d3d[a-z]+)\.h"|<(std(arg|bool|int|def|lib|atomic)|string)\.h>'; then
    return 1
  fi
}

top_level() {
  local extra
  extra=$(git ls-files | cut -d/ -f1 | sort -u \
    | grep -vxE 'rtl|sim|driver|tb|scripts|Makefile|README\.md|LICENSE|\..*')
  [[ -z $extra ]] || { echo "not one of the fixed names: $extra"; return 1; }
}

licence_lines() {
  local missing=()
  local file
  while read -r file; do
    head -3 "$file" | grep -q 'SPDX-License-Identifier' || missing+=("$file")
  done < <(git ls-files '*.c' '*.h' '*.cpp' '*.sv' '*.rdl' '*.py' '*.sh' '*.mk' '*.vlt' \
    | grep -v '^rtl/regs/gen/')
  (( ${#missing[@]} == 0 )) || { printf '%s\n' "${missing[@]}"; return 1; }
}

unfinished() {
  ! git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.cpp' '*.sv' '*.py' '*.sh' Makefile \
    ':!scripts/check.sh'
}

check "rtl lints (64 slots, 64 queues, 3 nodes)" lint_rtl 64 64 3
check "rtl lints (1, 1, 1)" lint_rtl 1 1 1
check "rtl lints (1024, 1024, 3)" lint_rtl 1024 1024 3
check "rtl lints as it stands on a board" lint_board
check "rtl lints with the checkers bound" lint_checkers
if python3 -m venv --help >/dev/null 2>&1; then
  check "generated files are up to date" scripts/gen_regs.sh --check
fi
check "the FuseSoC core lists the files of bell.f" core_files
check "the table of synthesis in README.md is that of rtl/SYNTH.md" scripts/synth.py agree
check "driver compiles for Windows" windows_driver
check "driver includes nothing of the simulator" driver_includes
check "top level holds the fixed names only" top_level
check "licence line in every source" licence_lines
check "nothing is marked unfinished" unfinished
if command -v shellcheck >/dev/null; then
  check "shellcheck" shellcheck -S warning scripts/*.sh .ci/run
fi
exit $failed
