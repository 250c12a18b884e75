/* SPDX-License-Identifier: MIT */
/* The driver's side of power states and engine resets, on a fake device. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

static NTSTATUS power(DEVICE_POWER_STATE power_state)
{
    return fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID, power_state,
                                         PowerActionNone);
}

static NTSTATUS engine(UINT node, UINT f_state)
{
    return fake_ddi.DxgkDdiSetPowerComponentFState(fake_adapter, node, f_state);
}

/* What a reset leaves of the fake's registers. */
static void lose_everything(void)
{
    memset(fake.open, 0, sizeof(fake.open));
    memset(fake.listed, 0, sizeof(fake.listed));
    memset(fake.context, 0xEE, sizeof(fake.context));
    memset(fake.limits, 0, sizeof(fake.limits));
    memset(fake.owner, 0xEE, sizeof(fake.owner));
}

static void DB_DST_04_saved_and_restored(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_RESUMECONTEXT resume = {queue.context};
    UINT64 before[4];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    memcpy(before, fake.context[queue.hw_id], sizeof(before));
    fake.limits[5] = 1234;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    fake.rptr[queue.hw_id] = 17; /* Moved on since the queue was opened with 0. */
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    lose_everything();

    fake_clear_ops(); /* In D3 nothing is touched, whatever is asked. */
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_SUCCESS);
    assert_false(fake_ddi.DxgkDdiInterruptRoutine(fake_adapter, 0));
    assert_int_equal(fake_connect(&queue, NULL), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(fake.op_count, 0);

    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    assert_true(fake.open[queue.hw_id]);
    assert_false(fake.listed[queue.hw_id]); /* Not before ResumeContext. */
    assert_memory_equal(fake.context[queue.hw_id], before, 3 * sizeof(before[0]));
    assert_int_equal(fake.context[queue.hw_id][3], 17);
    assert_int_equal(fake.limits[5], 1234);
    assert_false(fake_slot_belongs_to(0, queue.hw_id));
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_true(fake.listed[queue.hw_id]);
    fake_queue_free(&queue);
}

/* First of what the driver wrote to any of these registers. */
static int first_write(UINT32 first, UINT32 last)
{
    int at = 0;

    while (at < (int)fake.op_count && (fake.ops[at].kind != FAKE_WRITE ||
                                       fake.ops[at].offset < first || fake.ops[at].offset > last))
        at++;
    return at;
}

/* The last access of all reads it; it is there again before anything can be logged. */
static void NF_LOG_01_time_goes_on_after_d3(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGK_SCHEDULING_LOG_HEADER header[9] = {0};
    DXGKARG_SETSCHEDULINGLOGBUFFER log = {
        .NumberOfEntries = 8, .LogBufferCpuVa = header, .LogBufferGpuVa = 0x1000};
    int at;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiSetSchedulingLogBuffer(fake_adapter, &log), STATUS_SUCCESS);
    fake.time = 4711;
    fake_clear_ops();
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    assert_int_equal(fake.ops[fake.op_count - 1].kind, FAKE_READ);
    assert_int_equal(fake.ops[fake.op_count - 1].offset, BELL_TIME_OFFSET);
    lose_everything();
    memset(fake.logs, 0, sizeof(fake.logs));
    fake.time = 0;
    fake_clear_ops();
    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    at = fake_find_write(0, BELL_TIME_OFFSET, UINT64_MAX, 4711);
    assert_true(at >= 0);
    assert_true(at < first_write(BELL_CTRL_OFFSET, BELL_CTRL_OFFSET));
    assert_true(at < first_write(BELL_LOG_BASE0_OFFSET, BELL_LOG_BASE3_OFFSET));
    assert_true(at < first_write(BELL_QUEUE_BASE_OFFSET(0), BELL_QUEUE_CMD_OFFSET(63)));
    assert_int_equal(fake_find_write((unsigned)at + 1, BELL_TIME_OFFSET, 0, 0), -1);
    assert_int_equal(fake.time, 4711);
    assert_true(fake.open[queue.hw_id]);
    fake_queue_free(&queue);
}

static void DB_DST_04_refused_while_a_queue_runs(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    assert_int_equal(power(PowerDeviceD3), STATUS_INVALID_DEVICE_STATE);
    assert_true(fake.enabled);
    fake.running_reads = 0;
    assert_int_equal(power(PowerDeviceD1), STATUS_NOT_SUPPORTED);
    fake_queue_free(&queue);
}

