/* SPDX-License-Identifier: MIT */
/* ConnectDoorbell forgets the secondary address that it was asked for. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    args->SecondaryKernelCpuVirtualAddress = NULL;
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
