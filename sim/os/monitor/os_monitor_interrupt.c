/* SPDX-License-Identifier: MIT */
/* Rules of interrupts: each event of the hardware is reported once, and followed by a DPC. */
#include "os_objects.h"

#include <inttypes.h>
#include <string.h>

#include "bell_regs.h"

static struct {
    uint64_t event;     /**< Last answer of EVENT0. */
    bool seen;          /**< It was read since the last pop. */
    uint64_t data;      /**< Last answer of EVENT1. */
    unsigned owed_irqs; /**< Popped, not yet reported ... */
    unsigned owed_faults[BELL_QUEUE_MAX];
    unsigned free_irqs; /**< Of closing queues: may be reported or not. */
    unsigned free_faults[BELL_QUEUE_MAX];
    unsigned early_irqs; /**< Reported, not yet popped. */
    uint32_t early_fault; /**< Queue handle. */
    bool dpc_due;       /**< Something was reported since the last DxgkCbNotifyDpc. */
} events;

void os_monitor_interrupt_init(void)
{
    memset(&events, 0, sizeof(events));
}

/* --- Events of the hardware ------------------------------------------------------------------ */

void os_monitor_event_seen(uint64_t word0)
{
    events.event = word0;
    events.seen = true;
}

void os_monitor_event_data(uint64_t word1)
{
    events.data = word1;
}

/** A queue that is being closed reports nothing any more; nor does one that is gone. */
static bool must_report(unsigned hw)
{
    uint32_t handle = hw < os_device_queues() ? os_device_queue(hw) : 0;
    const struct os_queue *queue = os_object_peek(handle, OS_QUEUE);

    return queue != NULL && !queue->monitor_closing &&
           (queue->doorbell == NULL || !queue->doorbell->monitor.destroying);
}

/*
 * Events that always end in one report to the OS: interrupts of user mode, and faults. An ABORTED is
 * the driver's own doing, told by DxgkCbInvalidateHwContext (DB-TDR-06) or, in the packet model, as a
 * fault: it may be reported or not. A STOPPED may belong to
 * a request that was overtaken (DB-SUS-02), an ENGINE_IDLE to work that came back: what follows from
 * those is checked where it is waited for (DB-SUS-03, DB-FST-01).
 */
static bool is_told(unsigned cause)
{
    return cause >= BELL_CAUSE_USER_IRQ && cause <= BELL_CAUSE_DELIBERATE_FAULT;
}

void os_monitor_event_popped(void)
{
    unsigned hw = (unsigned)BELL_FIELD_GET(events.event, BELL_EVENT0_QUEUE);
    unsigned cause = (unsigned)BELL_FIELD_GET(events.event, BELL_EVENT0_CAUSE);

    if (!events.seen) {
        os_violation("DB-INT-02", 0, "EVENT_POP is written twice after one read of EVENT0: the "
                     "second event is lost unread");
        return;
    }
    events.seen = false;
    if ((events.event & BELL_EVENT0_VALID_MASK) != 0 && cause == BELL_CAUSE_FENCE_SIGNALED)
        os_monitor_native_popped(hw < BELL_QUEUE_MAX ? os_device_queue(hw) : 0, events.data);
    if ((events.event & BELL_EVENT0_VALID_MASK) == 0 || hw >= BELL_QUEUE_MAX ||
        (!is_told(cause) && cause != BELL_CAUSE_ABORTED))
        return;
    if (cause == BELL_CAUSE_USER_IRQ) {
        if (events.early_irqs > 0)
            events.early_irqs--;
        else
            (*(must_report(hw) ? &events.owed_irqs : &events.free_irqs))++;
    } else if (events.early_fault != 0 && events.early_fault == os_device_queue(hw)) {
        events.early_fault = 0;
    } else {
        (is_told(cause) && must_report(hw) ? events.owed_faults : events.free_faults)[hw]++;
    }
}

/** At the end of the interrupt routine. A queue may have begun to close meanwhile. */
static void check_owed(void)
{
    os_monitor_native_owed();
    if (events.owed_irqs > 0)
        os_violation("DB-INT-02", 0, "%u user interrupt%s consumed and not reported",
                     events.owed_irqs, events.owed_irqs == 1 ? " was" : "s were");
    for (unsigned hw = 0; hw < os_device_queues(); hw++) {
        if (events.owed_faults[hw] > 0 && must_report(hw))
            os_violation("DB-INT-02", os_device_queue(hw), "a fault of hardware queue %u was "
                         "consumed and not reported", hw);
        events.owed_faults[hw] = events.free_faults[hw] = 0;
    }
    if (events.early_irqs > 0)
        os_violation("DB-INT-02", 0, "a user interrupt was reported %u time%s too often",
                     events.early_irqs, events.early_irqs == 1 ? "" : "s");
    if (events.early_fault != 0)
        os_violation("DB-INT-02", events.early_fault, "a fault was reported that no event told");
    events.owed_irqs = events.free_irqs = events.early_irqs = 0;
    events.early_fault = 0;
}

