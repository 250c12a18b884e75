/* SPDX-License-Identifier: MIT */
/* Where the KMD has the hardware write its logs of native fences, on a fake register bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

enum { LOG_ENTRIES = (PAGE_SIZE - sizeof(DXGK_NATIVE_FENCE_LOG_HEADER)) /
                     sizeof(DXGK_NATIVE_FENCE_LOG_ENTRY) };

static _Alignas(PAGE_SIZE) UINT64 log_page[PAGE_SIZE / 8];

static DXGKARG_SETNATIVEFENCELOGBUFFER log_of(HANDLE queue, DXGK_NATIVE_FENCE_LOG_TYPE type,
                                              UINT64 index)
{
    DXGK_NATIVE_FENCE_LOG_HEADER *header = (DXGK_NATIVE_FENCE_LOG_HEADER *)log_page;

    header->Type = type;
    header->AtomicWraparoundAndEntryIndex = index;
    return (DXGKARG_SETNATIVEFENCELOGBUFFER){
        .hHwQueue = queue,
        .NumberOfEntries = LOG_ENTRIES,
        .LogBufferCpuVa = log_page,
        .LogBufferSystemProcessGpuVa = 0x90000 + PAGE_SIZE * type,
    };
}

static NTSTATUS set_log(DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    NTSTATUS status;

    fake.irql = DISPATCH_LEVEL;
    status = fake_ddi.DxgkDdiSetNativeFenceLogBuffer(fake_adapter, args);
    fake.irql = PASSIVE_LEVEL;
    return status;
}

static void set_both(HANDLE queue)
{
    DXGKARG_SETNATIVEFENCELOGBUFFER args = log_of(queue, DXGK_NATIVE_FENCE_LOG_TYPE_WAITS, 5);

    assert_int_equal(set_log(&args), STATUS_SUCCESS);
    args = log_of(queue, DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS, UINT64_C(2) << 32 | 9);
    assert_int_equal(set_log(&args), STATUS_SUCCESS);
}

static void require_logs(UINT32 hw_id, UINT64 waits, UINT64 signals)
{
    const UINT64 *logs = fake.schedule[hw_id].logs;

    assert_int_equal(logs[0], 0x91000 | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
    assert_int_equal(logs[1], 0x92000 | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
    assert_int_equal(logs[2], waits);
    assert_int_equal(logs[3], signals);
}

/* Saved before D3, written again after it. */
static void NF_LOG_01_goes_on_after_d3(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    UINT64 *logs;

    UNREFERENCED_PARAMETER(state);
    set_both(queue.queue);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    require_logs(queue.hw_id, 5, UINT64_C(2) << 32 | 9);
    logs = fake.schedule[queue.hw_id].logs;
    logs[2] = 17, logs[3] = UINT64_C(3) << 32 | 1; /* The hardware went on. */
    assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                   PowerDeviceD3, PowerActionNone),
                     STATUS_SUCCESS);
    memset(fake.open, 0, sizeof(fake.open));
    memset(fake.schedule, 0, sizeof(fake.schedule));
    assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                   PowerDeviceD0, PowerActionNone),
                     STATUS_SUCCESS);
    assert_true(fake.open[queue.hw_id]);
    require_logs(queue.hw_id, 17, UINT64_C(3) << 32 | 1);
    fake_queue_free(&queue);
}

/* When a wait was met is a time, which goes on after D3; so is how much of other work is done. */
static void NF_LOG_01_wait_stays_met_over_d3(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    struct fake_schedule *schedule = &fake.schedule[queue.hw_id];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    for (unsigned blocked = 0; blocked < 2; blocked++) {
        schedule->resume[0] = 96;
        schedule->resume[1] = 4711;
        fake.busy[queue.hw_id] = blocked ? BELL_QUEUE_STATE_BLOCKED_MASK : 0;
        assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                       PowerDeviceD3, PowerActionNone),
                         STATUS_SUCCESS);
        memset(fake.open, 0, sizeof(fake.open));
        memset(fake.schedule, 0xEE, sizeof(fake.schedule));
        assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                       PowerDeviceD0, PowerActionNone),
                         STATUS_SUCCESS);
        assert_int_equal(schedule->resume[0], 96);
        assert_int_equal(schedule->resume[1], 4711);
    }
    fake.busy[queue.hw_id] = 0;
    fake_queue_free(&queue);
}

