/* SPDX-License-Identifier: MIT */
/* A context that comes into the list is not put on the run list. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("SwitchToHwContextList") || !is_command(offset, value, BELL_QUEUE_CMD_ADD))
        plant_write(offset, value);
}

PLANT_WRITE(write);
