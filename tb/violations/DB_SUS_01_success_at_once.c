/* SPDX-License-Identifier: MIT */
/* Suspend of a running context returns STATUS_SUCCESS. */
#include "plant.h"

static NTSTATUS suspend(HANDLE of, const DXGKARG_SUSPENDCONTEXT *args)
{
    NTSTATUS status = real.DxgkDdiSuspendContext(of, args);

    return status == STATUS_PENDING ? STATUS_SUCCESS : status;
}

PLANT_DDI(SuspendContext, suspend);
