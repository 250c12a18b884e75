/* SPDX-License-Identifier: MIT */
/* Four bytes too many are written. */
#include "plant.h"

static NTSTATUS query(HANDLE of, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real.DxgkDdiQueryAdapterInfo(of, args);
    DXGK_USERMODESUBMISSION_CAPS *caps = args->pOutputData;

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_USERMODESUBMISSION_CAPS)
        memset(caps + 1, 0, 4);
    return status;
}

PLANT_DDI(QueryAdapterInfo, query);
