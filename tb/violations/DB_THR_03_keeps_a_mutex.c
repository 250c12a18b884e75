/* SPDX-License-Identifier: MIT */
/* Notify returns with the slot lock held. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    bell_kmd_lock(&adapter->slot_lock);
    return real.DxgkDdiNotifyWorkSubmission(args);
}

PLANT_DDI(NotifyWorkSubmission, notify);
