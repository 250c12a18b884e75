/* SPDX-License-Identifier: MIT */
/* All items have the handle of the first. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[args->NumAllocations - 1].hAllocation =
            args->pAllocationInfo[0].hAllocation;
    return status;
}

PLANT_DDI(CreateAllocation, create);
