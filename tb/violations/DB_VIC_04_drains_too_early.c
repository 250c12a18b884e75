/* SPDX-License-Identifier: MIT */
/* The slot is drained before the callback, not after it. */
#include "plant.h"

static UINT32 slot_of(HANDLE os_doorbell)
{
    UINT32 slot = 0;

    while (adapter->slots[slot].owner == NULL ||
           adapter->slots[slot].owner->os_doorbell != os_doorbell)
        slot++;
    return slot;
}

static bool early;

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    UINT32 offset = BELL_SLOT_DRAIN_OFFSET(slot_of(args->hDoorbell));

    while ((plant_read(offset) & BELL_SLOT_DRAIN_IN_FLIGHT_MASK) != 0)
        YieldProcessor();
    early = true;
    return os.DxgkCbDisconnectDoorbell(args);
}

static VOID change_callbacks(DXGKRNL_INTERFACE *interface)
{
    interface->DxgkCbDisconnectDoorbell = disconnect;
}

static UINT64 read(UINT32 offset)
{
    bool skip = early && is_slot_drain(offset);

    early = early && !skip;
    return skip ? 0 : plant_read(offset);
}

const struct plant plant = {.callbacks = change_callbacks, .read = read};
