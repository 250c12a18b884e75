/* SPDX-License-Identifier: MIT */
/* Disconnect frees the doorbell object. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARG_DISCONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiDisconnectDoorbell(args);

    bell_kmd_free(args->hDoorbell);
    return status;
}

PLANT_DDI(DisconnectDoorbell, disconnect);
