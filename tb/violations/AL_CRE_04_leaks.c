/* SPDX-License-Identifier: MIT */
/* A create that fails forgets what it allocated. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (!NT_SUCCESS(status))
        (VOID)bell_kmd_alloc(64);
    return status;
}

PLANT_DDI(CreateAllocation, create);
