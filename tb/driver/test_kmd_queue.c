/* SPDX-License-Identifier: MIT */
/* Contexts, queues, kernel-mode submission and interrupts of the KMD. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"
#include "step.h"

#define KERNEL_ENTRIES 256

static NTSTATUS create_queue(HANDLE context, UINT flags, HANDLE *queue)
{
    DXGKARG_CREATEHWQUEUE args;
    NTSTATUS status;

    memset(&args, 0, sizeof(args));
    args.Flags.Value = flags;
    status = fake_ddi.DxgkDdiCreateHwQueue(context, &args);
    *queue = args.hHwQueue;
    return status;
}

static HANDLE create_context(UINT node)
{
    DXGKARG_CREATEHWCONTEXT args;

    memset(&args, 0, sizeof(args));
    args.NodeOrdinal = node;
    args.EngineAffinity = 1;
    assert_int_equal(fake_ddi.DxgkDdiCreateHwContext(fake_first.device, &args), STATUS_SUCCESS);
    return args.hHwContext;
}

static void DB_QUE_01_flag(void **state)
{
    D3DDDI_CREATEHWQUEUEFLAGS um, native;
    HANDLE context = create_context(2), queue;

    UNREFERENCED_PARAMETER(state);
    um.Value = 0;
    um.UserModeSubmission = 1;
    assert_int_equal(um.Value, 0x10);
    native.Value = 0;
    native.NativeProgressFence = 1;
    assert_int_equal(create_queue(context, um.Value, &queue), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_queue(context, native.Value, &queue), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_queue(context, 0x80, &queue), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(context), STATUS_SUCCESS);
}

static void DB_QUE_04_both_kinds_in_one_context(void **state)
{
    HANDLE context = create_context(0), kernel, user;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create_queue(context, 0, &kernel), STATUS_SUCCESS);
    assert_int_equal(create_queue(context, 0x10, &user), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(kernel), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(user), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(context), STATUS_SUCCESS);
}

static void DB_QUE_06_failure_leaves_nothing(void **state)
{
    HANDLE context = create_context(2), queue;
    int before = fake.live_pool;

    UNREFERENCED_PARAMETER(state);
    fake.fail_alloc = 0;
    assert_int_equal(create_queue(context, 0, &queue), STATUS_NO_MEMORY);
    fake.fail_contiguous = true;
    assert_int_equal(create_queue(context, 0, &queue), STATUS_NO_MEMORY);
    fake.fail_contiguous = false;
    fake.refuse_open = true;
    assert_int_equal(create_queue(context, 0, &queue), STATUS_UNSUCCESSFUL);
    assert_int_equal(fake.live_pool, before);
    assert_int_equal(fake.live_contiguous, 0);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(context), STATUS_SUCCESS);
}

static void DB_QUE_06_all_hardware_queues_taken(void **state)
{
    HANDLE context = create_context(0), queues[64], extra;

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 64; i++)
        assert_int_equal(create_queue(context, 0x10, &queues[i]), STATUS_SUCCESS);
    assert_int_equal(create_queue(context, 0x10, &extra), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(queues[17]), STATUS_SUCCESS);
    assert_int_equal(create_queue(context, 0x10, &queues[17]), STATUS_SUCCESS);
    for (int i = 0; i < 64; i++)
        assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(queues[i]), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(context), STATUS_SUCCESS);
}

static NTSTATUS submit(HANDLE queue, UINT64 address, UINT bytes)
{
    DXGKARG_SUBMITCOMMANDTOHWQUEUE args;

    memset(&args, 0, sizeof(args));
    args.hHwQueue = queue;
    args.DmaBufferVirtualAddress = address;
    args.DmaBufferSize = bytes;
    return fake_ddi.DxgkDdiSubmitCommandToHwQueue(fake_adapter, &args);
}

static void HS_SUB_01_entry_count_kick(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    const struct bell_ring_entry *ring =
        (const struct bell_ring_entry *)(UINT_PTR)fake.context[queue.hw_id][0];
    struct bell_ring_control *control =
        (struct bell_ring_control *)(UINT_PTR)fake.context[queue.hw_id][1];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(
        BELL_FIELD_GET(fake.context[queue.hw_id][2], BELL_QUEUE_CONFIG_KERNEL_RING), 1);
    assert_int_equal(BELL_FIELD_GET(fake.context[queue.hw_id][2], BELL_QUEUE_CONFIG_NODE), 2);
    assert_int_equal(BELL_FIELD_GET(fake.context[queue.hw_id][2], BELL_QUEUE_CONFIG_PASID), 7);
    assert_int_equal(fake.context[queue.hw_id][0] % PAGE_SIZE, 0);
    fake_clear_ops();
    for (unsigned i = 0; i < KERNEL_ENTRIES; i++) {
        fake.irql = i % 2 == 0 ? PASSIVE_LEVEL : DISPATCH_LEVEL;
        assert_int_equal(submit(queue.queue, 0x1000 + 32 * i, 64), STATUS_SUCCESS);
        assert_int_equal(ring[i].word0, (UINT64)i << 48 | (0x1000 + 32 * i));
        assert_int_equal(ring[i].word1, 64);
        assert_int_equal(control->wptr, i + 1);
    }
    fake.irql = PASSIVE_LEVEL;
    assert_int_equal(fake.op_count, KERNEL_ENTRIES); /* One MMIO write a submission. */
    assert_int_equal(fake.kicks[queue.hw_id], KERNEL_ENTRIES);
    assert_int_equal(submit(queue.queue, 0x1000, 64), STATUS_INSUFFICIENT_RESOURCES);
    control->rptr = 1;
    assert_int_equal(submit(queue.queue, 0x1000, 64), STATUS_SUCCESS);
    assert_int_equal(ring[0].word0 >> 48, KERNEL_ENTRIES); /* Tag of the second lap. */
    fake_queue_free(&queue);
}

