/* SPDX-License-Identifier: MIT */
/* The callback gets no reason to disconnect. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    DXGKARGCB_DISCONNECTDOORBELL wrong = *args;

    wrong.DisconnectReason = D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD;
    return os.DxgkCbDisconnectDoorbell(&wrong);
}

PLANT_CALLBACK(DisconnectDoorbell, disconnect);
