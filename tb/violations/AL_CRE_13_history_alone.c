/* SPDX-License-Identifier: MIT */
/* A history buffer that the CPU cannot see. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status))
        args->pAllocationInfo[0].FlagsWddm2 =
            (DXGK_ALLOCATIONINFOFLAGS_WDDM2_0){.HistoryBuffer = 1};
    return status;
}

PLANT_DDI(CreateAllocation, create);
