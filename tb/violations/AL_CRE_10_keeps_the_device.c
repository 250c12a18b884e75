/* SPDX-License-Identifier: MIT */
/* An allocation remembers the device that opened it. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    NTSTATUS status = real.DxgkDdiOpenAllocation(device, args);

    for (UINT i = 0; i < args->NumAllocations && NT_SUCCESS(status); i++) {
        struct bell_open *opened = args->pOpenAllocation[i].hDeviceSpecificAllocation;

        opened->allocation->next = device;
    }
    return status;
}

PLANT_DDI(OpenAllocation, open);
