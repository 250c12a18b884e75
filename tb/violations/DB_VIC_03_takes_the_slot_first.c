/* SPDX-License-Identifier: MIT */
/* The slot is closed before the OS is told. */
#include "plant.h"

static UINT32 slot_of(HANDLE os_doorbell)
{
    UINT32 slot = 0;

    while (adapter->slots[slot].owner == NULL ||
           adapter->slots[slot].owner->os_doorbell != os_doorbell)
        slot++;
    return slot;
}

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    plant_write(BELL_SLOT_OWNER_OFFSET(slot_of(args->hDoorbell)), 0);
    return os.DxgkCbDisconnectDoorbell(args);
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
