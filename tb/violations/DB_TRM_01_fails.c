/* SPDX-License-Identifier: MIT */
/* DestroyProcess fails. */
#include "plant.h"

static NTSTATUS destroy(HANDLE of, HANDLE process)
{
    (VOID)real.DxgkDdiDestroyProcess(of, process);
    return STATUS_INVALID_HANDLE;
}

PLANT_DDI(DestroyProcess, destroy);
