/* SPDX-License-Identifier: MIT */
/* hHwContext is NULL. */
#include "plant.h"

static NTSTATUS create(HANDLE device, DXGKARG_CREATEHWCONTEXT *args)
{
    NTSTATUS status = real.DxgkDdiCreateHwContext(device, args);

    args->hHwContext = NULL;
    return status;
}

PLANT_DDI(CreateHwContext, create);
