/* SPDX-License-Identifier: MIT */
/* DestroyProcess succeeds and does nothing. */
#include "plant.h"

static NTSTATUS destroy(HANDLE of, HANDLE process)
{
    UNREFERENCED_PARAMETER(of);
    UNREFERENCED_PARAMETER(process);
    return STATUS_SUCCESS;
}

PLANT_DDI(DestroyProcess, destroy);
