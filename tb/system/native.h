/* SPDX-License-Identifier: MIT */
/* What the tests of native fences share: two library queues on one device, one fence. */
#ifndef BELL_TEST_NATIVE_H
#define BELL_TEST_NATIVE_H

#include "rig.h"

enum { ENTRIES = 16, PATIENCE = 400000, WORK = 3000 };

static struct rig_library a, b;
static struct bell_umd_fence fence;
static unsigned awake; /* Waits that have succeeded. */

static inline void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static inline void look(struct belfry_native_fence_info *info)
{
    REQUIRE(belfry_native_fence(fence.handle, info));
}

/* A buffer for packets of the caller's. */
static inline void begin(struct rig_library *library, unsigned buffer, struct bell_umd_commands *list)
{
    REQUIRE_OK(bell_umd_commands_begin(list, &library->commands,
                                       (uint64_t)buffer * RIG_LIBRARY_BUFFER_BYTES,
                                       RIG_LIBRARY_BUFFER_BYTES));
}

static inline UINT64 submit(struct rig_library *library, struct bell_umd_commands *list)
{
    UINT64 number;

    REQUIRE_OK(bell_umd_submit(library->queue, list, &number));
    return number;
}

/* In time: an idle engine's way to F1 and back would wake what no signal woke. */
static inline void wait_done(struct rig_library *library, UINT64 number)
{
    uint64_t begun = belfry_now();

    REQUIRE_OK(bell_umd_wait(library->queue, number));
    REQUIRE(belfry_now() - begun < PATIENCE);
}

/* After `clocks`: value to word 0, then the fence. */
static inline UINT64 signal_after(struct rig_library *library, unsigned buffer, uint64_t clocks,
                           UINT64 value)
{
    struct bell_umd_commands list;

    begin(library, buffer, &list);
    if (clocks != 0)
        bell_umd_cmd_work(&list, clocks);
    bell_umd_cmd_write64(&list, library->data.gpu, value);
    bell_umd_cmd_fence_signal(&list, &fence, value);
    return submit(library, &list);
}

/* Wait for `value`, then copy word 0 of `from` to word `to` of its own. */
static inline UINT64 copy_after(struct rig_library *library, unsigned buffer, UINT64 value, UINT64 from,
                         unsigned to)
{
    struct bell_umd_commands list;

    begin(library, buffer, &list);
    bell_umd_cmd_fence_wait(&list, &fence, value);
    bell_umd_cmd_copy(&list, library->data.gpu + 8 * to, from, 8);
    return submit(library, &list);
}

static inline void open_two(uint32_t first, uint32_t second)
{
    rig_library_open(&a, ENTRIES, first);
    rig_library_open_beside(&b, &a, ENTRIES, second);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
}

static inline void close_two(void)
{
    bell_umd_fence_close(&fence);
    rig_library_close_beside(&b);
    rig_library_close(&a);
}

static inline void wait_for(void *arg)
{
    uint64_t begun = belfry_now();

    REQUIRE_OK(bell_umd_fence_wait(a.device, &fence, *(UINT64 *)arg));
    REQUIRE(belfry_now() - begun < PATIENCE);
    REQUIRE(bell_umd_fence_value(&fence) >= *(UINT64 *)arg);
    awake++;
}

static inline void until_waiters(unsigned count)
{
    struct belfry_native_fence_info info;
    uint64_t end = belfry_now() + PATIENCE;

    for (look(&info); info.waiters != count; look(&info)) {
        REQUIRE(belfry_now() < end);
        belfry_sleep(64);
    }
    rig_settle(2000); /* They sleep. */
}

#endif
