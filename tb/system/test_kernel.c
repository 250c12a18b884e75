/* SPDX-License-Identifier: MIT */
/* Kernel services of the OS model: lock order, mutexes, IRQL, work items, interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "os_internal.h"

/* In simulated threads: cmocka's own checks would jump off their stack. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            belfry_fail("%s:%d: expected %s", __FILE__, __LINE__, #condition);                     \
    } while (0)

static struct os_lock transition_a, transition_b, leaf;
static KMUTEX mutex, other_mutex;
static KSPIN_LOCK spin;
static unsigned order_count;
static int order[8];

static int open_machine(void **state)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;
    char error[256];

    (void)state;
    config.device = "model";
    if (belfry_open(&config, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    os_lock_init(&transition_a, "transition A", OS_RANK_TRANSITION);
    os_lock_init(&transition_b, "transition B", OS_RANK_TRANSITION);
    os_lock_init(&leaf, "leaf", OS_RANK_LEAF);
    KeInitializeMutex(&mutex, 0);
    KeInitializeMutex(&other_mutex, 0);
    KeInitializeSpinLock(&spin);
    order_count = 0;
    return 0;
}

static int close_machine(void **state)
{
    (void)state;
    return belfry_close();
}

static void start(const char *name, void (*entry)(void *arg), void *arg)
{
    os_thread_create(name, OS_CPU_USER, false, NULL, PASSIVE_LEVEL, entry, arg);
}

static enum belfry_result run(void (*entry)(void *arg))
{
    start("tester", entry, NULL);
    return belfry_run();
}

static void expect_done(void (*entry)(void *arg))
{
    if (run(entry) != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
}

static void expect_report(void (*entry)(void *arg), const char *what)
{
    assert_int_equal(run(entry), BELFRY_FAILED);
    if (strstr(belfry_failure(), what) == NULL)
        fail_msg("expected %s in: %s", what, belfry_failure());
}

static void take_mutex(KMUTEX *which)
{
    CHECK(KeWaitForSingleObject(which, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
}

/* --- Lock order ------------------------------------------------------------------------------ */

static void nest_in_order(void *arg)
{
    (void)arg;
    os_lock_acquire(&transition_a);
    take_mutex(&mutex);
    os_lock_acquire(&leaf);
    CHECK(os_lock_mine(&leaf));
    os_lock_release(&leaf);
    CHECK(!os_lock_mine(&leaf));
    KeReleaseMutex(&mutex, FALSE);
    os_lock_release(&transition_a);
}

static void legal_nesting_passes(void **state)
{
    (void)state;
    expect_done(nest_in_order);
}

static void leaf_then_driver(void *arg)
{
    (void)arg;
    os_lock_acquire(&leaf);
    take_mutex(&mutex);
}

static void leaf_before_driver_is_reported(void **state)
{
    (void)state;
    expect_report(leaf_then_driver, "DB-THR-03");
}

static void two_transitions(void *arg)
{
    (void)arg;
    os_lock_acquire(&transition_a);
    os_lock_acquire(&transition_b);
}

static void two_transition_locks_are_reported(void **state)
{
    (void)state;
    expect_report(two_transitions, "transition B");
}

static void driver_then_transition(void *arg)
{
    (void)arg;
    take_mutex(&mutex);
    os_lock_acquire(&transition_a);
}

static void driver_before_transition_is_reported(void **state)
{
    (void)state;
    expect_report(driver_then_transition, "DB-THR-03");
}

static void leaf_twice(void *arg)
{
    (void)arg;
    os_lock_acquire(&leaf);
    os_lock_acquire(&leaf);
}

static void double_acquire_is_reported(void **state)
{
    (void)state;
    expect_report(leaf_twice, "already holds");
}

static void release_unheld(void *arg)
{
    (void)arg;
    os_lock_release(&leaf);
}

static void release_of_unheld_is_reported(void **state)
{
    (void)state;
    expect_report(release_unheld, "does not hold");
}

/* --- Mutexes --------------------------------------------------------------------------------- */

static void hold_and_yield(void *arg)
{
    int number = (int)(intptr_t)arg;

    take_mutex(&mutex);
    order[order_count++] = number;
    bell_thread_sleep(500);
    order[order_count++] = number;
    KeReleaseMutex(&mutex, FALSE);
}

