/* SPDX-License-Identifier: MIT */
/* CreateAllocation returns at DISPATCH_LEVEL. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiCreateAllocation(of, args);
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    KeReleaseSpinLockFromDpcLevel(&adapter->map_lock);
    return status;
}

PLANT_DDI(CreateAllocation, create);
