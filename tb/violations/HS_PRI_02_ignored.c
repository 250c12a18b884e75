/* SPDX-License-Identifier: MIT */
/* SetContextSchedulingProperties does nothing. */
#include "plant.h"

static NTSTATUS set(HANDLE of, const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    (VOID)of, (VOID)args;
    return STATUS_SUCCESS;
}

PLANT_DDI(SetContextSchedulingProperties, set);
