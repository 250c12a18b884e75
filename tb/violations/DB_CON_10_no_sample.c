/* SPDX-License-Identifier: MIT */
/* Connect does not count as a ring. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("ConnectDoorbell") || !is_command(offset, value, BELL_QUEUE_CMD_KICK))
        plant_write(offset, value);
}

PLANT_WRITE(write);
