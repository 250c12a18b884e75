/* SPDX-License-Identifier: MIT */
/* The first item has no handle. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].hAllocation = NULL;
    return status;
}

PLANT_DDI(CreateAllocation, create);