/* Another ring is another hardware context. */
static VOID replace_ring(struct fake_queue *queue)
{
    DXGKARG_DESTROYDOORBELL args = {.hDoorbell = queue->doorbell};

    assert_int_equal(fake_disconnect(queue), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&args), STATUS_SUCCESS);
    assert_false(fake.open[queue->hw_id]);
    fake_allocation_free(queue->ring);
    fake_allocation_free(queue->control);
    memset(fake.schedule[queue->hw_id].logs, 0xEE, sizeof(fake.schedule[0].logs));
    fake_doorbell_make(&fake_first, queue);
}

static VOID full_reset(bool answers)
{
    fake.gone = !answers;
    assert_int_equal(fake_ddi.DxgkDdiResetFromTimeout(fake_adapter), STATUS_SUCCESS);
    fake.gone = false;
    fake.time = 0;
    memset(fake.open, 0, sizeof(fake.open));
    assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_SUCCESS);
}

static VOID ends_at(unsigned entry, UINT64 time)
{
    DXGK_NATIVE_FENCE_LOG_ENTRY *entries =
        (DXGK_NATIVE_FENCE_LOG_ENTRY *)((DXGK_NATIVE_FENCE_LOG_HEADER *)log_page + 1);

    entries[entry].FenceEndGpuTimestamp = time;
}

/* Not before the newest entry, whoever answers; an index that is none says nothing. */
static void NF_LOG_01_time_goes_on_after_a_full_reset(void **state)
{
    DXGK_NATIVE_FENCE_LOG_HEADER *header = (DXGK_NATIVE_FENCE_LOG_HEADER *)log_page;
    static const struct {
        UINT64 index, time;
        bool answers;
    } cases[] = {
        {0, 0, false}, /* None yet. */
        {7, 600, false},
        {UINT64_C(1) << 32 | LOG_ENTRIES, 600, false},
        {UINT64_C(1) << 32, 1300, false},
        {7, 1300, false}, /* Never back. */
        {7, 2000, true},
    };

    UNREFERENCED_PARAMETER(state);
    ends_at(6, 600), ends_at(LOG_ENTRIES - 1, 1300);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_queue queue = fake_queue_make(&fake_first, 1, true);

        set_both(queue.queue);
        assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
        header->AtomicWraparoundAndEntryIndex = cases[i].index;
        fake.time = cases[i].answers ? 2000 : 5000; /* The latter cannot be read. */
        full_reset(cases[i].answers);
        assert_int_equal(fake.time, cases[i].time);
        replace_ring(&queue);
        assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
        if (i != 2)
            require_logs(queue.hw_id, cases[i].index, cases[i].index);
        fake_queue_free(&queue);
    }
    memset(log_page, 0, sizeof(log_page));
}

/* The next ring is a new hardware context, which goes on where the old one was closed. */
static void NF_LOG_01_goes_on_in_the_next_context(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    UINT64 *logs;

    UNREFERENCED_PARAMETER(state);
    set_both(queue.queue);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    logs = fake.schedule[queue.hw_id].logs;
    logs[2] = 30, logs[3] = 31;
    replace_ring(&queue);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    require_logs(queue.hw_id, 30, 31);
    fake_queue_free(&queue);
}

