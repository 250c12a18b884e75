#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stranger's program outside the tree builds against the installed files and runs.
source "$(dirname "$0")/common.sh"
dest=$scratch/dest

if make --no-print-directory install DESTDIR="$dest" PREFIX=/usr >"$scratch/log" 2>&1; then
  pass install.runs
else
  fail install.runs "$(tail -3 "$scratch/log" | tr '\n' ' ')"
fi
export PKG_CONFIG_PATH=$dest/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
export LD_LIBRARY_PATH=$dest/usr/lib
mkdir "$scratch/outside"
cp "$dest/usr/share/belfry/examples/fill.c" "$scratch/outside/"
cd "$scratch/outside" || exit 1
lines=$(wc -l <fill.c)
if (( lines < 100 )); then pass install.example_is_short; else fail install.example_is_short "$lines"; fi
# shellcheck disable=SC2046
if gcc -shared -fPIC -Wall -Wextra -Werror fill.c $(pkg-config --cflags --libs belfry) -o fill.so; then
  pass install.example_builds_with_pkg_config
else
  fail install.example_builds_with_pkg_config "see above"
fi
expect_exit install.example_runs 0 "filled 65536 bytes with 0x2a" \
  "$dest/usr/bin/belfry" run ./fill.so 42
expect_exit install.example_runs_on_the_model 0 "filled 65536 bytes with 0x2a" \
  "$dest/usr/bin/belfry" run --device=model ./fill.so 42
cat >checker.c <<'C'
#include <belfry/belfry.h>
#include <belfry/observe.h>
#include <d3dkmthk.h>
#include <string.h>
static int body(int argc, char **argv)
{
    D3DKMT_OPENADAPTERFROMLUID open;
    (void)argc;
    (void)argv;
    memset(&open, 0, sizeof(open));
    return D3DKMTOpenAdapterFromLuid(&open) == 0 && open.hAdapter != 0 ? 0 : 1;
}
int main(void)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;
    struct belfry_process *process;
    char error[256];
    int code;
    if (belfry_open(&config, error, sizeof(error)) != 0)
        return 10;
    process = belfry_spawn("stranger", body, 0, NULL);
    code = belfry_run() == BELFRY_DONE ? belfry_process_code(process) : 11;
    if (belfry_record_number(BELFRY_KMT_ENTER, "D3DKMTOpenAdapterFromLuid") != 1)
        code = 12;
    return belfry_close() == 0 ? code : 13;
}
C
# shellcheck disable=SC2046
if gcc -Wall -Wextra -Werror checker.c $(pkg-config --cflags --libs belfry) -o checker && ./checker; then
  pass install.outside_checker_links_and_passes
else
  fail install.outside_checker_links_and_passes "exit $?"
fi
finish
