/* SPDX-License-Identifier: MIT */
/* Handle data are asked for under a spin lock. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    (VOID)bell_kmd_handle_data(adapter, args->pOpenAllocation[0].hAllocation,
                               DXGK_HANDLE_ALLOCATION, false);
    KeReleaseSpinLock(&adapter->map_lock, irql);
    return real.DxgkDdiOpenAllocation(device, args);
}

PLANT_DDI(OpenAllocation, open);