static void mutex_excludes(void **state)
{
    (void)state;
    for (intptr_t i = 0; i < 4; i++)
        start("holder", hold_and_yield, (void *)i);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(order_count, 8);
    for (unsigned i = 0; i < 8; i += 2)
        assert_int_equal(order[i], order[i + 1]);
}

static void recurse(void *arg)
{
    (void)arg;
    take_mutex(&mutex);
    take_mutex(&mutex);
    take_mutex(&other_mutex);
    KeReleaseMutex(&other_mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
    CHECK(os_thread_self()->held == 1);
    KeReleaseMutex(&mutex, FALSE);
    CHECK(os_thread_self()->held == 0);
}

static void mutex_is_recursive(void **state)
{
    (void)state;
    expect_done(recurse);
}

static void wait_shortly(void *arg)
{
    LARGE_INTEGER soon = {.QuadPart = -20}; /* 2 microseconds. */
    uint64_t start_cycle;

    (void)arg;
    bell_thread_sleep(100);
    start_cycle = belfry_now();
    CHECK(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &soon) == STATUS_TIMEOUT);
    CHECK(belfry_now() - start_cycle >= 200 && belfry_now() - start_cycle <= 250);
    bell_thread_sleep(1000);
    CHECK(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &soon) == STATUS_SUCCESS);
    KeReleaseMutex(&mutex, FALSE);
}

