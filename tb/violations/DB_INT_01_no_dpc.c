/* SPDX-License-Identifier: MIT */
/* The interrupt routine reports, and queues no DPC. */
#include "plant.h"

static BOOLEAN queue_dpc(HANDLE of)
{
    UNREFERENCED_PARAMETER(of);
    return TRUE;
}

PLANT_CALLBACK(QueueDpc, queue_dpc);
