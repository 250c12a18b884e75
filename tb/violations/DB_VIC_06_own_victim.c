/* SPDX-License-Identifier: MIT */
/* The doorbell that is being connected is its own victim. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    const struct bell_doorbell *doorbell = args->hDoorbell;
    DXGKARGCB_DISCONNECTDOORBELL victim = {
        .hHwQueue = doorbell->queue->os_queue,
        .hDoorbell = doorbell->os_doorbell,
        .DisconnectReason = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY,
    };
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    (VOID)os.DxgkCbDisconnectDoorbell(&victim);
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
