/* SPDX-License-Identifier: MIT */
/* Notify returns at DISPATCH_LEVEL. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    NTSTATUS status = real.DxgkDdiNotifyWorkSubmission(args);
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    KeReleaseSpinLockFromDpcLevel(&adapter->map_lock);
    return status;
}

PLANT_DDI(NotifyWorkSubmission, notify);
