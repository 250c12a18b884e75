/* SPDX-License-Identifier: MIT */
/* A register is read behind the BAR. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    ULONG64 somewhere = 0;

    (VOID)READ_REGISTER_ULONG64(&somewhere);
    return real.DxgkDdiNotifyWorkSubmission(args);
}

PLANT_DDI(NotifyWorkSubmission, notify);
