/* SPDX-License-Identifier: MIT */
/* Device-specific data of a resource are asked for. */
#include "plant.h"

static NTSTATUS open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    DXGKARGCB_GETHANDLEDATA query = {
        .hObject = args->pOpenAllocation[0].hAllocation,
        .Type = DXGK_HANDLE_RESOURCE,
        .Flags.DeviceSpecific = 1,
    };

    (VOID)os.DxgkCbGetHandleData(&query);
    return real.DxgkDdiOpenAllocation(device, args);
}

PLANT_DDI(OpenAllocation, open);
