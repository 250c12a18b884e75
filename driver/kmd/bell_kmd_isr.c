/* SPDX-License-Identifier: MIT */
#include "bell_kmd_isr.h"

#include <string.h>

#include "bell_kmd_adapter.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_settings.h"

/* Stands in the queue table for a number that must not be used again. Never dereferenced as a
 * queue: its kind is not BELL_KIND_QUEUE. */
static struct bell_queue retired;

static struct bell_queue *queue_of(struct bell_adapter *adapter, UINT64 word0)
{
    UINT64 hw_id = BELL_FIELD_GET(word0, BELL_EVENT0_QUEUE);
    struct bell_queue *queue = hw_id < adapter->queue_count ? adapter->queues[hw_id] : NULL;

    return bell_kmd_is(queue, BELL_KIND_QUEUE) ? queue : NULL;
}

static VOID report_user_irq(struct bell_adapter *adapter, UINT node)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED;
    data.MonitoredFenceSignaled.NodeOrdinal = node;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

/* The faulting packet is known, so the queue is named and no reset needed. */
static VOID report_fault(struct bell_adapter *adapter, const struct bell_queue *queue, UINT node,
                         UINT cause, UINT64 address)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED;
    data.HwQueuePageFaulted.FaultedFenceId = bell_kmd_queue_next_fence(queue);
    if (cause == BELL_CAUSE_PAGE_FAULT || cause == BELL_CAUSE_BUS_ERROR)
        data.HwQueuePageFaulted.FaultedVirtualAddress = address;
    data.HwQueuePageFaulted.FaultedHwQueue = queue->os_queue;
    data.HwQueuePageFaulted.NodeOrdinal = node;
    data.HwQueuePageFaulted.FaultErrorCode.IsDeviceSpecificCode = 1;
    data.HwQueuePageFaulted.FaultErrorCode.DeviceSpecificCode = cause;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

static VOID report_state(struct bell_adapter *adapter, UINT node, DXGK_ENGINE_STATE state)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE;
    data.EngineStateChange.NodeOrdinal = node;
    data.EngineStateChange.NewState = state;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

static VOID report_log(struct bell_adapter *adapter, UINT node)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_SCHEDULING_LOG_INTERRUPT;
    data.SchedulingLogInterrupt.NodeOrdinal = node;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

static VOID report_suspended(struct bell_adapter *adapter, const struct bell_context *context)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED;
    data.SuspendContextCompleted.hContext = context->os_context;
    data.SuspendContextCompleted.ContextSuspendFence = context->fence;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

/* UMWS's report for a node with user-mode submission; the classic one for another (HS-TMO-01). */
static VOID report_hung(struct bell_adapter *adapter, UINT node)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    adapter->hung |= 1u << node;
    if (bell_kmd_adapter_is_um_node(adapter, node)) {
        report_state(adapter, node, DXGK_ENGINE_STATE_HUNG);
        return;
    }
    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT;
    data.GpuEngineTimeout.NodeOrdinal = node;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

static VOID report_switched(struct bell_adapter *adapter, const struct bell_context *context)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED;
    data.HwContextListSwitchCompleted.NodeOrdinal = context->node;
    data.HwContextListSwitchCompleted.ContextSwitchFence = context->switch_fence;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

/* The state that was asked for is there. True: somebody was told. */
static bool tell(struct bell_adapter *adapter, struct bell_context *context)
{
    bool told = context->tell_suspended || context->tell_switched;

    if (context->tell_suspended)
        report_suspended(adapter, context);
    if (context->tell_switched)
        report_switched(adapter, context);
    context->tell_suspended = false;
    context->tell_switched = false;
    return told;
}

static bool now_quiet(struct bell_adapter *adapter, struct bell_context *context)
{
    context->quiet = true;
    return tell(adapter, context);
}

static bool is_running(struct bell_adapter *adapter, const struct bell_queue *queue)
{
    return (bell_kmd_read(adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id)) &
            BELL_QUEUE_STATE_RUNNING_MASK) != 0;
}

/* Whichever request the event is of, STATE says whether the last one is fulfilled. True: somebody
 * was told. */
static bool note_stopped(struct bell_adapter *adapter, struct bell_queue *queue)
{
    if (!queue->stopping || is_running(adapter, queue))
        return false;
    queue->stopping = false;
    return --queue->context->stopping == 0 && now_quiet(adapter, queue->context);
}

bool bell_kmd_isr_is_refusal(UINT64 cause)
{
    return cause >= BELL_CAUSE_RING_REJECTED && cause - BELL_CAUSE_RING_REJECTED < BELL_KMD_REFUSALS;
}

