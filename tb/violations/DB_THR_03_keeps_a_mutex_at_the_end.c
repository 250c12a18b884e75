/* SPDX-License-Identifier: MIT */
/* RemoveDevice returns with a mutex held that nobody wants any more. */
#include "plant.h"

static KMUTEX mutex;

static NTSTATUS remove_device(PVOID context)
{
    NTSTATUS status = real.DxgkDdiRemoveDevice(context);

    KeInitializeMutex(&mutex, 0);
    bell_kmd_lock(&mutex);
    return status;
}

PLANT_DDI(RemoveDevice, remove_device);
