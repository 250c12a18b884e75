/* SPDX-License-Identifier: MIT */
#include "bell_kmd_slot.h"

#include <string.h>

#include "bell_kmd_doorbell.h"
#include "bell_kmd_layout.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"

/* Nobody has to go for it. */
static bool is_free(const struct bell_adapter *adapter, UINT32 slot,
                    const struct bell_doorbell *for_whom)
{
    UINT32 first;
    UINT32 count = bell_kmd_layout_neighbours(adapter, slot, &first);

    for (UINT32 i = first; i < first + count; i++) {
        if (bell_kmd_layout_in_the_way(adapter, i, slot, for_whom))
            return false;
    }
    return true;
}

/* A free slot that suits, one that is known to be drained if there is any. */
static UINT32 free_slot(const struct bell_adapter *adapter, const struct bell_doorbell *for_whom)
{
    UINT32 found = BELL_SLOT_NONE;

    for (UINT32 i = 0; i < adapter->slot_count; i++) {
        if (!bell_kmd_layout_suits(adapter, i, for_whom) || !is_free(adapter, i, for_whom))
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

NTSTATUS bell_kmd_slot_ask_disconnect(const struct bell_doorbell *doorbell)
{
    struct bell_adapter *adapter = doorbell->queue->adapter;
    DXGKARGCB_DISCONNECTDOORBELL args;

    memset(&args, 0, sizeof(args));
    args.hHwQueue = doorbell->queue->os_queue;
    args.hDoorbell = doorbell->os_doorbell;
    args.DisconnectReason = bell_kmd_queue_is_dead(doorbell->queue)
                                ? D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
                                : D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
    return adapter->dxgk.DxgkCbDisconnectDoorbell(&args);
}

/* The slot loses its owner; it still routes there when this succeeds. */
static NTSTATUS evict(struct bell_adapter *adapter, UINT32 slot)
{
    struct bell_queue *queue = adapter->slots[slot].owner->queue;
    NTSTATUS status;

    /* Refused: the OS is taking this doorbell down, and its disconnect or destroy waits for
     * slot_lock (DB-DES-06). The slot comes free when the caller lets go of the lock. */
    if (!NT_SUCCESS(bell_kmd_slot_ask_disconnect(adapter->slots[slot].owner)))
        return STATUS_DEVICE_NOT_READY;
    status = drain(adapter, slot);
    bell_kmd_queue_kick(queue);
    detach(adapter, slot);
    if (!NT_SUCCESS(status))
        route_nowhere(adapter, slot);
    return status;
}

/* Those that share the page with `wanted` and must not. */
static NTSTATUS evict_neighbours(struct bell_adapter *adapter, UINT32 wanted,
                                 const struct bell_doorbell *for_whom)
{
    UINT32 first;
    UINT32 count = bell_kmd_layout_neighbours(adapter, wanted, &first);

    for (UINT32 i = first; i < first + count; i++) {
        NTSTATUS status;

        if (i == wanted || !bell_kmd_layout_in_the_way(adapter, i, wanted, for_whom))
            continue;
        status = evict(adapter, i);
        if (!NT_SUCCESS(status))
            return status;
        route_nowhere(adapter, i);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS victimize(struct bell_adapter *adapter, const struct bell_doorbell *for_whom,
                          UINT32 *slot)
{
    UINT32 chosen = bell_kmd_slot_policy_victim(adapter, for_whom);
    NTSTATUS status;

    if (chosen == BELL_SLOT_NONE)
        return STATUS_DEVICE_NOT_READY;
    status = evict_neighbours(adapter, chosen, for_whom);
    if (NT_SUCCESS(status) && adapter->slots[chosen].owner != NULL)
        status = evict(adapter, chosen);
    else if (NT_SUCCESS(status) && adapter->slots[chosen].undrained)
        status = drain(adapter, chosen);
    if (NT_SUCCESS(status))
        *slot = chosen;
    return status;
}

NTSTATUS bell_kmd_slot_acquire(struct bell_adapter *adapter, const struct bell_doorbell *for_whom,
                               UINT32 *slot)
{
    UINT32 unused;

    if (adapter->lost)
        return STATUS_DEVICE_REMOVED;
    if (adapter->layout == BELL_LAYOUT_GLOBAL) {
        *slot = BELL_SLOT_SHARED;
        return STATUS_SUCCESS;
    }
    unused = free_slot(adapter, for_whom);
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
    struct bell_slot *entry;

    if (slot == BELL_SLOT_SHARED) {
        NTSTATUS status = bell_kmd_layout_listen(adapter, owner);

        if (NT_SUCCESS(status))
            owner->slot = slot;
        return status;
    }
    entry = &adapter->slots[slot];
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
    if (slot == BELL_SLOT_SHARED) { /* The others go on ringing there. */
        bell_kmd_layout_deafen(adapter, owner);
        owner->slot = BELL_SLOT_NONE;
        bell_kmd_queue_kick(owner->queue);
        return;
    }
    if (!adapter->lost)
        (VOID)drain(adapter, slot);
    bell_kmd_queue_kick(owner->queue);
    route_nowhere(adapter, slot);
    detach(adapter, slot);
}

VOID bell_kmd_slot_touch(struct bell_adapter *adapter, UINT32 slot)
{
    if (slot < adapter->slot_count)
        adapter->slots[slot].last_use = ++adapter->use_clock;
}

VOID bell_kmd_slot_forget_all(struct bell_adapter *adapter)
{
    bell_kmd_lock(&adapter->slot_lock);
    for (UINT32 slot = 0; slot < adapter->slot_count; slot++) {
        adapter->slots[slot].owner = NULL;
        adapter->slots[slot].undrained = false;
    }
    for (UINT32 hw_id = 0; hw_id < adapter->queue_count; hw_id++)
        if (bell_kmd_is(adapter->queues[hw_id], BELL_KIND_QUEUE) &&
            adapter->queues[hw_id]->doorbell != NULL)
            adapter->queues[hw_id]->doorbell->slot = BELL_SLOT_NONE;
    bell_kmd_unlock(&adapter->slot_lock);
}
