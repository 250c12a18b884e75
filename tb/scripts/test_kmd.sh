#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A driver of one's own: built outside the tree with pkg-config; bad ones are refused with a sentence.
source "$(dirname "$0")/common.sh"
dest=$scratch/dest
sources=$PWD/driver/kmd
violations=$PWD/build/release/violations
make --no-print-directory build/release/tests/test_violations >/dev/null

if make --no-print-directory install DESTDIR="$dest" PREFIX=/usr >"$scratch/log" 2>&1; then
  pass kmd.install
else
  fail kmd.install "$(tail -3 "$scratch/log" | tr '\n' ' ')"
fi
export PKG_CONFIG_PATH=$dest/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
export LD_LIBRARY_PATH=$dest/usr/lib
belfry=$dest/usr/bin/belfry
mkdir "$scratch/outside"
cp "$sources"/*.[ch] "$scratch/outside/"
cd "$scratch/outside" || exit 1

# build NAME FILE...: a shared object of the installed headers only.
build() {
  local name=$1
  shift
  # shellcheck disable=SC2046
  gcc -std=c11 -shared -fPIC -Wall -Wextra -Werror -Wl,-Bsymbolic "$@" \
    $(pkg-config --cflags belfry) -o "$name.so" || fail "kmd.build_$name" "see above"
}

# entry NAME BODY: a driver of one function.
entry() {
  printf '#include <string.h>\n#include <d3dkmddi.h>\n
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)\n{
    DRIVER_INITIALIZATION_DATA data;\n    memset(&data, 0, sizeof(data));
    (void)driver, (void)registry;\n    %s\n}\n' "$2" >"$1.c"
  build "$1" "$1.c"
}

build mine bell_kmd*.c
expect_exit kmd.outside_the_tree 0 "All right" "$belfry" demo --kmd mine.so
expect_exit kmd.outside_the_tree_on_the_model 0 "All right" "$belfry" demo --device=model --kmd ./mine.so
# shellcheck disable=SC2046
gcc -shared -fPIC bell_kmd*.c $(pkg-config --cflags --libs belfry) -o linked.so
expect_exit kmd.linked_against_belfry 0 "All right" "$belfry" demo --device=model --kmd linked.so

echo "not a library" >text.so
echo 'int other;' >none.c
echo 'int umd_main(void) { return 0; }' >program.c
build program program.c
build none none.c
# shellcheck disable=SC2046
gcc -shared -fPIC none.c -Wl,--no-as-needed $(pkg-config --libs belfry) -o none_linked.so
entry silent 'return STATUS_SUCCESS;'
entry fails 'return STATUS_NO_MEMORY;'
entry old 'data.Version = 0x700A; return DxgkInitialize(driver, registry, &data);'
entry unset 'return DxgkInitialize(driver, registry, &data);'
entry empty 'data.Version = DXGKDDI_INTERFACE_VERSION; return DxgkInitialize(driver, registry, &data);'
expect_exit kmd.missing_file 2 "no-such.so" "$belfry" demo --kmd no-such.so
expect_exit kmd.no_library 2 "text.so" "$belfry" demo --kmd text.so
expect_exit kmd.no_driver_entry 2 "has no function DriverEntry" "$belfry" demo --kmd none.so
expect_exit kmd.no_driver_entry_of_its_own 2 "has no function DriverEntry" "$belfry" demo --kmd none_linked.so
expect_exit kmd.no_initialize 2 "registered no table" "$belfry" demo --kmd silent.so
expect_exit kmd.entry_fails 2 "0xc0000017" "$belfry" demo --kmd fails.so
expect_exit kmd.wrong_version 2 "has Version 0x700a; expected 0x11007" "$belfry" demo --kmd old.so
expect_exit kmd.version_not_set 2 "has Version 0x0" "$belfry" demo --kmd unset.so
expect_exit kmd.missing_ddi 2 "DxgkDdiAddDevice is NULL" "$belfry" demo --kmd empty.so
expect_exit kmd.run_refuses_too 2 "no-such.so" "$belfry" run --kmd no-such.so program.so

bad=$violations/DB_CON_03_null_address.so
expect_exit kmd.monitor_names_the_rule 1 "contract DB-CON-03" "$belfry" demo --kmd "$bad"
expect_exit kmd.monitor_gives_the_replay 1 "replay: belfry demo --device=rtl --seed=1 --kmd $bad" \
  "$belfry" demo --kmd "$bad"
expect_exit kmd.monitor_at_start 1 "contract DB-CAP-06" \
  "$belfry" demo --kmd "$violations/DB_CAP_06_odd_size.so"
expect_exit kmd.monitor_warns 1 "warning: contract DB-INT-02" \
  "$belfry" demo --monitor=warn --device=model --kmd "$violations/DB_INT_02_lost.so"
expect_exit kmd.monitor_goes_on 1 "All right" \
  "$belfry" demo --monitor=warn --device=model --kmd "$violations/DB_INT_02_twice.so"
expect_exit kmd.monitor_unknown 2 "--monitor" "$belfry" demo --monitor=maybe
finish
