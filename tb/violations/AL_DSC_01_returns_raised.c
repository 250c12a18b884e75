/* SPDX-License-Identifier: MIT */
/* DescribeAllocation returns at DISPATCH_LEVEL. */
#include "plant.h"

static KSPIN_LOCK lock;

static NTSTATUS describe(HANDLE of, DXGKARG_DESCRIBEALLOCATION *args)
{
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeReleaseSpinLock(&lock, DISPATCH_LEVEL);
    return real.DxgkDdiDescribeAllocation(of, args);
}

PLANT_DDI(DescribeAllocation, describe);
