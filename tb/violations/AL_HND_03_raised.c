/* SPDX-License-Identifier: MIT */
/* Children are counted under a spin lock. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    DXGKARGCB_ENUMHANDLECHILDREN query = {.hObject = args->pOpenAllocation[0].hAllocation};
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    (VOID)os.DxgkCbEnumHandleChildren(&query);
    KeReleaseSpinLock(&adapter->map_lock, irql);
    return real.DxgkDdiOpenAllocation(device, args);
}

PLANT_DDI(OpenAllocation, open);