/* Nobody waits for them and no queue is at fault: the OS is not told. */
static VOID note_refusal(struct bell_adapter *adapter, UINT cause, UINT64 word1)
{
    struct bell_refusals *refusals = &adapter->refusals[cause - BELL_CAUSE_RING_REJECTED];

    refusals->count += BELL_FIELD_GET(word1, BELL_REPORT_WORD_COUNT);
    refusals->newest = word1;
}

static bool is_fault(UINT cause)
{
    return cause >= BELL_CAUSE_PAGE_FAULT && cause <= BELL_CAUSE_ABORTED;
}

/* A fault of what was closed under this number before its event could be taken. */
static bool is_stale(struct bell_adapter *adapter, UINT64 word0)
{
    UINT64 hw_id = BELL_FIELD_GET(word0, BELL_EVENT0_QUEUE);

    if (hw_id >= adapter->queue_count || adapter->stale_faults[hw_id] == 0)
        return false;
    adapter->stale_faults[hw_id]--;
    return true;
}

static VOID note_fault(struct bell_adapter *adapter, struct bell_queue *queue, UINT node, UINT cause,
                       UINT64 address)
{
    queue->fault_seen = true;
    if (queue->closing || (cause == BELL_CAUSE_ABORTED && queue->context->invalid))
        return;
    queue->faulted = true;
    report_fault(adapter, queue, node, cause, address);
}

static VOID report(struct bell_adapter *adapter, const struct bell_event *event)
{
    struct bell_queue *queue = queue_of(adapter, event->word0);
    UINT cause = (UINT)BELL_FIELD_GET(event->word0, BELL_EVENT0_CAUSE);
    UINT node = (UINT)BELL_FIELD_GET(event->word0, BELL_EVENT0_NODE);

    if (cause == BELL_CAUSE_ENGINE_IDLE)
        report_state(adapter, node, DXGK_ENGINE_STATE_TRANSITION_TO_F1);
    else if (cause == BELL_CAUSE_ENGINE_HUNG)
        report_hung(adapter, node);
    else if (bell_kmd_isr_is_refusal(cause))
        note_refusal(adapter, cause, event->word1);
    else if (cause == BELL_CAUSE_SCHED_LOG)
        report_log(adapter, node);
    else if (cause == BELL_CAUSE_FENCE_SIGNALED)
        bell_kmd_native_signaled(adapter, node, queue, event->word1);
    else if ((is_fault(cause) && is_stale(adapter, event->word0)) || queue == NULL)
        adapter->stray_events++;
    else if (cause == BELL_CAUSE_USER_IRQ)
        report_user_irq(adapter, node);
    else if (cause == BELL_CAUSE_STOPPED)
        (VOID)note_stopped(adapter, queue);
    else if (is_fault(cause))
        note_fault(adapter, queue, node, cause, event->word1);
}

/* Move events until the hardware has none or the queue is full. DIRQL, one at a time. Returns how
 * many were moved. */
