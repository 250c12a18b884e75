/* SPDX-License-Identifier: MIT */
/* Suspend of a suspended context returns STATUS_PENDING. */
#include "plant.h"

static NTSTATUS suspend(HANDLE of, const DXGKARG_SUSPENDCONTEXT *args)
{
    NTSTATUS status = real.DxgkDdiSuspendContext(of, args);

    return status == STATUS_SUCCESS ? STATUS_PENDING : status;
}

PLANT_DDI(SuspendContext, suspend);
