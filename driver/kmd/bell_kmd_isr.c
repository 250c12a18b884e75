/* SPDX-License-Identifier: MIT */
#include "bell_kmd_isr.h"

#include <string.h>

#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"

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

static VOID report_fault(struct bell_adapter *adapter, const struct bell_queue *queue, UINT node,
                         UINT cause, UINT64 address)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED;
    data.HwQueuePageFaulted.FaultedVirtualAddress = address;
    data.HwQueuePageFaulted.FaultedHwQueue = queue->os_queue;
    data.HwQueuePageFaulted.NodeOrdinal = node;
    data.HwQueuePageFaulted.PageFaultFlags = DXGK_PAGE_FAULT_FENCE_INVALID;
    data.HwQueuePageFaulted.FaultErrorCode.IsDeviceSpecificCode = 1;
    data.HwQueuePageFaulted.FaultErrorCode.DeviceSpecificCode = cause;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

static VOID report(struct bell_adapter *adapter, const struct bell_event *event)
{
    const struct bell_queue *queue = queue_of(adapter, event->word0);
    UINT cause = (UINT)BELL_FIELD_GET(event->word0, BELL_EVENT0_CAUSE);
    UINT node = (UINT)BELL_FIELD_GET(event->word0, BELL_EVENT0_NODE);

    if (queue == NULL)
        adapter->stray_events++;
    else if (cause == BELL_CAUSE_USER_IRQ)
        report_user_irq(adapter, node);
    else if (!queue->closing)
        report_fault(adapter, queue, node, cause, event->word1);
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

BOOLEAN bell_kmd_isr(struct bell_adapter *adapter)
{
    if (!adapter->started || adapter->lost)
        return FALSE;
    return take_events(adapter);
}

/* Run a routine at DIRQL, apart from the interrupt routine. */
static VOID at_dirql(struct bell_adapter *adapter, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    BOOLEAN result = FALSE;

    (VOID)adapter->dxgk.DxgkCbSynchronizeExecution(adapter->dxgk.DeviceHandle, routine, context, 0,
                                                   &result);
}

static BOOLEAN unmask(PVOID context)
{
    struct bell_adapter *adapter = context;

    adapter->irq_masked = false;
    bell_kmd_write(adapter, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    return TRUE;
}

VOID bell_kmd_isr_enable(struct bell_adapter *adapter)
{
    at_dirql(adapter, unmask, adapter);
}

VOID bell_kmd_isr_flush(struct bell_adapter *adapter)
{
    if (adapter->started && !adapter->lost)
        at_dirql(adapter, take_events, adapter);
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
    at_dirql(adapter, change, queue);
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

struct suspend_report {
    struct bell_adapter *adapter;
    HANDLE os_context;
    UINT64 fence;
};

static BOOLEAN notify_suspended(PVOID context)
{
    const struct suspend_report *suspended = context;
    struct bell_adapter *adapter = suspended->adapter;
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED;
    data.SuspendContextCompleted.hContext = suspended->os_context;
    data.SuspendContextCompleted.ContextSuspendFence = suspended->fence;
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
    (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return TRUE;
}

VOID bell_kmd_isr_report_suspended(struct bell_adapter *adapter, HANDLE os_context, UINT64 fence)
{
    struct suspend_report suspended = {adapter, os_context, fence};

    at_dirql(adapter, notify_suspended, &suspended);
}
