/* SPDX-License-Identifier: MIT */
/* SetupPriorityBands is refused. */
#include "plant.h"

static NTSTATUS setup(HANDLE of, const DXGKARG_SETUPPRIORITYBANDS *args)
{
    (VOID)of, (VOID)args;
    return STATUS_NOT_SUPPORTED;
}

PLANT_DDI(SetupPriorityBands, setup);
