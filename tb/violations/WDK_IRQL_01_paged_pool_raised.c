/* SPDX-License-Identifier: MIT */
/* Paged pool is allocated under a spin lock. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    PVOID block;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    block = ExAllocatePool2(POOL_FLAG_PAGED, 64, BELL_POOL_TAG);
    KeReleaseSpinLock(&adapter->map_lock, irql);
    bell_kmd_free(block);
    return real.DxgkDdiNotifyWorkSubmission(args);
}

PLANT_DDI(NotifyWorkSubmission, notify);
