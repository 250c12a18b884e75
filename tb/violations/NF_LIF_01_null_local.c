/* SPDX-License-Identifier: MIT */
/* OpenNativeFence gives no handle. */
#include "plant.h"

static NTSTATUS open(HANDLE of, DXGKARG_OPENNATIVEFENCE *args)
{
    NTSTATUS status = real.DxgkDdiOpenNativeFence(of, args);

    args->hLocalNativeFence = NULL;
    return status;
}

PLANT_DDI(OpenNativeFence, open);
