/* SPDX-License-Identifier: MIT */
/* A create that fails forgets what it allocated. */
#include "plant.h"

static NTSTATUS create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiCreateDoorbell(args);

    if (!NT_SUCCESS(status))
        (VOID)bell_kmd_alloc(64);
    return status;
}

PLANT_DDI(CreateDoorbell, create);
