/* SPDX-License-Identifier: MIT */
/* Connect fails when no slot is free, in place of finding a victim. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    for (UINT32 slot = 0; slot < adapter->slot_count; slot++) {
        if (adapter->slots[slot].owner == NULL)
            return real.DxgkDdiConnectDoorbell(args);
    }
    return STATUS_DEVICE_NOT_READY;
}

PLANT_DDI(ConnectDoorbell, connect);