/* --- Reports of the driver ------------------------------------------------------------------- */

static void queue_faulted(const struct os_queue *queue, uint64_t fence)
{
    int hw = os_device_queue_of(queue->base.name);

    if (fence == 0 || (!queue->flags.UserModeSubmission && fence > queue->offered))
        os_violation("DB-INT-02", queue->base.name, "HWQUEUE_PAGE_FAULTED has FaultedFenceId %" PRIu64
                     " without FENCE_INVALID; the last one submitted is %" PRIu64, fence,
                     queue->offered);
    if (hw >= 0 && events.owed_faults[hw] > 0)
        events.owed_faults[hw]--;
    else if (hw >= 0 && events.free_faults[hw] > 0)
        events.free_faults[hw]--;
    else
        events.early_fault = queue->base.name;
}

/** Some queue of the context, of those with an event. */
static void context_faulted(const struct os_context *context)
{
    for (unsigned hw = 0; hw < os_device_queues(); hw++) {
        const struct os_queue *queue = os_object_peek(os_device_queue(hw), OS_QUEUE);

        if (queue != NULL && os_queue_context(queue) == context && events.owed_faults[hw] > 0) {
            events.owed_faults[hw]--;
            return;
        }
    }
}

/** DXGK_PAGE_FAULT_FLAGS: which member of the union is valid, and what the OS is to reset. */
static void fault_reported(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    const UINT flags = data->HwQueuePageFaulted.PageFaultFlags;
    HANDLE token = data->HwQueuePageFaulted.FaultedHwQueue;
    const struct os_queue *queue = os_object_from_token(token, OS_QUEUE);
    const struct os_context *context = os_object_from_token(token, OS_CONTEXT);

    if ((flags & DXGK_PAGE_FAULT_FENCE_INVALID) == 0) {
        if (queue == NULL)
            os_violation("DB-INT-02", (uint64_t)(uintptr_t)token, "HWQUEUE_PAGE_FAULTED names no "
                         "live queue; expected the OS handle that CreateHwQueue got in");
        else
            queue_faulted(queue, data->HwQueuePageFaulted.FaultedFenceId);
        return;
    }
    if ((flags & ~(UINT)(DXGK_PAGE_FAULT_WRITE | DXGK_PAGE_FAULT_FENCE_INVALID)) == 0)
        os_violation("DB-INT-02", 0, "HWQUEUE_PAGE_FAULTED has FENCE_INVALID and no flag behind it: "
                     "neither the queue nor a way back is known");
    else if ((flags & DXGK_PAGE_FAULT_HW_CONTEXT_VALID) != 0 && context == NULL)
        os_violation("DB-INT-02", (uint64_t)(uintptr_t)token, "HWQUEUE_PAGE_FAULTED names no live "
                     "context; expected the OS handle that CreateHwContext got in");
    else if (context != NULL)
        context_faulted(context);
}

void os_monitor_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    os_monitor_call()->reported = true;
    events.dpc_due = true;
    switch (data->InterruptType) {
    case DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED:
        if (events.owed_irqs > 0)
            events.owed_irqs--;
        else if (events.free_irqs > 0)
            events.free_irqs--;
        else
            events.early_irqs++;
        break;
    case DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED:
        fault_reported(data);
        break;
    case DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED:
        os_monitor_suspended(data->SuspendContextCompleted.hContext,
                             data->SuspendContextCompleted.ContextSuspendFence);
        break;
    case DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED:
        os_monitor_native_signaled(data);
        break;
    case DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED:
        os_monitor_switched(data->HwContextListSwitchCompleted.NodeOrdinal,
                            data->HwContextListSwitchCompleted.ContextSwitchFence);
        break;
    default:
        break;
    }
}

void os_monitor_queue_dpc(void)
{
    os_monitor_call()->queued = true;
}

void os_monitor_notify_dpc(void)
{
    os_monitor_call()->dpc_notified = true;
    events.dpc_due = false;
}

/** After a report there must be a DPC on its way. */
static void check_dpc(struct os_monitor_call *call)
{
    if (call->reported && !call->queued && !os_interrupt_dpc_queued())
        os_violation("DB-INT-01", 0, "DxgkCbNotifyInterrupt was called, DxgkCbQueueDpc was not: "
                     "nobody is woken");
    call->reported = call->queued = false;
}

void os_monitor_synchronized(void)
{
    check_owed();
    check_dpc(os_monitor_call());
}

void os_interrupt_exit(struct os_monitor_call *call, NTSTATUS status)
{
    (void)status;
    check_owed();
    check_dpc(call);
}

void os_dpc_exit(struct os_monitor_call *call, NTSTATUS status)
{
    (void)status;
    if (os_adapter.started && events.dpc_due && !call->dpc_notified && !os_interrupt_dpc_queued())
        os_violation("DB-INT-01", 0, "the DPC routine returned without DxgkCbNotifyDpc; interrupts "
                     "were reported before");
}