/* A submission that the device watches: its entry, read early and whole. */
static struct {
    const volatile struct bell_ring_entry *ring;
    HANDLE queue;
    UINT64 count, address;
    UINT bytes;
    NTSTATUS status;
    unsigned good, wrong;
} early;

/* Is it good, it is the one that the driver means. */
static void read_early(void)
{
    const volatile struct bell_ring_entry *entry = &early.ring[early.count % KERNEL_ENTRIES];
    UINT64 word0 = entry->word0, word1 = entry->word1;
    UINT64 address = BELL_FIELD_GET(word0, BELL_ENTRY_WORD0_ADDR);

    if (BELL_FIELD_GET(word0, BELL_ENTRY_WORD0_TAG) != (early.count & 0xFFFF) ||
        address % BELL_PACKET_BYTES != 0 || word1 == 0 || word1 % BELL_PACKET_BYTES != 0)
        return;
    early.good++;
    early.wrong += address != early.address || word1 != early.bytes;
}

static void submit_early(void)
{
    early.status = submit(early.queue, early.address, early.bytes);
}

static void submit_watched(UINT64 address, UINT bytes)
{
    early.address = address;
    early.bytes = bytes;
    early.good = early.wrong = 0;
    assert_true(step_through(submit_early, read_early) > 50);
    assert_int_equal(early.status, STATUS_SUCCESS);
    assert_true(early.good > 0);
    assert_int_equal(early.wrong, 0);
    early.count++;
}

static void watch_ring(const struct fake_queue *queue)
{
    memset(&early, 0, sizeof(early));
    early.queue = queue->queue;
    early.ring = (const struct bell_ring_entry *)(UINT_PTR)fake.context[queue->hw_id][0];
}

