/* SPDX-License-Identifier: MIT */
/* CloseNativeFence keeps the driver's object. */
#include "plant.h"

static NTSTATUS close(HANDLE of, const DXGKARG_CLOSENATIVEFENCE *args)
{
    (VOID)of, (VOID)args;
    return STATUS_SUCCESS;
}

PLANT_DDI(CloseNativeFence, close);
