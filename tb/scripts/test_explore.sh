#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A-06: exploration finds the wake-up that the published disconnect order loses, prints a replay line
# that shows it again, and finds nothing against the shipped order.
source "$(dirname "$0")/common.sh"
program=$scratch/published_order.so
mkdir -p "$scratch/include/belfry" # As installed: all headers in one folder.
ln -s "$PWD"/sim/include/belfry/*.h "$PWD"/driver/umd/bell_umd.h "$PWD"/driver/include/*.h \
  "$scratch/include/belfry/"
gcc -shared -fPIC -Wall -Wextra -Werror -I"$scratch/include" -I"$scratch/include/belfry" \
  -o "$program" driver/umd/examples/published_order.c || fail explore.example_builds

# BELL_WIDE=1: ten times the seeds against the shipped order.
seeds=1..40 runs=2480
[[ ${BELL_WIDE:-} == 1 ]] && seeds=1..400 runs=24800
for device in rtl model; do
  expect_exit "explore.A_06.shipped_order_survives.$device" 0 "$runs runs, seeds $seeds sweep 0..61: 0 failed" \
    "$belfry" run --device=$device --explore seeds:$seeds,sweep:0..61 "$program"
  expect_exit "explore.A_06.published_order_loses_a_wake_up.$device" 1 "lost wake-up at offset" \
    "$belfry" run --device=$device --os disconnect=published --explore seeds:1..40,sweep:0..61 \
    "$program"
done
replay=$("$belfry" run --os disconnect=published --explore seeds:1..40,sweep:0..61 \
  "$program" 2>&1 |
  sed -n 's/^replay: belfry //p')
read -r -a words <<<"$replay"
expect_exit explore.replay_line_shows_it_again 1 "lost wake-up at offset" "$belfry" "${words[@]}"
expect_exit explore.seeds 0 "20 runs, seeds 1..20: 0 failed" \
  "$belfry" run --explore seeds:1..20 "$program"
expect_exit explore.bad_range 2 "seeds:FROM..TO" "$belfry" run --explore sweep:9..1 "$program"
expect_exit explore.bad_word 2 "seeds:FROM..TO" "$belfry" run --explore dance "$program"
expect_exit explore.bad_policy 2 "disconnect=safe" "$belfry" run --os disconnect=never "$program"
expect_exit explore.not_for_the_demo 2 "belfry run" "$belfry" demo --explore seeds:1..2
finish