static void HS_SUB_01_entry_read_early(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    struct bell_ring_control *control =
        (struct bell_ring_control *)(UINT_PTR)fake.context[queue.hw_id][1];

    UNREFERENCED_PARAMETER(state);
    watch_ring(&queue);
    for (; early.count < KERNEL_ENTRIES; early.count++)
        assert_int_equal(submit(queue.queue, 0x1000, 64), STATUS_SUCCESS);
    control->rptr = early.count; /* All are done; a turn finds nothing, and the next entry. */
    submit_watched(0x2000, 96);
    submit_watched(0x1000, 32);
    fake_queue_free(&queue);
}

/* Zeros have the tag of the very first entry. */
static void HS_SUB_01_first_entry_read_early(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);

    UNREFERENCED_PARAMETER(state);
    watch_ring(&queue);
    submit_watched(0x2000, 96);
    submit_watched(0x1000, 32);
    fake_queue_free(&queue);
}

static void HS_SUB_01_bad_buffers(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    struct fake_queue user = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    fake_clear_ops();
    assert_int_equal(submit(queue.queue, 0x1000, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(submit(queue.queue, 0x1000, 33), STATUS_INVALID_PARAMETER);
    assert_int_equal(submit(queue.queue, 0x1010, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(submit(queue.queue, UINT64_C(1) << 48, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(submit(queue.queue, (UINT64_C(1) << 48) - 32, 64), STATUS_INVALID_PARAMETER);
    assert_int_equal(submit(user.queue, 0x1000, 32), STATUS_INVALID_PARAMETER); /* DB-QUE-02. */
    assert_int_equal(fake.op_count, 0);
    fake_queue_free(&queue);
    fake_queue_free(&user);
}

static void DB_SUS_01_status_and_report(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 41};
    DXGKARG_RESUMECONTEXT resume = {queue.context};

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = 1;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake.notify_count, 0); /* It runs: the report comes with its event. */
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_false(fake.listed[queue.hw_id]);
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED);
    assert_ptr_equal(fake.notifies[0].SuspendContextCompleted.hContext, queue.os_context);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 41);
    assert_true(fake.dpc_queued);
    fake_run_dpc();
    assert_int_equal(fake.notify_dpcs, 1);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_SUCCESS);
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_true(fake.listed[queue.hw_id]);
    fake_queue_free(&queue);
}

static void DB_SUS_03_queue_that_does_not_stop(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    suspend.contextSuspendFence = 2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake.notify_count, 0);
    assert_false(fake.listed[queue.hw_id]);
    fake.running_reads = 0;
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 2);
    fake_queue_free(&queue);
}

/* the event of a request that a resume has cancelled completes no later one. */
static void DB_SUS_02_stale_event(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_RESUMECONTEXT resume = {queue.context};

    UNREFERENCED_PARAMETER(state);
    fake.running_reads = 1;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0); /* In hardware, not yet taken. */
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    assert_true(fake.listed[queue.hw_id]);
    suspend.contextSuspendFence = 2;
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    (void)fake_interrupt();
    assert_int_equal(fake.notify_count, 0);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 2);
    fake_queue_free(&queue);
}

enum { DRIVER_EVENTS = 64 }; /* As many as the driver holds for its DPC. */

static void fill_driver(const struct fake_queue *queue)
{
    for (unsigned i = 0; i < DRIVER_EVENTS; i++)
        fake_post_event(BELL_CAUSE_USER_IRQ, 2, queue->hw_id, i);
    assert_true(fake_interrupt());
    assert_int_equal(fake.event_head, fake.event_tail);
    fake.notify_count = 0;
}

/* The same, when the old event could not be taken before the later request. */
static void DB_SUS_02_stale_event_behind_others(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_RESUMECONTEXT resume = {queue.context};

    UNREFERENCED_PARAMETER(state);
    fill_driver(&queue);
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    (void)fake_interrupt();
    assert_true(fake.event_head != fake.event_tail);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    fake.running_reads = -2; /* Its next turn. */
    suspend.contextSuspendFence = 2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_run_dpc();
    assert_true(fake_interrupt());
    assert_int_equal(fake.event_head, fake.event_tail);
    assert_int_equal(fake.notify_count, 0); /* DB-SUS-04: it still runs. */
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 2);
    fake_run_dpc();
    fake_queue_free(&queue);
}

