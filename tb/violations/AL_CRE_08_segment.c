/* SPDX-License-Identifier: MIT */
/* The preferred segment is none of the supported ones. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].PreferredSegment.SegmentId1 = 2;
    return status;
}

PLANT_DDI(CreateAllocation, create);
