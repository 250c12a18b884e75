/* SPDX-License-Identifier: MIT */
/* SetSchedulingLogBuffer is refused. */
#include "plant.h"

static NTSTATUS set(HANDLE of, const DXGKARG_SETSCHEDULINGLOGBUFFER *args)
{
    (VOID)of, (VOID)args;
    return STATUS_NOT_SUPPORTED;
}

PLANT_DDI(SetSchedulingLogBuffer, set);