/* An old event may be the one that finds the later turn ended; the later event adds nothing. */
static void DB_SUS_02_stale_event_after_the_end(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_RESUMECONTEXT resume = {queue.context};

    UNREFERENCED_PARAMETER(state);
    fill_driver(&queue);
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    fake.running_reads = -2; /* Its next turn. */
    suspend.contextSuspendFence = 2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    fake_run_dpc();
    assert_true(fake_interrupt()); /* Both events. */
    assert_int_equal(fake.event_head, fake.event_tail);
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 2);
    fake_run_dpc();
    fake_queue_free(&queue);
}

/* A queue that is gone has stopped, whether or not its event could be taken. */
static void DB_SUS_01_queue_destroyed_meanwhile(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};

    UNREFERENCED_PARAMETER(state);
    fill_driver(&queue);
    fake.running_reads = -2;
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    fake_post_event(BELL_CAUSE_STOPPED, 2, queue.hw_id, 0);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(queue.queue), STATUS_SUCCESS);
    fake_run_dpc();
    (void)fake_interrupt();
    assert_int_equal(fake.event_head, fake.event_tail);
    assert_int_equal(fake.notify_count, 1);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED);
    assert_int_equal(fake.notifies[0].SuspendContextCompleted.ContextSuspendFence, 1);
    fake_run_dpc();
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(queue.context), STATUS_SUCCESS);
}

static void DB_INT_02_each_cause_once(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    const DXGKARGCB_NOTIFY_INTERRUPT_DATA *fault = &fake.notifies[1];

    UNREFERENCED_PARAMETER(state);
    fake.progress = 7;
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_false(fake_ddi.DxgkDdiInterruptRoutine(fake_adapter, 0)); /* Not ours. */
    fake_post_event(BELL_CAUSE_USER_IRQ, 1, queue.hw_id, 99);
    fake_post_event(BELL_CAUSE_PAGE_FAULT, 1, queue.hw_id, 0xABC000);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 2);
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED);
    assert_int_equal(fake.notifies[0].MonitoredFenceSignaled.NodeOrdinal, 1);
    assert_int_equal(fault->InterruptType, DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED);
    assert_ptr_equal(fault->HwQueuePageFaulted.FaultedHwQueue, queue.os_queue);
    assert_int_equal(fault->HwQueuePageFaulted.PageFaultFlags, 0); /* The queue is valid. */
    assert_int_equal(fault->HwQueuePageFaulted.FaultedFenceId, 8);
    assert_int_equal(fault->HwQueuePageFaulted.FaultedVirtualAddress, 0xABC000);
    assert_int_equal(fault->HwQueuePageFaulted.FaultErrorCode.DeviceSpecificCode,
                     BELL_CAUSE_PAGE_FAULT);
    assert_int_equal(fault->HwQueuePageFaulted.NodeOrdinal, 1);
    assert_true(fake.dpc_queued);
    assert_int_equal(fake.notify_dpcs, 0);
    fake_run_dpc();
    assert_int_equal(fake.notify_dpcs, 1);
    fake_queue_free(&queue);
}

