/* SPDX-License-Identifier: MIT */
/* Connect gives no address. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    args->KernelCpuVirtualAddress = NULL;
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