static void DB_FST_04_gate_refused_with_work(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    const UINT64 work[] = {BELL_QUEUE_STATE_PENDING_MASK, BELL_QUEUE_STATE_WORK_MASK,
                           BELL_QUEUE_STATE_RUNNING_MASK};

    UNREFERENCED_PARAMETER(state);
    for (unsigned i = 0; i < 3; i++) {
        fake.busy[queue.hw_id] = work[i];
        assert_int_equal(engine(2, 1), STATUS_DEVICE_BUSY);
        assert_int_equal(fake.ctrl, BELL_CTRL_ENABLE_MASK);
        assert_int_equal(engine(1, 1), STATUS_SUCCESS); /* Another node's work is no reason. */
        assert_int_equal(engine(1, 0), STATUS_SUCCESS);
    }
    fake.busy[queue.hw_id] = 0;
    assert_int_equal(engine(2, 1), STATUS_SUCCESS);
    assert_int_equal(BELL_FIELD_GET(fake.ctrl, BELL_CTRL_GATED), 4);
    fake.kicks[queue.hw_id] = 0;
    assert_int_equal(engine(2, 0), STATUS_SUCCESS);
    assert_int_equal(fake.ctrl, BELL_CTRL_ENABLE_MASK);
    assert_int_equal(fake.kicks[queue.hw_id], 1); /* A sample at the wake. */
    assert_int_equal(engine(3, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(engine(2, 2), STATUS_INVALID_PARAMETER);
    fake_queue_free(&queue);
}

static void DB_TDR_06_culprit_only(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    struct fake_queue other = fake_queue_make(&fake_first, 2, false);
    DXGKARG_RESETHWENGINE reset = {.NodeOrdinal = 0};
    DXGKARG_RESUMEHWENGINE resume = {.NodeOrdinal = 0};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    fake_post_event(BELL_CAUSE_ABORTED, 0, queue.hw_id, 0);
    assert_int_equal(fake_ddi.DxgkDdiResetHwEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_int_equal(fake.invalidate_count, 1);
    assert_ptr_equal(fake.invalidated.hHwContext, queue.os_context);
    assert_int_equal(fake.invalidated.Flags.Value, 0);
    assert_int_equal(fake.notify_count, 0); /* ABORTED is the driver's own doing. */
    assert_int_equal(BELL_FIELD_GET(fake.ctrl, BELL_CTRL_GATED), 1);
    fake.busy[queue.hw_id] = 0;
    assert_int_equal(fake_ddi.DxgkDdiResumeHwEngine(fake_adapter, &resume), STATUS_SUCCESS);
    assert_int_equal(fake.ctrl, BELL_CTRL_ENABLE_MASK);
    reset.NodeOrdinal = 2;
    assert_int_equal(fake_ddi.DxgkDdiResetHwEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_int_equal(fake.invalidate_count, 1); /* Nothing ran there. */
    reset.NodeOrdinal = 3;
    assert_int_equal(fake_ddi.DxgkDdiResetHwEngine(fake_adapter, &reset),
                     STATUS_INVALID_PARAMETER);
    fake_queue_free(&other);
    fake_queue_free(&queue);
}

static NTSTATUS reset_engine(UINT node)
{
    DXGKARG_RESETHWENGINE args = {.NodeOrdinal = node};

    return fake_ddi.DxgkDdiResetHwEngine(fake_adapter, &args);
}

static NTSTATUS resume_engine(UINT node)
{
    DXGKARG_RESUMEHWENGINE args = {.NodeOrdinal = node};

    return fake_ddi.DxgkDdiResumeHwEngine(fake_adapter, &args);
}

static NTSTATUS run_list(HANDLE first)
{
    DXGKARG_SWITCHTOHWCONTEXTLIST args = {.hHwContextFirst = first};

    return fake_ddi.DxgkDdiSwitchToHwContextList(fake_adapter, &args);
}

/* Whatever puts queues on the run list leaves those of the context out, the one that hung and the
 * one beside it. */
static void HS_RST_02_invalidated_context_stays_away(void **state)
{
    struct fake_queue hung = fake_queue_make(&fake_first, 0, true), beside = hung;
    struct fake_queue innocent = fake_queue_make(&fake_first, 0, true);
    DXGKARG_CREATEHWQUEUE create = {.Flags.UserModeSubmission = 1}, late = {.hHwQueue = &hung};
    DXGKARG_DESTROYDOORBELL destroy;
    DXGKARG_SUSPENDCONTEXT suspend = {hung.context, 1};
    DXGKARG_RESUMECONTEXT resume = {hung.context};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiCreateHwQueue(hung.context, &create), STATUS_SUCCESS);
    beside.queue = create.hHwQueue;
    fake_doorbell_make(&fake_first, &beside);
    assert_int_equal(fake_connect(&hung, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&beside, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&innocent, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_disconnect(&beside), STATUS_SUCCESS);
    fake.busy[hung.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    assert_int_equal(reset_engine(0), STATUS_SUCCESS);
    assert_ptr_equal(fake.invalidated.hHwContext, hung.os_context);
    assert_int_equal(fake.invalidate_count, 1);
    assert_false(fake.listed[hung.hw_id] || fake.listed[beside.hw_id]);
    assert_true(fake.listed[innocent.hw_id]);
    fake.busy[hung.hw_id] = 0;
    fake_post_event(BELL_CAUSE_ABORTED, 0, hung.hw_id, 0); /* Late: a full driver had no room. */
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 0);
    fake_run_dpc();

    assert_int_equal(resume_engine(0), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_int_equal(run_list(innocent.context), STATUS_SUCCESS);
    assert_int_equal(run_list(hung.context), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&beside, NULL), STATUS_DEVICE_REMOVED);
    assert_int_equal(fake_ddi.DxgkDdiCreateHwQueue(hung.context, &late), STATUS_DEVICE_REMOVED);
    assert_false(fake.listed[hung.hw_id] || fake.listed[beside.hw_id]);
    assert_int_equal(run_list(innocent.context), STATUS_SUCCESS);
    assert_true(fake.listed[innocent.hw_id]);

    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    lose_everything();
    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_false(fake.listed[hung.hw_id] || fake.listed[beside.hw_id]);

    destroy.hDoorbell = beside.doorbell;
    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&destroy), STATUS_SUCCESS);
    fake_allocation_free(beside.ring);
    fake_allocation_free(beside.control);
    fake_doorbell_make(&fake_first, &beside); /* Nor does another ring bring it back. */
    assert_int_equal(fake_connect(&beside, NULL), STATUS_DEVICE_REMOVED);
    destroy.hDoorbell = beside.doorbell;
    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&destroy), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(beside.queue), STATUS_SUCCESS);
    fake_allocation_free(beside.ring);
    fake_allocation_free(beside.control);
    fake_queue_free(&innocent);
    fake_queue_free(&hung);
}