/* A kernel-mode queue that faults in its packet `last`, with its own id, whatever the fence reads. */
static void fault_in(UINT64 last)
{
    const DXGKARGCB_NOTIFY_INTERRUPT_DATA *fault = &fake.notifies[fake.notify_count];
    struct fake_queue queue = fake_queue_make(&fake_first, 2, false);
    DXGKARG_SUBMITCOMMANDTOHWQUEUE submit = {.hHwQueue = queue.queue,
                                             .DmaBufferVirtualAddress = 0x10000,
                                             .DmaBufferSize = 64};
    volatile UINT64 *rptr = (volatile UINT64 *)(UINT_PTR)(fake.context[queue.hw_id][1] +
                                                          BELL_CONTROL_RPTR_OFFSET);

    for (UINT64 n = 0; n <= last; n++) {
        submit.HwQueueProgressFenceId = 10 * n + 3;
        assert_int_equal(fake_ddi.DxgkDdiSubmitCommandToHwQueue(fake_adapter, &submit),
                         STATUS_SUCCESS);
        *rptr = n;
    }
    fake_post_event(last % 2 ? BELL_CAUSE_BAD_PACKET : BELL_CAUSE_BUS_ERROR, 2, queue.hw_id, 0x5000);
    assert_true(fake_interrupt());
    assert_int_equal(fault->HwQueuePageFaulted.PageFaultFlags, 0);
    assert_int_equal(fault->HwQueuePageFaulted.FaultedFenceId, 10 * last + 3);
    assert_int_equal(fault->HwQueuePageFaulted.FaultedVirtualAddress, last % 2 ? 0 : 0x5000);
    fake_run_dpc();
    fake_queue_free(&queue);
}

static void DB_INT_02_fault_names_its_packet(void **state)
{
    static const UINT64 last[] = {0, 1, KERNEL_ENTRIES - 1, KERNEL_ENTRIES, KERNEL_ENTRIES + 49};

    UNREFERENCED_PARAMETER(state);
    for (unsigned i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        fault_in(last[i]);
}

/* A progress fence that user mode has run to its end. */
static void DB_INT_02_fault_at_the_last_value(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.progress = UINT64_MAX;
    fake_post_event(BELL_CAUSE_PAGE_FAULT, 1, queue.hw_id, 0xABC000);
    assert_true(fake_interrupt());
    assert_true(fake.notifies[0].HwQueuePageFaulted.FaultedFenceId == UINT64_MAX);
    fake_run_dpc();
    fake_queue_free(&queue);
}

static void DB_INT_02_nothing_lost_when_full(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    unsigned posted = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    for (; posted < 150; posted++) /* More than the driver holds for its DPC. */
        fake_post_event(BELL_CAUSE_USER_IRQ, 0, queue.hw_id, posted);
    assert_true(fake_interrupt());
    assert_false(fake.irq_enabled);
    assert_true(fake.event_head != fake.event_tail);
    for (int turn = 0; turn < 10; turn++) {
        fake_run_dpc();
        (void)fake_interrupt();
    }
    assert_true(fake.irq_enabled);
    assert_int_equal(fake.event_head, fake.event_tail);
    assert_int_equal(fake.notify_count, posted);
    fake_run_dpc();
    fake_queue_free(&queue);
}

/* Close the queue and give it another ring. */
static void open_again(struct fake_queue *queue)
{
    DXGKARG_DESTROYDOORBELL destroy = {queue->doorbell};

    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&destroy), STATUS_SUCCESS);
    assert_false(fake.open[queue->hw_id]);
    fake_allocation_free(queue->ring);
    fake_allocation_free(queue->control);
    fake_doorbell_make(&fake_first, queue);
    assert_int_equal(fake_connect(queue, NULL), STATUS_SUCCESS);
}

static void take_all(void)
{
    for (int turn = 0; turn < 4; turn++) {
        fake_run_dpc();
        (void)fake_interrupt();
    }
    assert_int_equal(fake.event_head, fake.event_tail);
}

static bool has_faulted(struct fake_queue *queue)
{
    assert_int_equal(fake_disconnect(queue), STATUS_SUCCESS);
    return fake_connect(queue, NULL) == STATUS_DEVICE_REMOVED;
}

/* The driver is full: the device keeps the fault of a queue until that was closed and opened again,
 * and works. */
