/* SPDX-License-Identifier: MIT */
/* The DPC does not call DxgkCbNotifyDpc. */
#include "plant.h"

static VOID notify_dpc(HANDLE of)
{
    UNREFERENCED_PARAMETER(of);
}

PLANT_CALLBACK(NotifyDpc, notify_dpc);
