/* SPDX-License-Identifier: MIT */
/* The doorbell size is no power of two. */
#include "plant.h"

static NTSTATUS query(HANDLE of, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real.DxgkDdiQueryAdapterInfo(of, args);
    DXGK_USERMODESUBMISSION_CAPS *caps = args->pOutputData;

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_USERMODESUBMISSION_CAPS)
        caps->DoorbellSizeInBytes = 12;
    return status;
}

PLANT_DDI(QueryAdapterInfo, query);
