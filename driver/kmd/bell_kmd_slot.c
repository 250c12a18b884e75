/* SPDX-License-Identifier: MIT */
#include "bell_kmd_slot.h"

#include <string.h>

#include "bell_kmd_doorbell.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"

/* A free slot, one that is known to be drained if there is any. */
static UINT32 free_slot(const struct bell_adapter *adapter)
{
    UINT32 found = BELL_SLOT_NONE;

    for (UINT32 i = 0; i < adapter->slot_count; i++) {
        if (adapter->slots[i].owner != NULL)
            continue;
        found = i;
        if (!adapter->slots[i].undrained)
            break;
    }
    return found;
}

/* The read also pushes this processor's earlier writes to the device. */
static NTSTATUS drain(struct bell_adapter *adapter, UINT32 slot)
{
    NTSTATUS status = bell_kmd_poll(adapter, BELL_SLOT_DRAIN_OFFSET(slot),
                                    BELL_SLOT_DRAIN_IN_FLIGHT_MASK, 0,
                                    "slot: rings in flight to be credited");

    adapter->slots[slot].undrained = !NT_SUCCESS(status);
    return status;
}

/* Let rings on the slot go nowhere. */
static VOID route_nowhere(struct bell_adapter *adapter, UINT32 slot)
{
    UINT64 word = BELL_FIELD_PUT(BELL_SLOT_OWNER_GENERATION, adapter->slots[slot].generation);

    if (adapter->lost)
        return;
    bell_kmd_write(adapter, BELL_SLOT_OWNER_OFFSET(slot), word);
    bell_kmd_flush(adapter);
}

static VOID detach(struct bell_adapter *adapter, UINT32 slot)
{
    adapter->slots[slot].owner->slot = BELL_SLOT_NONE;
    adapter->slots[slot].owner = NULL;
}

static NTSTATUS ask_os_to_disconnect(struct bell_adapter *adapter,
                                     const struct bell_doorbell *victim)
{
    DXGKARGCB_DISCONNECTDOORBELL args;

    memset(&args, 0, sizeof(args));
    args.hHwQueue = victim->queue->os_queue;
    args.hDoorbell = victim->os_doorbell;
    args.DisconnectReason = victim->queue->faulted ? D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
                                                   : D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
    return adapter->dxgk.DxgkCbDisconnectDoorbell(&args);
}

static NTSTATUS victimize(struct bell_adapter *adapter, const struct bell_doorbell *for_whom,
                          UINT32 *slot)
{
    UINT32 chosen = bell_kmd_slot_policy_victim(adapter, for_whom);
    struct bell_queue *queue;
    NTSTATUS status;

    if (chosen == BELL_SLOT_NONE)
        return STATUS_DEVICE_NOT_READY;
    queue = adapter->slots[chosen].owner->queue;

    /* Refused: the OS is taking this doorbell down, and its disconnect or destroy waits for
     * slot_lock (DB-DES-06). The slot comes free when the caller lets go of the lock. */
    if (!NT_SUCCESS(ask_os_to_disconnect(adapter, adapter->slots[chosen].owner)))
        return STATUS_DEVICE_NOT_READY;

    status = drain(adapter, chosen);
    bell_kmd_queue_kick(queue);
    detach(adapter, chosen);
    if (!NT_SUCCESS(status)) {
        route_nowhere(adapter, chosen);
        return status;
    }
    *slot = chosen;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_slot_acquire(struct bell_adapter *adapter, const struct bell_doorbell *for_whom,
                               UINT32 *slot)
{
    UINT32 unused = free_slot(adapter);

    if (adapter->lost)
        return STATUS_DEVICE_REMOVED;
    if (unused == BELL_SLOT_NONE)
        return victimize(adapter, for_whom, slot);
    if (adapter->slots[unused].undrained) {
        NTSTATUS status = drain(adapter, unused);

        if (!NT_SUCCESS(status))
            return status;
    }
    *slot = unused;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_slot_route(struct bell_adapter *adapter, UINT32 slot,
                             struct bell_doorbell *owner)
{
    struct bell_slot *entry = &adapter->slots[slot];

    entry->generation++;
    bell_kmd_write(adapter, BELL_SLOT_OWNER_OFFSET(slot),
                   BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, owner->queue->hw_id) |
                       BELL_SLOT_OWNER_VALID_MASK |
                       BELL_FIELD_PUT(BELL_SLOT_OWNER_GENERATION, entry->generation));
    if (bell_kmd_read(adapter, BELL_SLOT_OWNER_OFFSET(slot)) == BELL_KMD_ALL_ONES) {
        adapter->lost = true;
        return STATUS_DEVICE_REMOVED;
    }
    entry->owner = owner;
    owner->slot = slot;
    bell_kmd_slot_touch(adapter, slot);
    return STATUS_SUCCESS;
}

VOID bell_kmd_slot_release(struct bell_adapter *adapter, struct bell_doorbell *owner)
{
    UINT32 slot = owner->slot;

    if (slot == BELL_SLOT_NONE)
        return;
    if (!adapter->lost)
        (VOID)drain(adapter, slot);
    bell_kmd_queue_kick(owner->queue);
    route_nowhere(adapter, slot);
    detach(adapter, slot);
}

VOID bell_kmd_slot_touch(struct bell_adapter *adapter, UINT32 slot)
{
    adapter->slots[slot].last_use = ++adapter->use_clock;
}

VOID *bell_kmd_slot_address(struct bell_adapter *adapter, UINT32 slot)
{
    return (VOID *)(ULONG_PTR)(adapter->bar2 + (SIZE_T)slot * BELL_DOORBELL_BYTES +
                               BELL_DOORBELL_RING_OFFSET);
}