/* The OS wants to read them: what the hardware wrote has arrived behind a read; none in D3. */
static void NF_LOG_01_update_flushes(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    HANDLE queues[2] = {queue.queue, fake_first.device};
    DXGKARG_UPDATENATIVEFENCELOGS args = {.NumberOfQueues = 1, .pHwQueueArray = queues};

    UNREFERENCED_PARAMETER(state);
    fake_clear_ops();
    assert_int_equal(fake_ddi.DxgkDdiUpdateNativeFenceLogs(fake_adapter, &args), STATUS_SUCCESS);
    assert_true(fake_count(FAKE_READ) > 0);
    args.NumberOfQueues = 2;
    assert_int_equal(fake_ddi.DxgkDdiUpdateNativeFenceLogs(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    args.NumberOfQueues = 1;
    args.Flags.Value = 1;
    assert_int_equal(fake_ddi.DxgkDdiUpdateNativeFenceLogs(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    args.Flags.Value = 0;
    args.pHwQueueArray = NULL;
    assert_int_equal(fake_ddi.DxgkDdiUpdateNativeFenceLogs(fake_adapter, &args),
                     STATUS_INVALID_PARAMETER);
    args.pHwQueueArray = queues;
    assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                   PowerDeviceD3, PowerActionNone),
                     STATUS_SUCCESS);
    fake_clear_ops();
    assert_int_equal(fake_ddi.DxgkDdiUpdateNativeFenceLogs(fake_adapter, &args), STATUS_SUCCESS);
    assert_int_equal(fake.op_count, 0);
    fake_queue_free(&queue);
}

/* --- Another place while the queue is open ---------------------------------------------------- */

static _Alignas(PAGE_SIZE) UINT64 new_page[PAGE_SIZE / 8];
static UINT32 moved;

static DXGKARG_SETNATIVEFENCELOGBUFFER new_log_of(HANDLE queue, DXGK_NATIVE_FENCE_LOG_TYPE type)
{
    DXGKARG_SETNATIVEFENCELOGBUFFER args = log_of(queue, type, 0);
    DXGK_NATIVE_FENCE_LOG_HEADER *header = (DXGK_NATIVE_FENCE_LOG_HEADER *)new_page;

    header->Type = type;
    header->AtomicWraparoundAndEntryIndex = 3;
    args.LogBufferCpuVa = new_page;
    args.LogBufferSystemProcessGpuVa = 0xA0000 + PAGE_SIZE * type;
    return args;
}

static struct fake_queue open_queue(void)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);

    set_both(queue.queue);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.schedule[queue.hw_id].logs[2] = 17; /* The hardware went on. */
    moved = queue.hw_id;
    fake_clear_ops();
    return queue;
}

