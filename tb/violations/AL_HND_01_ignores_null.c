/* SPDX-License-Identifier: MIT */
/* A stale handle is asked for, and the answer ignored. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    D3DKMT_HANDLE stale = args->pOpenAllocation[0].hAllocation ^ 0x1000000;

    (VOID)bell_kmd_handle_data(adapter, stale, DXGK_HANDLE_ALLOCATION, false);
    return real.DxgkDdiOpenAllocation(device, args);
}

PLANT_DDI(OpenAllocation, open);
