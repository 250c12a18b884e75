/* SPDX-License-Identifier: MIT */
/* A connect that fails late keeps its slot. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    (VOID)real.DxgkDdiConnectDoorbell(args);
    return STATUS_IO_TIMEOUT;
}

PLANT_DDI(ConnectDoorbell, connect);
