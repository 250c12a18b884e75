/* SPDX-License-Identifier: MIT */
/* hHwQueue goes back as it came. */
#include "plant.h"

static NTSTATUS create(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    HANDLE given = args->hHwQueue;
    NTSTATUS status = real.DxgkDdiCreateHwQueue(context, args);

    args->hHwQueue = given;
    return status;
}

PLANT_DDI(CreateHwQueue, create);
