/* SPDX-License-Identifier: MIT */
#include "bell_kmd_isr.h"
#include "bell_kmd_queue.h"

/* Under queue_lock: the queue cannot go away. */
static VOID account(struct bell_adapter *adapter, const struct bell_event *event)
{
    UINT64 hw_id = BELL_FIELD_GET(event->word0, BELL_EVENT0_QUEUE);
    struct bell_queue *queue = hw_id < adapter->queue_count ? adapter->queues[hw_id] : NULL;

    if (BELL_FIELD_GET(event->word0, BELL_EVENT0_CAUSE) == BELL_CAUSE_USER_IRQ &&
        bell_kmd_is(queue, BELL_KIND_QUEUE))
        queue->user_irqs++;
}

VOID bell_kmd_dpc(struct bell_adapter *adapter)
{
    bool refused = false;

    if (!adapter->started)
        return;
    KeAcquireSpinLockAtDpcLevel(&adapter->queue_lock);
    while (adapter->event_tail != adapter->event_head) {
        const struct bell_event *event = &adapter->events[adapter->event_tail % BELL_KMD_EVENTS];

        KeMemoryBarrier(); /* The event is read after the count that announces it. */
        account(adapter, event);
        refused |= bell_kmd_isr_is_refusal(BELL_FIELD_GET(event->word0, BELL_EVENT0_CAUSE));
        KeMemoryBarrier(); /* The place is given back after the event was read. */
        adapter->event_tail++;
    }
    KeReleaseSpinLockFromDpcLevel(&adapter->queue_lock);

    adapter->dxgk.DxgkCbNotifyDpc(adapter->dxgk.DeviceHandle);
    if (refused && !adapter->lost)
        bell_kmd_isr_arm_reports(adapter);
    if (adapter->irq_masked && !adapter->lost)
        bell_kmd_isr_enable(adapter);
}
