/* SPDX-License-Identifier: MIT */
/* DestroyDevice succeeds and does nothing. */
#include "plant.h"

static NTSTATUS destroy(HANDLE device)
{
    UNREFERENCED_PARAMETER(device);
    return STATUS_SUCCESS;
}

PLANT_DDI(DestroyDevice, destroy);
