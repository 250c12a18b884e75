/* SPDX-License-Identifier: MIT */
/* A monitored value is not stored. */
#include "plant.h"

static NTSTATUS update(HANDLE of, const DXGKARG_UPDATEMONITOREDVALUES *args)
{
    (VOID)of, (VOID)args;
    return STATUS_SUCCESS;
}

PLANT_DDI(UpdateMonitoredValues, update);
