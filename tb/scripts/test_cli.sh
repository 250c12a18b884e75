#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bad input to the command: a clear message, exit code 2, nothing half done.
source "$(dirname "$0")/common.sh"
program=$scratch/ok.so
gcc -shared -fPIC -x c - -o "$program" <<<'int umd_main(int c, char **v) { (void)v; return c > 1 ? 7 : 0; }'
gcc -shared -fPIC -x c - -o "$scratch/nomain.so" <<<'int other(void) { return 0; }'
echo "not a library" >"$scratch/text.so"
gcc -shared -fPIC -x c - -o "$scratch/wild.so" <<<'int umd_main(void) { *(volatile int *)8 = 1; return 0; }'
gcc -shared -fPIC -x c - -o "$scratch/spin.so" <<<'int umd_main(void) { for (volatile int i = 1; i;) {} return 0; }'

expect_exit cli.help 0 "belfry run" "$belfry" --help
expect_exit cli.version 0 "belfry" "$belfry" --version
expect_exit cli.no_command 2 "belfry" "$belfry"
expect_exit cli.unknown_command 2 "frobnicate" "$belfry" frobnicate
expect_exit cli.unknown_option 2 "--frobnicate" "$belfry" demo --frobnicate
expect_exit cli.run_without_program 2 "PROGRAM" "$belfry" run
expect_exit cli.missing_program 2 "no-such.so" "$belfry" run "$scratch/no-such.so"
expect_exit cli.not_a_library 2 "text.so" "$belfry" run "$scratch/text.so"
expect_exit cli.no_umd_main 2 "umd_main" "$belfry" run "$scratch/nomain.so"
expect_exit cli.slots_zero 2 "slots" "$belfry" run --slots 0 "$program"
expect_exit cli.slots_too_many 2 "64" "$belfry" run --slots 65 "$program"
expect_exit cli.slots_not_a_number 2 "slots" "$belfry" run --slots many "$program"
expect_exit cli.unknown_doorbells 2 "packed" "$belfry" run --doorbells=loose "$program"
expect_exit cli.doorbells_packed 0 "" "$belfry" run --doorbells=packed "$program"
expect_exit cli.doorbells_in_the_replay_line 1 "--doorbells=global" "$belfry" run --doorbells=global "$program" argument
expect_exit cli.unknown_lockstep 2 "expected on or off" "$belfry" run --lockstep=maybe "$program"
expect_exit cli.lockstep_off_in_the_replay_line 1 "--lockstep=off" "$belfry" run --lockstep=off "$program" argument
expect_exit cli.seed_not_a_number 2 "seed" "$belfry" run --seed x "$program"
expect_exit cli.unknown_device 2 "device" "$belfry" run --device=tube "$program"
expect_exit cli.unwritable_waves 2 "/no/such" "$belfry" run --waves /no/such/a.fst "$program"
expect_exit cli.unwritable_trace 2 "/no/such" "$belfry" run --trace /no/such/a.json "$program"
expect_exit cli.waves_of_the_model 2 "waves" "$belfry" run --device=model --waves "$scratch/a.fst" "$program"
expect_exit cli.good_program 0 "" "$belfry" run "$program"
expect_exit cli.exit_code_of_the_program 1 "7" "$belfry" run "$program" argument
expect_exit cli.wild_store_ends_the_process 1 "0x8" "$belfry" run "$scratch/wild.so"
expect_exit cli.spin_is_diagnosed 3 "umd_main" "$belfry" run "$scratch/spin.so"
finish
