/* SPDX-License-Identifier: MIT */
/* Close frees the object of the adapter too. */
#include "plant.h"

static NTSTATUS close(HANDLE device, const DXGKARG_CLOSEALLOCATION *args)
{
    struct bell_allocation *allocation = ((struct bell_open *)args->pOpenHandleList[0])->allocation;
    NTSTATUS status = real.DxgkDdiCloseAllocation(device, args);

    bell_kmd_free(allocation);
    return status;
}

PLANT_DDI(CloseAllocation, close);
