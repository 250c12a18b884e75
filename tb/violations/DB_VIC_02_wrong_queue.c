/* SPDX-License-Identifier: MIT */
/* The callback gets the doorbell where the queue belongs. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    DXGKARGCB_DISCONNECTDOORBELL wrong = *args;

    wrong.hHwQueue = args->hDoorbell;
    return os.DxgkCbDisconnectDoorbell(&wrong);
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
