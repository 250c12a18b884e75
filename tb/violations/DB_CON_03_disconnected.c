/* SPDX-License-Identifier: MIT */
/* The answer of connect is DISCONNECTED_RETRY. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    args->Status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
