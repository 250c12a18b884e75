#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# belfry explain: of each queue that has work and does not run, why not; and nothing of others.
source "$(dirname "$0")/common.sh"
mkdir -p "$scratch/include/belfry" # As installed: all headers in one folder.
ln -s "$PWD"/sim/include/belfry/*.h "$PWD"/driver/umd/bell_umd.h "$PWD"/driver/include/*.h \
  "$scratch/include/belfry/"
program=$scratch/stuck.so
gcc -shared -fPIC -Wall -Wextra -Werror -I"$scratch/include" -I"$scratch/include/belfry" \
  -x c - -o "$program" <<'EOF' || fail explain.program_builds
#include <belfry/belfry.h>
#include <belfry/observe.h>
#include <belfry/bell_umd.h>

#include <stdlib.h>
#include <string.h>

static struct bell_umd_device *device;
static struct bell_umd_memory commands;
static struct bell_umd_queue *queue;
static struct bell_umd_fence fence;
static unsigned buffers;

static void begin(struct bell_umd_commands *list)
{
    bell_umd_commands_begin(list, &commands, 256 * buffers++, 256);
}

static void submit(struct bell_umd_commands *list)
{
    UINT64 number;

    if (!NT_SUCCESS(bell_umd_submit(queue, list, &number)))
        exit(9);
}

/* What: wait, hang, fault, done. Then how it ends: a code, or "fail", or "crash". */
int umd_main(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = {.node = 0, .ring_entries = 16};
    struct bell_umd_commands list;
    const char *what = argc > 2 ? argv[1] : "done", *end = argc > 2 ? argv[2] : "0";

    bell_umd_open((LUID){0}, &device);
    bell_umd_alloc(device, 4096, &commands);
    bell_umd_queue_create(device, &desc, &queue);
    bell_umd_fence_create(device, 0, false, &fence);
    begin(&list);
    bell_umd_cmd_work(&list, 10);
    submit(&list);
    begin(&list);
    if (strcmp(what, "wait") == 0)
        bell_umd_cmd_fence_wait(&list, &fence, 5);
    else if (strcmp(what, "hang") == 0)
        bell_umd_cmd_hang(&list);
    else if (strcmp(what, "fault") == 0)
        bell_umd_cmd_fault(&list);
    submit(&list);
    if (strcmp(what, "hang") == 0) {
        bell_umd_queue_create(device, &desc, &queue);
        begin(&list);
        submit(&list);
    }
    if (strcmp(what, "fault") != 0)
        belfry_sleep(3000);
    else /* Before the OS has taken the device away. */
        while (strstr(belfry_block_reason(0), "fault") == NULL)
            belfry_sleep(1);
    if (strcmp(end, "fail") == 0)
        belfry_fail("the program gives up");
    if (strcmp(end, "crash") == 0)
        *(volatile int *)8 = 1;
    return atoi(end);
}
EOF

waits="queue 0 of $program, node 0: RPTR 1, WPTR 2: its next packet waits for a native fence"
for device in rtl model; do
  run=("$belfry" run "--device=$device" "$program")
  expect_exit "explain.nothing_stuck.$device" 0 "no queue had work and did not run" \
    "$belfry" explain "--device=$device" "$program"
  expect_exit "explain.a_fence_nobody_signals.$device" 1 "$waits" "${run[@]}" wait 3
  expect_exit "explain.headed_by_the_process.$device" 1 "when the process ended: $program" \
    "${run[@]}" wait 3
  expect_exit "explain.a_process_that_crashed.$device" 1 "$waits" "${run[@]}" wait crash
  expect_exit "explain.a_run_that_failed.$device" 1 "when the run failed (cycle " \
    "${run[@]}" wait fail
  expect_exit "explain.of_a_run_that_failed.$device" 1 "$waits" "${run[@]}" wait fail
  expect_exit "explain.behind_a_hang.$device" 1 \
    "queue 1 of $program, node 0: RPTR 0, WPTR 1: it waits for its turn" "${run[@]}" hang fail
  expect_exit "explain.a_fault.$device" 1 "WPTR 2: a fault stopped it until it is closed (cause 7)" \
    "${run[@]}" fault fail
  expect_exit "explain.at_a_good_end.$device" 0 "$waits" \
    "$belfry" explain "--device=$device" "$program" wait 0
  expect_exit "explain.as_an_option.$device" 0 "$waits" \
    "$belfry" run "--device=$device" --explain "$program" wait 0
  expect_exit "explain.in_the_replay_line.$device" 1 "--explain" \
    "$belfry" explain "--device=$device" "$program" wait 3
done

# Only those that have work and do not run; and none unasked, when all is well.
silent() {
  local name=$1 text=$2 out
  shift 2
  out=$("$@" 2>&1)
  if [[ $out == *"$text"* ]]; then fail "$name" "output has '$text'"; else pass "$name"; fi
}
silent explain.not_unasked "RPTR" "$belfry" run "$program" wait 0
silent explain.not_of_the_one_that_runs "queue 0" "$belfry" run "$program" hang fail
silent explain.not_of_idle_queues "RPTR" "$belfry" run "$program" "done" 3
expect_exit explain.without_program 2 "PROGRAM" "$belfry" explain
expect_exit explain.not_for_the_demo 2 "--explain" "$belfry" demo --explain
finish
