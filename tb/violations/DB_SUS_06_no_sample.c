/* SPDX-License-Identifier: MIT */
/* Resume does not notice write pointers that moved meanwhile. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("ResumeContext") || !is_command(offset, value, BELL_QUEUE_CMD_KICK))
        plant_write(offset, value);
}

PLANT_WRITE(write);
