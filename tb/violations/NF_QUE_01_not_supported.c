/* SPDX-License-Identifier: MIT */
/* A queue with a native progress fence is not supported. */
#include "plant.h"

static NTSTATUS create(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    if (args->Flags.NativeProgressFence)
        return STATUS_NOT_SUPPORTED;
    return real.DxgkDdiCreateHwQueue(context, args);
}

PLANT_DDI(CreateHwQueue, create);