static void DB_INT_02_stale_fault(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fill_driver(&queue);
    fake_post_event(BELL_CAUSE_ABORTED, 0, queue.hw_id, 0);
    open_again(&queue);
    fake_post_event(BELL_CAUSE_BAD_PACKET, 0, queue.hw_id, 0);
    open_again(&queue);
    assert_true(fake.event_head != fake.event_tail);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    take_all();
    assert_int_equal(fake.notify_count, 0);
    fake.busy[queue.hw_id] = 0;
    assert_false(has_faulted(&queue));

    fake_post_event(BELL_CAUSE_PAGE_FAULT, 0, queue.hw_id, 0x1000); /* Of its own. */
    take_all();
    assert_int_equal(fake.notify_count, 1);
    assert_true(has_faulted(&queue));
    open_again(&queue); /* The event was taken: no other is to come. */
    fake_post_event(BELL_CAUSE_PAGE_FAULT, 0, queue.hw_id, 0x1000);
    take_all();
    assert_int_equal(fake.notify_count, 2);
    fake_queue_free(&queue);
}

static NTSTATUS power(DEVICE_POWER_STATE wanted)
{
    return fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID, wanted,
                                         PowerActionNone);
}

/* What the device had left to tell is gone with its power. */
static void DB_INT_02_stale_fault_and_d3(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fill_driver(&queue);
    fake_post_event(BELL_CAUSE_ABORTED, 0, queue.hw_id, 0);
    open_again(&queue);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(power(PowerDeviceD3), STATUS_SUCCESS);
    fake.event_tail = fake.event_head;
    memset(fake.open, 0, sizeof(fake.open));
    assert_int_equal(power(PowerDeviceD0), STATUS_SUCCESS);
    take_all();
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake_post_event(BELL_CAUSE_PAGE_FAULT, 0, queue.hw_id, 0x1000);
    take_all();
    assert_int_equal(fake.notify_count, 1);
    fake_queue_free(&queue);
}

/* The interrupt routine has it, the DPC comes when the queue was opened again. */
static void DB_INT_02_late_dpc(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake_post_event(BELL_CAUSE_BAD_PACKET, 0, queue.hw_id, 0);
    assert_true(fake_interrupt());
    open_again(&queue);
    take_all();
    assert_false(has_faulted(&queue));
    fake_queue_free(&queue);
}

static void event_of_a_queue_that_is_gone(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    UINT32 hw_id = queue.hw_id;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake_post_event(BELL_CAUSE_USER_IRQ, 0, hw_id, 1);
    fake_queue_free(&queue); /* Takes what the hardware still holds. */
    assert_int_equal(fake.notify_count, 1);
    fake_run_dpc();
    fake_post_event(BELL_CAUSE_BAD_PACKET, 0, hw_id, 1);
    fake_post_event(BELL_CAUSE_BAD_PACKET, 0, 0xFFFF, 1);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, 1);
    fake_run_dpc();
}

static void HS_RST_04_engine(void **state)
{
    DXGKARG_QUERYENGINESTATUS query = {.NodeOrdinal = 1};
    DXGKARG_RESETENGINE reset = {.NodeOrdinal = 1};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiQueryEngineStatus(fake_adapter, &query), STATUS_SUCCESS);
    assert_int_equal(query.EngineStatus.Responsive, 1);
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_true(fake_find_write(0, BELL_NODE_ABORT_OFFSET, UINT64_MAX, 2) >= 0);
    reset.NodeOrdinal = 3;
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_INVALID_PARAMETER);
    fake.gone = true;
    assert_int_equal(fake_ddi.DxgkDdiQueryEngineStatus(fake_adapter, &query), STATUS_SUCCESS);
    assert_int_equal(query.EngineStatus.Responsive, 0);
    fake.gone = false;
}

static UINT responsive(UINT node)
{
    DXGKARG_QUERYENGINESTATUS query = {.NodeOrdinal = node};

    assert_int_equal(fake_ddi.DxgkDdiQueryEngineStatus(fake_adapter, &query), STATUS_SUCCESS);
    return query.EngineStatus.Responsive;
}

