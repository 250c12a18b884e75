// SPDX-License-Identifier: MIT
/*
 * Native fences: who they wake. A waiter of the CPU meets the signal at every clock of the window, and
 * with each step of the wait drawn out over it (NF-SYN-01): it wakes, always.
 *
 * BELL_WIDE=1 looks at every clock of the drawn-out steps too.
 */
#include "native.h"

#include <stdlib.h>

#include "d3dkmddi.h"

/* --- Interrupts ------------------------------------------------------------------------------- */

static size_t reports(size_t from)
{
    size_t count = 0;

    for (size_t at = from; (at = belfry_record_find(at, BELFRY_CB_ENTER,
                                                    "DxgkCbNotifyInterrupt")) != (size_t)-1; at++)
        count += belfry_record_at(at)->value == DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED;
    return count;
}

static int silent_without_waiter(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    from = belfry_record_count();
    for (unsigned i = 0; i < 8; i++)
        (void)signal_after(&a, i, 0, i + 1);
    rig_settle(20000);
    REQUIRE_EQ(bell_umd_fence_value(&fence), 8);
    REQUIRE_EQ(reports(from), 0);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_INT_01_no_interrupt_without_waiter(void **state)
{
    (void)state;
    run(silent_without_waiter);
}

static DXGKARGCB_NOTIFY_INTERRUPT_DATA seen;

static int one_waiter_one_report(int argc, char **argv)
{
    static UINT64 value = 3;
    struct belfry_native_fence_info info;
    struct belfry_thread *thread;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    thread = belfry_thread_start("waiter", wait_for, &value);
    until_waiters(1);
    from = belfry_record_count();
    (void)signal_after(&a, 0, 0, 2);
    rig_settle(10000);
    REQUIRE_EQ(reports(from), 0);
    (void)signal_after(&a, 1, 0, 3);
    belfry_thread_join(thread);
    REQUIRE_EQ(reports(from), 1);
    for (from = rig_expect(from, BELFRY_CB_ENTER, "DxgkCbNotifyInterrupt");
         belfry_record_at(from)->value != DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED;)
        from = rig_expect(from + 1, BELFRY_CB_ENTER, "DxgkCbNotifyInterrupt");
    memcpy(&seen, belfry_record_at(from)->args, sizeof(belfry_record_at(from)->args));
    look(&info);
    REQUIRE_EQ(belfry_record_at(from)->irql, BELL_DIRQL);
    REQUIRE_EQ(seen.NativeFenceSignaled.NodeOrdinal, 0);
    REQUIRE_EQ(seen.NativeFenceSignaled.SignaledNativeFenceCount, 1);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_INT_02_names_the_fence(void **state)
{
    (void)state;
    run(one_waiter_one_report);
}

/* The signal comes under an address that is no opening any more: all are looked at. */
static int signal_by_a_closed_opening(int argc, char **argv)
{
    static UINT64 value = 5;
    struct belfry_thread *thread;
    struct bell_umd_commands list;
    struct bell_umd_fence stays = { 0 };

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, true, &fence));
    stays = fence;
    thread = belfry_thread_start("waiter", wait_for, &value);
    until_waiters(1);
    begin(&a, 0, &list); /* A signal of plain memory, without a monitored value. */
    bell_umd_cmd_write64(&list, fence.current_gpu, 5);
    fence.current_gpu = a.data.gpu;
    fence.monitored_gpu = 0;
    bell_umd_cmd_fence_signal(&list, &fence, 1);
    fence = stays;
    (void)submit(&a, &list);
    belfry_thread_join(thread);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_INT_02_unknown_address_rescans_all(void **state)
{
    (void)state;
    run(signal_by_a_closed_opening);
}

/* --- Waits of the GPU ------------------------------------------------------------------------- */

static void ordered(uint32_t first, uint32_t second)
{
    UINT64 done;

    open_two(first, second);
    done = copy_after(&b, 0, 1, a.data.gpu, 1); /* Waits first ... */
    rig_settle(3000);
    REQUIRE_EQ(bell_umd_progress(b.queue), 0);
    (void)signal_after(&a, 0, WORK, 1);
    wait_done(&b, done);
    REQUIRE_EQ(b.data.cpu[1], 1);
    (void)signal_after(&a, 1, 0, 2);
    rig_settle(5000);
    done = copy_after(&b, 1, 2, a.data.gpu, 2); /* ... and second. */
    wait_done(&b, done);
    REQUIRE_EQ(b.data.cpu[2], 2);
    close_two();
}

static int across_queues(int argc, char **argv)
{
    (void)argc, (void)argv;
    ordered(0, 0);
    return 0;
}

static int across_nodes(int argc, char **argv)
{
    (void)argc, (void)argv;
    ordered(0, 1);
    ordered(1, 0);
    return 0;
}

static void NF_OBJ_01_wait_across_queues(void **state)
{
    (void)state;
    run(across_queues);
}

static void NF_OBJ_01_wait_across_nodes(void **state)
{
    (void)state;
    run(across_nodes);
}

/* A queue that waits leaves its node to others. */
static int blocked_queue_lets_others_run(int argc, char **argv)
{
    UINT64 blocked, free_one;

    (void)argc, (void)argv;
    open_two(0, 0);
    blocked = copy_after(&b, 0, 1, a.data.gpu, 1);
    rig_settle(2000);
    REQUIRE_OK(rig_library_submit(&a, 0, 0, 77, 100, &free_one));
    wait_done(&a, free_one);
    REQUIRE_EQ(bell_umd_progress(b.queue), 0);
    REQUIRE_OK(bell_umd_fence_signal(a.device, &fence, 1)); /* By the CPU. */
    wait_done(&b, blocked);
    REQUIRE_EQ(b.data.cpu[1], 77);
    close_two();
    return 0;
}

static void NF_OBJ_01_cpu_signal_wakes_gpu(void **state)
{
    (void)state;
    run(blocked_queue_lets_others_run);
}

/* --- The race of wait and signal ------------------------------------------------------------- */

enum { BEFORE = 160, AFTER = 240, STEP = 3 };

/* NULL: the wait is not held up. */
static const char *const points[] = {
    NULL,
    "native-wait.listed-to-monitored",
    "native.monitored-to-current",
    "native-wait.monitored-to-reread",
    "native-wait.reread-to-sleep",
};

static unsigned rounds, slept;

/* One signal, and a wait that begins, or goes on, `offset` clocks after its ring. */
static void meet(const char *point, uint64_t offset)
{
    static UINT64 value;
    struct belfry_thread *thread = NULL;
    UINT64 number;

    value = ++rounds;
    if (point != NULL) {
        belfry_point_hold(point);
        thread = belfry_thread_start("waiter", wait_for, &value);
        rig_wait_point(point, PATIENCE);
    }
    number = signal_after(&a, rounds % RIG_LIBRARY_BUFFERS, 0, value);
    belfry_sleep(offset);
    slept += bell_umd_fence_value(&fence) < value;
    if (point != NULL)
        belfry_point_release(point);
    else
        thread = belfry_thread_start("waiter", wait_for, &value);
    belfry_thread_join(thread);
    wait_done(&a, number);
    REQUIRE_EQ(awake, rounds);
}

/* Clocks from the ring to the new value. */
static uint64_t flight_time(void)
{
    uint64_t begun;

    (void)signal_after(&a, 0, 0, ++rounds);
    begun = belfry_now();
    while (bell_umd_fence_value(&fence) < rounds) {
        REQUIRE(belfry_now() < begun + PATIENCE);
        belfry_sleep(1);
    }
    awake = rounds;
    return belfry_now() - begun;
}

static uint64_t step_of(unsigned point)
{
    const char *wide = getenv("BELL_WIDE");

    return point == 0 || (wide != NULL && wide[0] == '1') ? 1 : STEP;
}

static int sweep(int argc, char **argv)
{
    uint64_t flight, first;

    (void)argc, (void)argv;
    rounds = slept = awake = 0;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    (void)flight_time(); /* The first submission connects. */
    rig_settle(1000);
    flight = flight_time();
    first = flight > BEFORE ? flight - BEFORE : 0;
    for (unsigned i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        for (uint64_t offset = first; offset < flight + AFTER; offset += step_of(i))
            meet(points[i], offset);
    REQUIRE(slept > rounds / 4 && slept < rounds * 3 / 4); /* The window was hit. */
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_SYN_01_every_clock_of_the_window(void **state)
{
    (void)state;
    run(sweep);
}

/* Waiters of both processors: a wait for all, a wait for any, and a signal of the CPU. */
static struct bell_umd_fence second;

static void wait_for_two(void *arg)
{
    const D3DKMT_HANDLE handles[2] = { fence.handle, second.handle };
    const UINT64 values[2] = { 1, 1 };
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = {
        .hDevice = a.device->device,
        .ObjectCount = 2,
        .ObjectHandleArray = handles,
        .FenceValueArray = values,
        .Flags.WaitAny = *(const bool *)arg,
    };

    REQUIRE_OK(D3DKMTWaitForSynchronizationObjectFromCpu(&wait));
    awake += wait.Flags.WaitAny ? 1 : 0x10;
}

static int any_and_all(int argc, char **argv)
{
    static bool any[2] = { false, true };
    struct belfry_thread *threads[2];

    (void)argc, (void)argv;
    awake = 0;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &second));
    for (unsigned i = 0; i < 2; i++)
        threads[i] = belfry_thread_start("waiter", wait_for_two, &any[i]);
    until_waiters(2);
    (void)signal_after(&a, 0, 0, 1);
    belfry_thread_join(threads[1]);
    rig_settle(3000);
    REQUIRE_EQ(awake, 1);
    REQUIRE_OK(bell_umd_fence_signal(a.device, &second, 1));
    belfry_thread_join(threads[0]);
    REQUIRE_EQ(awake, 0x11);
    bell_umd_fence_close(&second);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_INT_01_any_and_all(void **state)
{
    (void)state;
    run(any_and_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(NF_INT_01_no_interrupt_without_waiter),
        cmocka_unit_test(NF_INT_02_names_the_fence),
        cmocka_unit_test(NF_INT_02_unknown_address_rescans_all),
        cmocka_unit_test(NF_OBJ_01_wait_across_queues),
        cmocka_unit_test(NF_OBJ_01_wait_across_nodes),
        cmocka_unit_test(NF_OBJ_01_cpu_signal_wakes_gpu),
        cmocka_unit_test(NF_INT_01_any_and_all),
        cmocka_unit_test(NF_SYN_01_every_clock_of_the_window),
    };

    return cmocka_run_group_tests_name("native_fence_wait", tests, NULL, NULL);
}
