/* SPDX-License-Identifier: MIT */
/* hDoorbell is NULL. */
#include "plant.h"

static NTSTATUS create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiCreateDoorbell(args);

    args->hDoorbell = NULL;
    return status;
}

PLANT_DDI(CreateDoorbell, create);
