/* SPDX-License-Identifier: MIT */
/* A driver whose suspend acknowledgements carry an older request's fence. */
#include "power.h"

enum { PATIENCE = 400000, LONG_WORK = 20000, DELAY = 60000 };

static struct rig rig;

/* --- The driver ---------------------------------------------------------------------------------- */

enum manner {
    EARLY,  /* A late word of the request before comes first, then the right one. */
    INSTEAD /* Only the request before is ever acknowledged. */
};

static enum manner manner;
static UINT64 last_fence;
static unsigned old_told;
static DRIVER_INITIALIZATION_DATA real;
static DXGKRNL_INTERFACE os;

static BOOLEAN tell_old(PVOID context)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED;
    data.SuspendContextCompleted.hContext = context;
    data.SuspendContextCompleted.ContextSuspendFence = last_fence - 1;
    os.DxgkCbNotifyInterrupt(os.DeviceHandle, &data);
    (void)os.DxgkCbQueueDpc(os.DeviceHandle);
    old_told++;
    return TRUE;
}

static HANDLE os_context;

static NTSTATUS create_context(HANDLE device, DXGKARG_CREATEHWCONTEXT *args)
{
    os_context = args->hHwContext;
    return real.DxgkDdiCreateHwContext(device, args);
}

static NTSTATUS suspend_context(HANDLE adapter, const DXGKARG_SUSPENDCONTEXT *args)
{
    NTSTATUS status = real.DxgkDdiSuspendContext(adapter, args);
    BOOLEAN told;

    last_fence = args->contextSuspendFence;
    if (last_fence > 1 && manner == EARLY)
        (void)os.DxgkCbSynchronizeExecution(os.DeviceHandle, tell_old, os_context, 0, &told);
    return status;
}

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (manner == INSTEAD && data->InterruptType == DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED &&
        data->SuspendContextCompleted.ContextSuspendFence > 1) {
        changed.SuspendContextCompleted.ContextSuspendFence--;
        old_told++;
    }
    os.DxgkCbNotifyInterrupt(of, &changed);
}

static NTSTATUS start(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                      ULONG *sources, ULONG *children)
{
    DXGKRNL_INTERFACE changed = *dxgk;

    os = *dxgk;
    changed.DxgkCbNotifyInterrupt = notify;
    return real.DxgkDdiStartDevice(context, info, &changed, sources, children);
}

static void change(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiStartDevice = start;
    table->DxgkDdiCreateHwContext = create_context;
    table->DxgkDdiSuspendContext = suspend_context;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    old_told = 0;
    return 0;
}

/* --- Suspend, resume, suspend, without waiting for the first -------------------------------------- */

static void suspend_first(void *arg)
{
    *(uint32_t *)arg = belfry_os_suspend(rig.context);
}

/* The first request is cancelled by the resume: its acknowledgement is still owed. */
static void suspend_and_resume(void)
{
    struct belfry_thread *thread;
    uint32_t status = 0;

    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    rig_append_work(&rig, 0, 1, LONG_WORK);
    power_ring(&rig);
    rig_settle(2000);
    thread = belfry_thread_start("first", suspend_first, &status);
    rig_settle(2000);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig.context));
    belfry_thread_join(thread);
    REQUIRE_STATUS(status, STATUS_CANCELLED);
    REQUIRE_EQ(*rig.progress, 0);
}

static int old_one_first(int argc, char **argv)
{
    (void)argc, (void)argv;
    suspend_and_resume();
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rig.context));
    REQUIRE_EQ(old_told, 1);
    REQUIRE_EQ(*rig.progress, 1); /* Not before the hardware let go of the second request. */
    REQUIRE_EQ(power_interrupts(0, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 2);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig.context));
    rig_submit(&rig, 1, 2, 0);
    rig_wait(&rig, 2, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_02_old_fence_completes_nothing(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    manner = EARLY;
    belfry_hook_driver(change);
    rig_run(&config, old_one_first);
}

/* The right one never comes: as a hang, the engine is reset, and then it is the driver's fault. */
static int never_the_right_one(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = DELAY};

    (void)argc, (void)argv;
    belfry_os_tdr(&tdr);
    suspend_and_resume();
    (void)belfry_os_suspend(rig.context);
    return 0;
}

static void DB_SUS_02_only_old_fences_are_no_acknowledgement(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    manner = INSTEAD;
    belfry_hook_driver(change);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("test", never_the_right_one, 0, NULL));
    rig_finish_failing("no acknowledgement of suspend fence 2 within");
    assert_int_equal(belfry_violation_count(), 1);
    assert_string_equal(belfry_violations(0)->id, "DB-SUS-03");
    assert_int_equal(old_told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(DB_SUS_02_old_fence_completes_nothing, unhook),
        cmocka_unit_test_teardown(DB_SUS_02_only_old_fences_are_no_acknowledgement, unhook),
    };

    return cmocka_run_group_tests_name("old_fence", tests, NULL, NULL);
}
