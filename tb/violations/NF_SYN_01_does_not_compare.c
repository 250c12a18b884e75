/* SPDX-License-Identifier: MIT */
/* A monitored value is stored and the current value not looked at. */
#include "plant.h"

static NTSTATUS update(HANDLE of, const DXGKARG_UPDATEMONITOREDVALUES *args)
{
    (VOID)of;
    for (UINT i = 0; i < args->NumFences; i++)
        *(volatile UINT64 *)args->MonitoredValueKernelCpuVa[i] = args->UpdatedValueArray[i];
    return STATUS_SUCCESS;
}

PLANT_DDI(UpdateMonitoredValues, update);
