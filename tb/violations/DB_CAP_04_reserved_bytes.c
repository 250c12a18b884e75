/* SPDX-License-Identifier: MIT */
/* A reserved byte of the caps is set. */
#include "plant.h"

static NTSTATUS query(HANDLE of, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real.DxgkDdiQueryAdapterInfo(of, args);
    DXGK_USERMODESUBMISSION_CAPS *caps = args->pOutputData;

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_USERMODESUBMISSION_CAPS)
        caps->Reserved[3] = 1;
    return status;
}

PLANT_DDI(QueryAdapterInfo, query);
