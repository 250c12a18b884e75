/* SPDX-License-Identifier: MIT */
/* A failure has a code of its own. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (status == STATUS_NO_MEMORY)
        return STATUS_INSUFFICIENT_RESOURCES;
    return status;
}

PLANT_DDI(CreateAllocation, create);
