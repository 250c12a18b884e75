/* SPDX-License-Identifier: MIT */
/* Disconnect takes the queue off the run list. */
#include "plant.h"

static NTSTATUS disconnect(const DXGKARG_DISCONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiDisconnectDoorbell(args);

    plant_write(BELL_QUEUE_CMD_OFFSET(((struct bell_doorbell *)args->hDoorbell)->queue->hw_id),
                BELL_QUEUE_CMD_REMOVE);
    return status;
}

PLANT_DDI(DisconnectDoorbell, disconnect);
