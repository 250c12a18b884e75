/* SPDX-License-Identifier: MIT */
/* Each doorbell has the handle of the first. */
#include "plant.h"

static HANDLE first;

static NTSTATUS create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiCreateDoorbell(args);

    if (NT_SUCCESS(status) && first == NULL)
        first = args->hDoorbell;
    else if (NT_SUCCESS(status))
        args->hDoorbell = first;
    return status;
}

PLANT_DDI(CreateDoorbell, create);
