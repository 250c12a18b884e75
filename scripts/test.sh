#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build every test and run it; the last line is "N passed, N failed".
# usage: scripts/test.sh [PATTERN]     only programs whose line in the list contains PATTERN
# FORMAL=1 in the environment: the proofs of `make formal` are tests as well.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
list=build/tests.list
mutants=()
for patch in tb/mutants/*.patch; do mutants+=("$(basename "$patch" .patch)"); done
build() { make --no-print-directory -j"$jobs" "$@"; }

mkdir -p build
echo "building: release"
build tests
echo "building: unit tests of RTL modules"
build rtl-tests
echo "building: with ASan and UBSan"
build VARIANT=san tests
echo "building: with 1024 doorbells and queues"
build VARIANT=size-1024 size-tests
for name in "${mutants[@]}"; do
  echo "building: hardware broken on purpose: $name"
  build VARIANT="mutant-$name" "build/mutant-$name/lib/libbelfry.so"
done
{
  make --no-print-directory list-tests
  make --no-print-directory list-tests VARIANT=san | grep -v '^rtl/'
  make --no-print-directory list-size-tests VARIANT=size-1024
  for script in tb/scripts/test_*.sh; do
    printf 'scripts/%s\t%s\n' "$(basename "$script" .sh)" "$script"
  done
  if [[ -n ${FORMAL:-} ]]; then
    scripts/formal.sh setup || printf 'formal/setup\tscripts/formal.sh setup\n'
  fi
} >"$list"
echo "running"
exec scripts/run_tests.py "$list" ${1:+"$1"}
