/* SPDX-License-Identifier: MIT */
/* A mutex is released once more than acquired. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    NTSTATUS status = real.DxgkDdiNotifyWorkSubmission(args);

    bell_kmd_unlock(&adapter->slot_lock);
    return status;
}

PLANT_DDI(NotifyWorkSubmission, notify);
