/* SPDX-License-Identifier: MIT */
/* Disconnect takes no last sample. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("DisconnectDoorbell") || !is_command(offset, value, BELL_QUEUE_CMD_KICK))
        plant_write(offset, value);
}

PLANT_WRITE(write);