static UINT32 move_events(struct bell_adapter *adapter)
{
    UINT32 moved = 0;

    for (;;) {
        struct bell_event *event = &adapter->events[adapter->event_head % BELL_KMD_EVENTS];
        UINT64 word0 = bell_kmd_read(adapter, BELL_EVENT0_OFFSET);

        if (word0 == BELL_KMD_ALL_ONES) {
            adapter->lost = true;
            return moved;
        }
        if ((word0 & BELL_EVENT0_VALID_MASK) == 0)
            return moved;
        if (adapter->event_head - adapter->event_tail == BELL_KMD_EVENTS) {
            adapter->irq_masked = true;
            bell_kmd_write(adapter, BELL_IRQ_CTRL_OFFSET, 0);
            return moved;
        }
        event->word0 = word0;
        event->word1 = bell_kmd_read(adapter, BELL_EVENT1_OFFSET);
        bell_kmd_write(adapter, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
        report(adapter, event);
        KeMemoryBarrier(); /* The event is stored before the DPC can see it. */
        adapter->event_head++;
        moved++;
    }
}

static BOOLEAN take_events(PVOID context)
{
    struct bell_adapter *adapter = context;
    UINT32 moved = move_events(adapter);

    if (moved != 0 || adapter->irq_masked)
        (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return moved != 0 || adapter->irq_masked;
}

static bool is_present(const struct bell_adapter *adapter)
{
    return adapter->started && !adapter->lost && !adapter->off;
}

BOOLEAN bell_kmd_isr(struct bell_adapter *adapter)
{
    return is_present(adapter) ? take_events(adapter) : FALSE;
}

/* Run a routine at DIRQL, apart from the interrupt routine. */
static BOOLEAN arm_reports(PVOID context)
{
    struct bell_adapter *adapter = context;

    if (adapter->off || bell_kmd_settings.report_refusals == 0)
        return FALSE;
    bell_kmd_write(adapter, BELL_REPORT_ARM_OFFSET, bell_kmd_settings.report_refusals);
    return TRUE;
}

VOID bell_kmd_isr_arm_reports(struct bell_adapter *adapter)
{
    bell_kmd_at_dirql(adapter, arm_reports, adapter);
}

static BOOLEAN unmask(PVOID context)
{
    struct bell_adapter *adapter = context;

    adapter->irq_masked = false;
    if (adapter->off)
        return FALSE;
    (VOID)arm_reports(adapter);
    bell_kmd_write(adapter, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    return TRUE;
}

VOID bell_kmd_isr_enable(struct bell_adapter *adapter)
{
    bell_kmd_at_dirql(adapter, unmask, adapter);
}

VOID bell_kmd_isr_flush(struct bell_adapter *adapter)
{
    if (is_present(adapter))
        bell_kmd_at_dirql(adapter, take_events, adapter);
}

struct bell_reset_node {
    struct bell_adapter *adapter;
    UINT node;
};

static BOOLEAN note_reset(PVOID context)
{
    const struct bell_reset_node *reset = context;

    (VOID)take_events(reset->adapter);
    reset->adapter->hung &= ~(1u << reset->node);
    return TRUE;
}

VOID bell_kmd_isr_note_reset(struct bell_adapter *adapter, UINT node)
{
    struct bell_reset_node reset = {adapter, node};

    if (is_present(adapter))
        bell_kmd_at_dirql(adapter, note_reset, &reset);
}

static BOOLEAN note_closed(PVOID context)
{
    struct bell_queue *queue = context;
    struct bell_adapter *adapter = queue->adapter;

    (VOID)take_events(adapter);
    if (queue->died && !queue->fault_seen)
        adapter->stale_faults[queue->hw_id]++;
    if (note_stopped(adapter, queue))
        (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return TRUE;
}

VOID bell_kmd_isr_note_closed(struct bell_queue *queue)
{
    if (is_present(queue->adapter))
        bell_kmd_at_dirql(queue->adapter, note_closed, queue);
}

static BOOLEAN clear_table_entry(PVOID context)
{
    struct bell_queue *queue = context;

    queue->adapter->queues[queue->hw_id] = NULL;
    return TRUE;
}

static BOOLEAN retire_table_entry(PVOID context)
{
    struct bell_queue *queue = context;

    queue->adapter->queues[queue->hw_id] = &retired;
    return TRUE;
}

static VOID change_table(struct bell_queue *queue, PKSYNCHRONIZE_ROUTINE change)
{
    struct bell_adapter *adapter = queue->adapter;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->queue_lock, &irql);
    bell_kmd_at_dirql(adapter, change, queue);
    KeReleaseSpinLock(&adapter->queue_lock, irql);
}

VOID bell_kmd_isr_forget_queue(struct bell_queue *queue)
{
    change_table(queue, clear_table_entry);
}

VOID bell_kmd_isr_retire_queue(struct bell_queue *queue)
{
    change_table(queue, retire_table_entry);
}

/* Take its queues off the run list, inside their buffers; true: none is on a node any more. */
static bool stop_queues(struct bell_adapter *adapter, struct bell_context *context)
{
    context->quiet = false;
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        if (!queue->open)
            continue;
        bell_kmd_queue_cmd_now(adapter, queue->hw_id, BELL_QUEUE_CMD_SUSPEND);
        /* Still running after the command: its event is to come, and not before this read. */
        if (!queue->stopping && is_running(adapter, queue)) {
            queue->stopping = true;
            context->stopping++;
        }
    }
    return context->stopping == 0;
}

static BOOLEAN stop_context(PVOID argument)
{
    struct bell_context *context = argument;
    struct bell_adapter *adapter = context->device->adapter;

    if (stop_queues(adapter, context) && now_quiet(adapter, context))
        (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return TRUE;
}

VOID bell_kmd_isr_suspend(struct bell_context *context, UINT64 fence)
{
    context->fence = fence;
    context->tell_suspended = true;
    bell_kmd_at_dirql(context->device->adapter, stop_context, context);
}

static VOID list_queues(struct bell_adapter *adapter, const struct bell_context *context)
{
    bool listed = false;

    if (context->invalid)
        return;
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        if (!queue->open)
            continue;
        bell_kmd_queue_cmd(adapter, queue->hw_id, BELL_QUEUE_CMD_ADD);
        bell_kmd_queue_cmd(adapter, queue->hw_id, BELL_QUEUE_CMD_KICK); /* After ADD. */
        listed = true;
    }
    /* The commands have arrived: none overtakes those of another processor's next suspend. */
    if (listed)
        bell_kmd_flush(adapter);
}

static BOOLEAN resume(PVOID argument)
{
    struct bell_context *context = argument;
    struct bell_adapter *adapter = context->device->adapter;

    context->quiet = false;
    context->stopping = 0;
    context->tell_suspended = false;
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
        queue->stopping = false;
    if (!context->barred)
        list_queues(adapter, context);
    if (tell(adapter, context))
        (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return TRUE;
}

struct update {
    struct bell_context *context;
    UINT64 fence;
    bool asked;
};

/* A report that is due already stays so. */
static BOOLEAN update(PVOID argument)
{
    const struct update *update = argument;
    struct bell_context *context = update->context;

    if (update->asked) {
        context->switch_fence = update->fence;
        context->tell_switched = true;
    }
    return context->suspended ? stop_context(context) : resume(context);
}

VOID bell_kmd_isr_update(struct bell_context *context, UINT64 fence, bool asked)
{
    struct update argument = {context, fence, asked};

    bell_kmd_at_dirql(context->device->adapter, update, &argument);
}

static VOID bar_queues(struct bell_adapter *adapter, const struct bell_context *context)
{
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
        if (queue->open)
            bell_kmd_queue_cmd_now(adapter, queue->hw_id, BELL_QUEUE_CMD_REMOVE);
}

static BOOLEAN invalidate(PVOID argument)
{
    struct bell_context *context = argument;

    context->invalid = true;
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
        if (queue->open)
            bell_kmd_queue_cmd(queue->adapter, queue->hw_id, BELL_QUEUE_CMD_REMOVE);
    return TRUE;
}

VOID bell_kmd_isr_invalidate(struct bell_context *context)
{
    bell_kmd_at_dirql(context->device->adapter, invalidate, context);
}

/* Others leave before the plan, and those that come are listed by it. */
static BOOLEAN switch_lists(PVOID argument)
{
    struct bell_adapter *adapter = argument;
    bool present = !adapter->off && !adapter->lost;

    for (struct bell_context *context = adapter->contexts; context != NULL;
         context = context->next) {
        context->joins = context->barred && !bell_kmd_sched_is_barred(context);
        if (present && !context->barred && bell_kmd_sched_is_barred(context))
            bar_queues(adapter, context);
        context->barred = bell_kmd_sched_is_barred(context);
    }
    (VOID)bell_kmd_sched_plan(adapter);
    for (struct bell_context *context = adapter->contexts; context != NULL && present;
         context = context->next)
        if (context->joins && !context->suspended)
            list_queues(adapter, context);
    if (present)
        bell_kmd_flush(adapter);
    return TRUE;
}

VOID bell_kmd_isr_switch(struct bell_adapter *adapter)
{
    bell_kmd_at_dirql(adapter, switch_lists, adapter);
}

VOID bell_kmd_isr_resume(struct bell_context *context)
{
    context->tell_switched = false;
    bell_kmd_at_dirql(context->device->adapter, resume, context);
}

/* The read of the time is the last access, behind the writes. */
static BOOLEAN turn_off(PVOID context)
{
    struct bell_adapter *adapter = context;
    UINT64 time;

    bell_kmd_write(adapter, BELL_IRQ_CTRL_OFFSET, 0);
    bell_kmd_write(adapter, BELL_CTRL_OFFSET, 0);
    time = bell_kmd_read(adapter, BELL_TIME_OFFSET);
    if (time != BELL_KMD_ALL_ONES)
        bell_kmd_adapter_note_time(adapter, time);
    memset(adapter->stale_faults, 0, adapter->queue_count * sizeof(*adapter->stale_faults));
    adapter->off = true;
    return TRUE;
}

static BOOLEAN turn_on(PVOID context)
{
    struct bell_adapter *adapter = context;

    adapter->off = false;
    adapter->hung = 0;
    return TRUE;
}

VOID bell_kmd_isr_set_off(struct bell_adapter *adapter, bool off)
{
    bell_kmd_at_dirql(adapter, off ? turn_off : turn_on, adapter);
}

static BOOLEAN drop_queues(PVOID context)
{
    struct bell_adapter *adapter = context;

    for (UINT32 hw_id = 0; hw_id < adapter->queue_count; hw_id++) {
        struct bell_queue *queue = adapter->queues[hw_id];

        if (!bell_kmd_is(queue, BELL_KIND_QUEUE))
            continue;
        queue->open = queue->restore = queue->stopping = false;
        queue->faulted = true;
        queue->context->stopping = 0;
        queue->context->quiet = queue->context->suspended;
    }
    return TRUE;
}

VOID bell_kmd_isr_drop_queues(struct bell_adapter *adapter)
{
    bell_kmd_at_dirql(adapter, drop_queues, adapter);
}