/* From the report of a hang until the queue has left the node, by a reset or by itself. */
static void HS_RST_04_hung_node(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    DXGKARG_RESETENGINE reset = {.NodeOrdinal = 1};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    assert_int_equal(responsive(1), 1);
    fake_post_event(BELL_CAUSE_ENGINE_HUNG, 1, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(responsive(1), 0);
    assert_int_equal(responsive(0), 1);
    fake.busy[queue.hw_id] = 0;
    assert_int_equal(responsive(1), 1);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    fake_post_event(BELL_CAUSE_ENGINE_HUNG, 1, queue.hw_id, 0); /* Not taken before the reset. */
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_int_equal(responsive(1), 1);
    fake_post_event(BELL_CAUSE_ENGINE_HUNG, 1, queue.hw_id, 0);
    assert_true(fake_interrupt());
    assert_int_equal(responsive(1), 0);
    assert_int_equal(fake_ddi.DxgkDdiResetFromTimeout(fake_adapter), STATUS_SUCCESS);
    memset(fake.open, 0, sizeof(fake.open));
    assert_int_equal(fake_ddi.DxgkDdiRestartFromTimeout(fake_adapter), STATUS_SUCCESS);
    fake.open[queue.hw_id] = true;
    assert_int_equal(responsive(1), 1);
    fake.open[queue.hw_id] = false;
    fake.busy[queue.hw_id] = 0;
    fake_run_dpc();
    fake_queue_free(&queue);
}

/* It was told to stop inside its buffer and has not. */
static void HS_RST_04_queue_that_does_not_stop(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    DXGKARG_SUSPENDCONTEXT suspend = {.hContext = queue.context, .contextSuspendFence = 1};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    assert_int_equal(responsive(1), 1);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(responsive(1), 0);
    assert_int_equal(responsive(0), 1);
    fake.busy[queue.hw_id] = 0;
    assert_int_equal(responsive(1), 1);
    fake_queue_free(&queue);
    fake_run_dpc();
}

/* Gated meanwhile, so that the node does not go on with another queue; not if it was before. */
static void HS_RST_03_returns_when_done(void **state)
{
    DXGKARG_RESETENGINE reset = {.NodeOrdinal = 1};
    const UINT64 gate = BELL_FIELD_PUT(BELL_CTRL_GATED, 2);
    int closed, aborted, opened;

    UNREFERENCED_PARAMETER(state);
    fake_clear_ops();
    fake.node_busy_reads = 30;
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_int_equal(fake.node_busy_reads, 0);
    closed = fake_find_write(0, BELL_CTRL_OFFSET, gate, gate);
    aborted = fake_find_write((unsigned)closed, BELL_NODE_ABORT_OFFSET, UINT64_MAX, 2);
    opened = fake_find_write((unsigned)aborted, BELL_CTRL_OFFSET, gate, 0);
    assert_true(closed >= 0 && aborted > closed && opened > aborted + 30);
    assert_int_equal(fake.ctrl & BELL_CTRL_GATED_MASK, 0);
    assert_int_equal(fake_ddi.DxgkDdiSetPowerComponentFState(fake_adapter, 1, 1), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_SUCCESS);
    assert_int_equal(fake.ctrl & BELL_CTRL_GATED_MASK, gate);
    assert_int_equal(fake_ddi.DxgkDdiSetPowerComponentFState(fake_adapter, 1, 0), STATUS_SUCCESS);
    fake.node_busy_reads = -1;
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_IO_TIMEOUT);
    assert_int_equal(fake.ctrl & BELL_CTRL_GATED_MASK, gate); /* Nothing runs until a full reset. */
    fake.node_busy_reads = 0;
    fake.gone = true;
    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_DEVICE_REMOVED);
    fake.gone = false;
}

static UINT last_aborted(void)
{
    DXGKARG_RESETENGINE reset = {.NodeOrdinal = 1, .LastAbortedFenceId = 0xEEEE};

    assert_int_equal(fake_ddi.DxgkDdiResetEngine(fake_adapter, &reset), STATUS_SUCCESS);
    return reset.LastAbortedFenceId;
}

