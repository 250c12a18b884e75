/* SPDX-License-Identifier: MIT */
/* The resource goes with its first allocation. */
#include "plant.h"

static NTSTATUS destroy(HANDLE of, const DXGKARG_DESTROYALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiDestroyAllocation(of, args);

    if (args->hResource != NULL && !args->Flags.DestroyResource)
        bell_kmd_free(args->hResource);
    return status;
}

PLANT_DDI(DestroyAllocation, destroy);
