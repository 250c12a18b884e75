/* SPDX-License-Identifier: MIT */
/* The callback is called under a spin lock. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    status = os.DxgkCbDisconnectDoorbell(args);
    KeReleaseSpinLock(&adapter->map_lock, irql);
    return status;
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
