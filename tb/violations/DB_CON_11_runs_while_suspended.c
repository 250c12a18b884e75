/* SPDX-License-Identifier: MIT */
/* Connect puts the queue on the run list in any case. */
#include "plant.h"

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiConnectDoorbell(args);

    plant_write(BELL_QUEUE_CMD_OFFSET(((struct bell_doorbell *)args->hDoorbell)->queue->hw_id),
                BELL_QUEUE_CMD_ADD);
    return status;
}

PLANT_DDI(ConnectDoorbell, connect);
