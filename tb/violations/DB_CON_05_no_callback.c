/* SPDX-License-Identifier: MIT */
/* A victim is not told: its slot is just given away. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    UNREFERENCED_PARAMETER(args);
    return STATUS_SUCCESS;
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
