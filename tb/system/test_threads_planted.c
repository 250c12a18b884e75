/* SPDX-License-Identifier: MIT */
/*
 * A driver that breaks the rules of levels and locks is found, and the report names the rule. The
 * faults are planted by wrapping the driver's entry points. (Levels in order: test_threads.c.)
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 32, WAIT = 400000 };

static DRIVER_INITIALIZATION_DATA real; /* The driver's own table. */
static DXGKRNL_INTERFACE os;            /* What the OS gave it. */
static KSPIN_LOCK planted_lock;

/* What stands in for the driver's own; NULL = nothing. */
static DXGKDDI_CONNECTDOORBELL *planted_connect;
static DXGKDDI_DPC_ROUTINE *planted_dpc;
static DXGKDDI_INTERRUPT_ROUTINE *planted_isr;

static NTSTATUS start_device(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *table,
                             ULONG *sources, ULONG *children)
{
    os = *table;
    KeInitializeSpinLock(&planted_lock);
    return real.DxgkDdiStartDevice(context, info, table, sources, children);
}

static void watch_start(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiStartDevice = start_device;
}

static void remove_faults(void)
{
    belfry_hook_driver(NULL);
    planted_connect = NULL;
    planted_dpc = NULL;
    planted_isr = NULL;
}

static int unhook(void **state)
{
    (void)state;
    remove_faults();
    (void)belfry_close(); /* A failed check leaves it open. */
    return 0;
}

/* One submission on a kernel-mode queue: it ends in an interrupt. */
static void submit_in_kernel_mode(struct rig *rig)
{
    struct bell_umd_queue_desc desc = {.node = 2, .ring_entries = 16, .kernel_mode = true};
    struct bell_umd_commands list;
    struct bell_umd_queue *queue;
    UINT64 fence;

    REQUIRE_OK(bell_umd_queue_create(rig->device, &desc, &queue));
    REQUIRE_OK(bell_umd_commands_begin(&list, &rig->commands, 0, 128));
    REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
    REQUIRE_OK(bell_umd_wait(queue, fence));
    belfry_sleep(WAIT / 100); /* Interrupt, DPC, worker. */
    bell_umd_queue_destroy(queue);
}

/* --- Faults ----------------------------------------------------------------------------------- */

static void call_back(void)
{
    DXGKARGCB_DISCONNECTDOORBELL args = {
        .DisconnectReason = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY,
    };

    (void)os.DxgkCbDisconnectDoorbell(&args);
}

static NTSTATUS connect_calls_back_raised(DXGKARG_CONNECTDOORBELL *args)
{
    KIRQL irql;

    KeAcquireSpinLock(&planted_lock, &irql);
    call_back();
    KeReleaseSpinLock(&planted_lock, irql);
    return real.DxgkDdiConnectDoorbell(args);
}

static NTSTATUS connect_returns_raised(DXGKARG_CONNECTDOORBELL *args)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(args);
    KeAcquireSpinLock(&planted_lock, &irql);
    return STATUS_NO_MEMORY;
}

static NTSTATUS connect_waits_raised(DXGKARG_CONNECTDOORBELL *args)
{
    KMUTEX mutex;
    KIRQL irql;

    KeInitializeMutex(&mutex, 0);
    KeAcquireSpinLock(&planted_lock, &irql);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseSpinLock(&planted_lock, irql);
    return real.DxgkDdiConnectDoorbell(args);
}

static NTSTATUS connect_acquires_twice(DXGKARG_CONNECTDOORBELL *args)
{
    KIRQL irql;

    KeAcquireSpinLock(&planted_lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&planted_lock);
    return real.DxgkDdiConnectDoorbell(args);
}

static KMUTEX kept_mutex;

static NTSTATUS connect_keeps_mutex(DXGKARG_CONNECTDOORBELL *args)
{
    KeInitializeMutex(&kept_mutex, 0);
    KeWaitForSingleObject(&kept_mutex, Executive, KernelMode, FALSE, NULL);
    return real.DxgkDdiConnectDoorbell(args);
}

static VOID dpc_calls_back(PVOID context)
{
    call_back();
    real.DxgkDdiDpcRoutine(context);
}

static BOOLEAN isr_calls_back(PVOID context, ULONG message)
{
    call_back();
    return real.DxgkDdiInterruptRoutine(context, message);
}

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    watch_start(table);
    if (planted_connect != NULL)
        table->DxgkDdiConnectDoorbell = planted_connect;
    if (planted_dpc != NULL)
        table->DxgkDdiDpcRoutine = planted_dpc;
    if (planted_isr != NULL)
        table->DxgkDdiInterruptRoutine = planted_isr;
}

static int connect_body(int argc, char **argv)
{
    struct rig rig;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, 0);
    (void)rig_connect(&rig);
    submit_in_kernel_mode(&rig);
    rig_close(&rig);
    return 0;
}

static void expect_failure(const char *id, const char *part)
{
    struct belfry_config config = rig_config();

    belfry_hook_driver(plant);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("test", connect_body, 0, NULL));
    rig_finish_failing(part);
    assert_int_equal(belfry_violation_count(), 1);
    assert_string_equal(belfry_violations(0)->id, id);
    remove_faults();
}

static void DB_THR_01_callback_under_a_spin_lock(void **state)
{
    (void)state;
    planted_connect = connect_calls_back_raised;
    expect_failure("DB-THR-01", "DxgkCbDisconnectDoorbell at DISPATCH_LEVEL");
}

static void DB_THR_01_callback_from_dpc_and_isr(void **state)
{
    (void)state;
    planted_dpc = dpc_calls_back;
    expect_failure("DB-THR-01", "DxgkCbDisconnectDoorbell at DISPATCH_LEVEL");
    planted_isr = isr_calls_back;
    expect_failure("DB-THR-01", "DxgkCbDisconnectDoorbell at DIRQL");
}

static void DB_THR_01_return_or_wait_raised(void **state)
{
    (void)state;
    planted_connect = connect_returns_raised;
    expect_failure("DB-THR-01", "DxgkDdiConnectDoorbell returned at IRQL 2");
    planted_connect = connect_waits_raised;
    expect_failure("DB-THR-01", "KeWaitForSingleObject at DISPATCH_LEVEL");
}

static void DB_THR_03_driver_locks(void **state)
{
    (void)state;
    planted_connect = connect_acquires_twice;
    expect_failure("DB-THR-03", "already holds");
    planted_connect = connect_keeps_mutex;
    expect_failure("DB-THR-03", "DxgkDdiConnectDoorbell returned holding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(DB_THR_01_callback_under_a_spin_lock, unhook),
        cmocka_unit_test_teardown(DB_THR_01_callback_from_dpc_and_isr, unhook),
        cmocka_unit_test_teardown(DB_THR_01_return_or_wait_raised, unhook),
        cmocka_unit_test_teardown(DB_THR_03_driver_locks, unhook),
    };

    return cmocka_run_group_tests_name("threads_planted", tests, NULL, NULL);
}
