/* SPDX-License-Identifier: MIT */
/* The slot is taken at create. */
#include "plant.h"

static NTSTATUS create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiCreateDoorbell(args);
    DXGKARG_CONNECTDOORBELL connect = {.hDoorbell = args->hDoorbell};

    if (NT_SUCCESS(status))
        (VOID)real.DxgkDdiConnectDoorbell(&connect);
    return status;
}

PLANT_DDI(CreateDoorbell, create);
