/* SPDX-License-Identifier: MIT */
/* Queues that are not in the list go on. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("SwitchToHwContextList") || !is_command(offset, value, BELL_QUEUE_CMD_REMOVE))
        plant_write(offset, value);
}

PLANT_WRITE(write);