/* Of kernel-mode queues of that node: the aborted id, or the last that is done, never below it. */
static void HS_RST_03_last_aborted_fence(void **state)
{
    struct fake_queue user = fake_queue_make(&fake_first, 1, true);
    struct fake_queue other = fake_queue_make(&fake_first, 0, false);
    struct fake_queue queue = fake_queue_make(&fake_first, 1, false);
    DXGKARG_SUBMITCOMMANDTOHWQUEUE submit = {.hHwQueue = queue.queue,
                                             .DmaBufferVirtualAddress = 0x10000,
                                             .DmaBufferSize = 64};
    volatile UINT64 *rptr = (volatile UINT64 *)(UINT_PTR)(fake.context[queue.hw_id][1] +
                                                          BELL_CONTROL_RPTR_OFFSET);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&user, NULL), STATUS_SUCCESS);
    fake.progress = 12;
    assert_int_equal(last_aborted(), 0); /* No kernel-mode queue of the node has had work. */
    for (UINT64 n = 1; n <= 3; n++) {
        submit.HwQueueProgressFenceId = 10 * n;
        assert_int_equal(fake_ddi.DxgkDdiSubmitCommandToHwQueue(fake_adapter, &submit),
                         STATUS_SUCCESS);
    }
    submit.hHwQueue = other.queue;
    submit.HwQueueProgressFenceId = 500;
    assert_int_equal(fake_ddi.DxgkDdiSubmitCommandToHwQueue(fake_adapter, &submit), STATUS_SUCCESS);
    *rptr = 1;
    assert_int_equal(last_aborted(), 12); /* Nothing ran. */
    fake.busy[queue.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK;
    assert_int_equal(last_aborted(), 12); /* It was over before the abort. */
    fake.busy[queue.hw_id] |= BELL_QUEUE_STATE_FAULTED_MASK;
    assert_int_equal(last_aborted(), 20);
    fake.progress = 900; /* By user mode. */
    assert_int_equal(last_aborted(), 30);
    fake.busy[queue.hw_id] = 0;
    fake.busy[user.hw_id] = BELL_QUEUE_STATE_RUNNING_MASK | BELL_QUEUE_STATE_FAULTED_MASK;
    fake.progress = 2;
    assert_int_equal(last_aborted(), 2); /* Its ids are not the OS's. */
    fake.busy[user.hw_id] = 0;
    fake_queue_free(&queue);
    fake_queue_free(&other);
    fake_queue_free(&user);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(DB_QUE_01_flag),
        T(DB_QUE_04_both_kinds_in_one_context),
        T(DB_QUE_06_failure_leaves_nothing),
        T(DB_QUE_06_all_hardware_queues_taken),
        T(HS_SUB_01_entry_count_kick),
        T(HS_SUB_01_entry_read_early),
        T(HS_SUB_01_first_entry_read_early),
        T(HS_SUB_01_bad_buffers),
        T(DB_SUS_01_status_and_report),
        T(DB_SUS_01_queue_destroyed_meanwhile),
        T(DB_SUS_02_stale_event),
        T(DB_SUS_02_stale_event_behind_others),
        T(DB_SUS_02_stale_event_after_the_end),
        T(DB_SUS_03_queue_that_does_not_stop),
        T(DB_INT_02_each_cause_once),
        T(DB_INT_02_fault_names_its_packet),
        T(DB_INT_02_fault_at_the_last_value),
        T(DB_INT_02_nothing_lost_when_full),
        T(DB_INT_02_stale_fault),
        T(DB_INT_02_stale_fault_and_d3),
        T(DB_INT_02_late_dpc),
        T(event_of_a_queue_that_is_gone),
        T(HS_RST_03_returns_when_done),
        T(HS_RST_03_last_aborted_fence),
        T(HS_RST_04_engine),
        T(HS_RST_04_hung_node),
        T(HS_RST_04_queue_that_does_not_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
