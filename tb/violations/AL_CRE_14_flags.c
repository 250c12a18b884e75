/* SPDX-License-Identifier: MIT */
/* ExplicitResidencyNotification without AccessedPhysically. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].FlagsWddm2.ExplicitResidencyNotification = 1;
    return status;
}

PLANT_DDI(CreateAllocation, create);
