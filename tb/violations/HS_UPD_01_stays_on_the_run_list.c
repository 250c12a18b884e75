/* SPDX-License-Identifier: MIT */
/* Suspended by UpdateHwContextState, the queues stay on the run list. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("UpdateHwContextState") || !is_command(offset, value, BELL_QUEUE_CMD_SUSPEND))
        plant_write(offset, value);
}

PLANT_WRITE(write);
