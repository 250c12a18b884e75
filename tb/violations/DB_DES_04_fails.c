/* SPDX-License-Identifier: MIT */
/* Destroy fails on a doorbell that is connected. */
#include "plant.h"

static NTSTATUS destroy(const DXGKARG_DESTROYDOORBELL *args)
{
    bool connected = ((struct bell_doorbell *)args->hDoorbell)->slot != BELL_SLOT_NONE;
    NTSTATUS status = real.DxgkDdiDestroyDoorbell(args);

    return connected ? STATUS_INVALID_DEVICE_STATE : status;
}

PLANT_DDI(DestroyDoorbell, destroy);
