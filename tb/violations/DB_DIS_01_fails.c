/* SPDX-License-Identifier: MIT */
/* Disconnect fails on a doorbell that is disconnected. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARG_DISCONNECTDOORBELL *args)
{
    if (((struct bell_doorbell *)args->hDoorbell)->slot == BELL_SLOT_NONE)
        return STATUS_INVALID_DEVICE_STATE;
    return real.DxgkDdiDisconnectDoorbell(args);
}

PLANT_DDI(DisconnectDoorbell, disconnect);