static void require_signals_moved(UINT32 hw_id)
{
    const UINT64 *logs = fake.schedule[hw_id].logs;

    assert_int_equal(logs[0], 0x91000 | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
    assert_int_equal(logs[1], 0xA2000 | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
    assert_int_equal(logs[2], 17);
    assert_int_equal(logs[3], 3);
}

/* Another processor lists the queue again. */
static void resumed_meanwhile(void)
{
    require_logs(moved, 17, UINT64_C(2) << 32 | 9);
    assert_true(fake.now[moved]);
    assert_false(fake.listed[moved]);
    fake.listed[moved] = true;
}

/* Off the run list, off its node, then the words, then listed and kicked; all seen to arrive. */
static void NF_LOG_01_moved_between_turns(void **state)
{
    struct fake_queue queue = open_queue();
    DXGKARG_SETNATIVEFENCELOGBUFFER args =
        new_log_of(queue.queue, DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS);
    int add;

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = 20;
    fake.on_yield = resumed_meanwhile;
    assert_int_equal(set_log(&args), STATUS_SUCCESS);
    fake.on_yield = NULL;
    require_signals_moved(queue.hw_id);
    assert_true(fake.listed[queue.hw_id]);
    add = fake_find_write(0, BELL_QUEUE_CMD_OFFSET(queue.hw_id), UINT64_MAX, BELL_QUEUE_CMD_ADD);
    assert_true(add > fake_find_write(0, BELL_QUEUE_SIGNAL_LOG_OFFSET(queue.hw_id), 0, 0));
    assert_true(fake_find_kick((unsigned)add, queue.hw_id) > add);
    assert_int_equal(fake.ops[fake.op_count - 1].kind, FAKE_READ);
    fake_queue_free(&queue);
}

static void NF_LOG_01_moved_while_suspended(void **state)
{
    struct fake_queue queue = open_queue();
    DXGKARG_SETNATIVEFENCELOGBUFFER args =
        new_log_of(queue.queue, DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS);
    DXGKARG_SUSPENDCONTEXT suspend = {.hContext = queue.context, .contextSuspendFence = 1};

    UNREFERENCED_PARAMETER(state);
    (VOID)fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend);
    assert_int_equal(set_log(&args), STATUS_SUCCESS);
    require_signals_moved(queue.hw_id);
    assert_false(fake.listed[queue.hw_id]);
    fake_run_dpc();
    fake_queue_free(&queue);
}

static void NF_LOG_01_not_moved(void **state)
{
    struct fake_queue queue = open_queue();
    DXGKARG_SETNATIVEFENCELOGBUFFER args =
        new_log_of(queue.queue, DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS);

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    assert_int_equal(set_log(&args), STATUS_IO_TIMEOUT);
    require_logs(queue.hw_id, 17, UINT64_C(2) << 32 | 9);
    assert_true(fake.listed[queue.hw_id]); /* It may end by itself. */
    fake.running_reads = 0;
    fake.gone = true;
    assert_int_equal(set_log(&args), STATUS_DEVICE_REMOVED);
    fake_clear_ops();
    assert_int_equal(set_log(&args), STATUS_DEVICE_REMOVED);
    assert_int_equal(fake.op_count, 0);
    fake.gone = false;
    fake_queue_free(&queue);
}

static void NF_LOG_01_refused_buffers(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    struct fake_queue kernel = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SETNATIVEFENCELOGBUFFER args;

    UNREFERENCED_PARAMETER(state);
    for (unsigned i = 0; i < 9; i++) {
        args = log_of(i == 8 ? kernel.queue : queue.queue,
                      i == 0 ? DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS + 1
                             : DXGK_NATIVE_FENCE_LOG_TYPE_WAITS, 0);
        args.NumberOfEntries += i == 1 ? 1 : i == 2 ? -1 : 0;
        if (i == 3)
            args.LogBufferCpuVa = NULL;
        if (i == 4)
            args.LogBufferSystemProcessGpuVa = 0;
        if (i == 5)
            args.LogBufferSystemProcessGpuVa += 8;
        if (i == 6)
            args.LogBufferSystemProcessGpuVa = UINT64_C(1) << 48;
        if (i == 7)
            args.Flags.Value = 1;
        assert_int_equal(set_log(&args), STATUS_INVALID_PARAMETER);
    }
    args = log_of(fake_first.device, DXGK_NATIVE_FENCE_LOG_TYPE_WAITS, 0);
    assert_int_equal(set_log(&args), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(fake.schedule[queue.hw_id].logs[i], 0);
    fake_queue_free(&kernel);
    fake_queue_free(&queue);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(NF_LOG_01_goes_on_after_d3),
        T(NF_LOG_01_wait_stays_met_over_d3),
        T(NF_LOG_01_time_goes_on_after_a_full_reset),
        T(NF_LOG_01_goes_on_in_the_next_context),
        T(NF_LOG_01_update_flushes),
        T(NF_LOG_01_moved_between_turns),
        T(NF_LOG_01_moved_while_suspended),
        T(NF_LOG_01_not_moved),
        T(NF_LOG_01_refused_buffers),
    };

    return cmocka_run_group_tests_name("kmd_native_log", tests, NULL, NULL);
}
