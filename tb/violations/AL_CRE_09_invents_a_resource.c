/* SPDX-License-Identifier: MIT */
/* A resource handle that nobody asked for. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);

    if (NT_SUCCESS(status) && !args->Flags.Resource)
        args->hResource = of;
    return status;
}

PLANT_DDI(CreateAllocation, create);
