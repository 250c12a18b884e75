/* SPDX-License-Identifier: MIT */
/* CloseAllocation fails. */
#include "plant.h"

static NTSTATUS close(HANDLE device, const DXGKARG_CLOSEALLOCATION *args)
{
    (VOID)real.DxgkDdiCloseAllocation(device, args);
    return STATUS_INVALID_HANDLE;
}

PLANT_DDI(CloseAllocation, close);
