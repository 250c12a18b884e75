/* SPDX-License-Identifier: MIT */
/* A log buffer is refused. */
#include "plant.h"

static NTSTATUS set(HANDLE of, const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    (VOID)of, (VOID)args;
    return STATUS_NOT_SUPPORTED;
}

PLANT_DDI(SetNativeFenceLogBuffer, set);
