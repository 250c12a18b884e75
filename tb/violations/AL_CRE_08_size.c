/* SPDX-License-Identifier: MIT */
/* The size is 0. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].Size = 0;
    return status;
}

PLANT_DDI(CreateAllocation, create);
