/* SPDX-License-Identifier: MIT */
/* The stride of monitored values is no power of two. */
#include "plant.h"

static NTSTATUS query(HANDLE of, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real.DxgkDdiQueryAdapterInfo(of, args);

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_NATIVE_FENCE_CAPS)
        ((DXGK_NATIVE_FENCE_CAPS *)args->pOutputData)->MonitoredValueStride = 24;
    return status;
}

PLANT_DDI(QueryAdapterInfo, query);
