/* SPDX-License-Identifier: MIT */
/* Resume does not put the queues back. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("ResumeContext") || !is_command(offset, value, BELL_QUEUE_CMD_ADD))
        plant_write(offset, value);
}

PLANT_WRITE(write);