static void DB_INT_02_engine_states(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_post_event(BELL_CAUSE_ENGINE_IDLE, 0, 0, 100);
    fake_post_event(BELL_CAUSE_ENGINE_HUNG, 1, 5, 100);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(fake.notifies[i].InterruptType, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE);
        assert_int_equal(fake.notifies[i].EngineStateChange.NodeOrdinal, i);
        assert_int_equal(fake.notifies[i].EngineStateChange.NewState,
                         i == 0 ? DXGK_ENGINE_STATE_TRANSITION_TO_F1 : DXGK_ENGINE_STATE_HUNG);
    }
    fake_run_dpc();
}

/* Node 2 has no user-mode submission. It hung more than once: one report. */
static void HS_TMO_01_hang_of_a_kernel_node(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_post_event(BELL_CAUSE_ENGINE_HUNG, 2, 5, BELL_FIELD_PUT(BELL_WATCH_WORD_LIMIT, 100) |
                                                      BELL_FIELD_PUT(BELL_WATCH_WORD_MORE, 3));
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT);
    assert_int_equal(fake.notifies[0].GpuEngineTimeout.NodeOrdinal, 2);
    assert_int_equal(fake.notifies[0].GpuEngineTimeout.EngineOrdinal, 0);
    fake_run_dpc();
}

static void HS_RST_02_full_reset(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true), fresh;
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK; /* It hangs, and a suspend waits for it. */
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake_ddi.DxgkDdiResetFromTimeout(fake_adapter), STATUS_SUCCESS);
    fake.busy[queue.hw_id] = 0;
    lose_everything();

    fake_clear_ops(); /* Until the restart nothing is touched. */
    assert_false(fake_ddi.DxgkDdiInterruptRoutine(fake_adapter, 0));
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(fake.op_count, 0);

    assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_SUCCESS);
    assert_int_equal(fake.ctrl, BELL_CTRL_ENABLE_MASK);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_DEVICE_REMOVED);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_false(fake.open[queue.hw_id]); /* Not for a last sample either. */
    fresh = fake_queue_make(&fake_first, 1, true);
    assert_int_equal(fake_connect(&fresh, NULL), STATUS_SUCCESS);
    assert_true(fake_slot_belongs_to(0, fresh.hw_id) || fake_slot_belongs_to(1, fresh.hw_id));
    fake_queue_free(&fresh);
    fake_queue_free(&queue);
}

static void HS_RST_02_restart_of_a_device_that_is_gone(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake.gone = true;
    assert_int_equal(fake_ddi.DxgkDdiResetFromTimeout(fake_adapter), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_DEVICE_REMOVED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(DB_DST_04_saved_and_restored),
        T(NF_LOG_01_time_goes_on_after_d3),
        T(DB_DST_04_refused_while_a_queue_runs),
        T(DB_FST_04_gate_refused_with_work),
        T(DB_TDR_06_culprit_only),
        T(HS_RST_02_invalidated_context_stays_away),
        T(DB_INT_02_engine_states),
        T(HS_TMO_01_hang_of_a_kernel_node),
        T(HS_RST_02_full_reset),
        T(HS_RST_02_restart_of_a_device_that_is_gone),
    };

    return cmocka_run_group_tests_name("kmd_power", tests, NULL, NULL);
}
