/* SPDX-License-Identifier: MIT */
/* A create that fails has filled in a size. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (!NT_SUCCESS(status))
        args->pAllocationInfo[0].Size = PAGE_SIZE;
    return status;
}

PLANT_DDI(CreateAllocation, create);
