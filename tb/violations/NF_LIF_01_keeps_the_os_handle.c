/* SPDX-License-Identifier: MIT */
/* CreateNativeFence leaves the OS's handle in its place. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATENATIVEFENCE *args)
{
    HANDLE before = args->hGlobalNativeFence;
    NTSTATUS status = real.DxgkDdiCreateNativeFence(of, args);

    args->hGlobalNativeFence = before;
    return status;
}

PLANT_DDI(CreateNativeFence, create);
