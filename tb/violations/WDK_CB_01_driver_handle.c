/* SPDX-License-Identifier: MIT */
/* A callback gets the driver's own handle. */
#include "plant.h"

static BOOLEAN queue_dpc(HANDLE of)
{
    UNREFERENCED_PARAMETER(of);
    return os.DxgkCbQueueDpc(adapter);
}

PLANT_CALLBACK(QueueDpc, queue_dpc);
