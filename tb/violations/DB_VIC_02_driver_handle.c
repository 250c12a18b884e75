/* SPDX-License-Identifier: MIT */
/* The callback gets the driver's own handle. */
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
    DXGKARGCB_DISCONNECTDOORBELL wrong = *args;

    wrong.hDoorbell = adapter->slots[slot_of(args->hDoorbell)].owner;
    return os.DxgkCbDisconnectDoorbell(&wrong);
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
