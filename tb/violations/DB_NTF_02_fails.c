/* SPDX-License-Identifier: MIT */
/* Notify fails on a doorbell that did not ask for it. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    (VOID)real.DxgkDdiNotifyWorkSubmission(args);
    return STATUS_NOT_SUPPORTED;
}

PLANT_DDI(NotifyWorkSubmission, notify);
