/* SPDX-License-Identifier: MIT */
/* DestroyHwQueue does its work and fails. */
#include "plant.h"

static NTSTATUS destroy(HANDLE queue)
{
    (VOID)real.DxgkDdiDestroyHwQueue(queue);
    return STATUS_UNSUCCESSFUL;
}

PLANT_DDI(DestroyHwQueue, destroy);
