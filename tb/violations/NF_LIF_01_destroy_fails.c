/* SPDX-License-Identifier: MIT */
/* DestroyNativeFence fails. */
#include "plant.h"

static NTSTATUS destroy(HANDLE of, const DXGKARG_DESTROYNATIVEFENCE *args)
{
    (VOID)real.DxgkDdiDestroyNativeFence(of, args);
    return STATUS_UNSUCCESSFUL;
}

PLANT_DDI(DestroyNativeFence, destroy);
