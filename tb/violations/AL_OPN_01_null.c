/* SPDX-License-Identifier: MIT */
/* OpenAllocation gives no handle. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiOpenAllocation(device, args);

    args->pOpenAllocation[0].hDeviceSpecificAllocation = NULL;
    return status;
}

PLANT_DDI(OpenAllocation, open);
