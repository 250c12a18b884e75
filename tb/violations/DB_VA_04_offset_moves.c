/* SPDX-License-Identifier: MIT */
/* The second connect answers another offset in the page. */
#include "plant.h"

static UINT32 connects;

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    if (NT_SUCCESS(status) && ++connects > 3)
        args->KernelCpuVirtualAddress = (UCHAR *)args->KernelCpuVirtualAddress + 8;
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
