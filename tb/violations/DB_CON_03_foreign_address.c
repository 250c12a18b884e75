/* SPDX-License-Identifier: MIT */
/* Connect gives an address of the register BAR. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    args->KernelCpuVirtualAddress = (VOID *)(ULONG_PTR)adapter->bar0;
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
