/* SPDX-License-Identifier: MIT */
/* Eviction goes to a segment that is no aperture. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].EvictionSegmentSet = 0x4;
    return status;
}

PLANT_DDI(CreateAllocation, create);