static void mutex_wait_times_out(void **state)
{
    (void)state;
    start("holder", hold_and_yield, NULL);
    start("waiter", wait_shortly, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
}

static void cross(void *arg)
{
    KMUTEX *first = arg, *second = first == &mutex ? &other_mutex : &mutex;

    take_mutex(first);
    bell_thread_sleep(1000);
    take_mutex(second);
}

static void deadlock_names_lock_and_owner(void **state)
{
    (void)state;
    start("one", cross, &mutex);
    start("two", cross, &other_mutex);
    assert_int_equal(belfry_run(), BELFRY_FAILED);
    assert_non_null(strstr(belfry_failure(), "driver mutex"));
    assert_true(strstr(belfry_failure(), "one") != NULL && strstr(belfry_failure(), "two") != NULL);
}

/* --- IRQL ------------------------------------------------------------------------------------ */

static void spin_raises(void *arg)
{
    KIRQL old;

    (void)arg;
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeAcquireSpinLock(&spin, &old);
    CHECK(old == PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeReleaseSpinLock(&spin, old);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static void spin_lock_raises_to_dispatch(void **state)
{
    (void)state;
    expect_done(spin_raises);
}

static void pool_raised(void *arg)
{
    KIRQL old;

    (void)arg;
    KeAcquireSpinLock(&spin, &old);
    ExAllocatePool2(POOL_FLAG_PAGED, 8, 1);
}

static void paged_pool_at_dispatch_is_reported(void **state)
{
    (void)state;
    expect_report(pool_raised, "ExAllocatePool2");
}

static BOOLEAN note_irql(PVOID context)
{
    *(KIRQL *)context = KeGetCurrentIrql();
    return TRUE;
}

static void synchronize(void *arg)
{
    DXGKRNL_INTERFACE table;
    KIRQL seen = 0;
    BOOLEAN result = FALSE;

    (void)arg;
    os_callbacks_fill(&table);
    CHECK(table.DxgkCbSynchronizeExecution(table.DeviceHandle, note_irql, &seen, 0,
                                                      &result) == STATUS_SUCCESS);
    CHECK(seen == BELL_DIRQL);
    CHECK(result == TRUE);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static void synchronized_routine_runs_at_dirql(void **state)
{
    (void)state;
    expect_done(synchronize);
}

static void notify_at_passive(void *arg)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data = {.InterruptType = DXGK_INTERRUPT_DMA_COMPLETED};
    DXGKRNL_INTERFACE table;

    (void)arg;
    os_callbacks_fill(&table);
    table.DxgkCbNotifyInterrupt(table.DeviceHandle, &data);
}

static void notify_outside_dirql_is_reported(void **state)
{
    (void)state;
    expect_report(notify_at_passive, "DB-INT-01");
}

static void notify_dpc_at_passive(void *arg)
{
    DXGKRNL_INTERFACE table;

    (void)arg;
    os_callbacks_fill(&table);
    table.DxgkCbNotifyDpc(table.DeviceHandle);
}

static void notify_dpc_outside_dispatch_is_reported(void **state)
{
    (void)state;
    expect_report(notify_dpc_at_passive, "DB-INT-01");
}

static void disconnect_raised(void *arg)
{
    DXGKARGCB_DISCONNECTDOORBELL args = {0};
    DXGKRNL_INTERFACE table;
    KIRQL old;

    (void)arg;
    os_callbacks_fill(&table);
    KeAcquireSpinLock(&spin, &old);
    table.DxgkCbDisconnectDoorbell(&args);
}

static void disconnect_callback_at_dispatch_is_reported(void **state)
{
    (void)state;
    expect_report(disconnect_raised, "DB-THR-01");
}

static void pass_wrong_device(void *arg)
{
    DXGKRNL_INTERFACE table;

    (void)arg;
    os_callbacks_fill(&table);
    table.DxgkCbQueueDpc(NULL);
}

static void wrong_device_handle_is_reported(void **state)
{
    (void)state;
    expect_report(pass_wrong_device, "DxgkCbQueueDpc");
}

/* --- Interrupts and work items --------------------------------------------------------------- */

static void hold_line(void *arg)
{
    (void)arg;
    os_interrupt_line(true);
    bell_thread_sleep(10000000);
}

static void interrupt_storm_is_reported(void **state)
{
    (void)state;
    expect_report(hold_line, "interrupt storm");
    assert_in_range(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiInterruptRoutine"), 1000, 1010);
}

static void work(void *arg)
{
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    order[order_count++] = (int)(intptr_t)arg;
}

static void queue_work(void *arg)
{
    (void)arg;
    belfry_point_hold("dpc-to-worker");
    for (intptr_t i = 0; i < 3; i++)
        os_work_queue(work, (void *)i);
    bell_thread_sleep(1000);
    CHECK(order_count == 0);
    CHECK(belfry_point_waiting("dpc-to-worker") == 1);
    belfry_point_release("dpc-to-worker");
    os_interrupt_rest();
    CHECK(order_count == 3);
}

static void work_items_run_in_order_behind_their_point(void **state)
{
    (void)state;
    expect_done(queue_work);
    for (int i = 0; i < 3; i++)
        assert_int_equal(order[i], i);
    assert_int_equal(belfry_record_number(BELFRY_POINT, "dpc-to-worker"), 3);
}

static void contiguous(void *arg)
{
    PHYSICAL_ADDRESS any = {.QuadPart = -1};
    char *made = MmAllocateContiguousMemory(5000, any);
    uint64_t device;
    unsigned char byte = 0;

    (void)arg;
    CHECK(made != NULL);
    CHECK(belfry_live_objects("pool") == os_pool_live());
    device = (uint64_t)MmGetPhysicalAddress(made + 4100).QuadPart;
    made[4100] = 7;
    CHECK(bell_iommu_read(0, device, &byte, 1) == BELL_RESP_OKAY);
    CHECK(byte == 7);
    MmFreeContiguousMemory(made);
    CHECK(bell_iommu_read(0, device, &byte, 1) == BELL_RESP_DECERR);
}

static void contiguous_memory_is_seen_by_the_device(void **state)
{
    (void)state;
    expect_done(contiguous);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_machine, close_machine)
    const struct CMUnitTest tests[] = {
        TEST(legal_nesting_passes),
        TEST(leaf_before_driver_is_reported),
        TEST(two_transition_locks_are_reported),
        TEST(driver_before_transition_is_reported),
        TEST(double_acquire_is_reported),
        TEST(release_of_unheld_is_reported),
        TEST(mutex_excludes),
        TEST(mutex_is_recursive),
        TEST(mutex_wait_times_out),
        TEST(deadlock_names_lock_and_owner),
        TEST(spin_lock_raises_to_dispatch),
        TEST(paged_pool_at_dispatch_is_reported),
        TEST(synchronized_routine_runs_at_dirql),
        TEST(notify_outside_dirql_is_reported),
        TEST(notify_dpc_outside_dispatch_is_reported),
        TEST(disconnect_callback_at_dispatch_is_reported),
        TEST(wrong_device_handle_is_reported),
        TEST(interrupt_storm_is_reported),
        TEST(work_items_run_in_order_behind_their_point),
        TEST(contiguous_memory_is_seen_by_the_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
