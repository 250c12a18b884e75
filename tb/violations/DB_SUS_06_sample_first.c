/* SPDX-License-Identifier: MIT */
/* Resume takes the sample before the queue is on the run list. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (is_inside("ResumeContext") && is_command(offset, value, BELL_QUEUE_CMD_ADD))
        value = BELL_QUEUE_CMD_KICK;
    else if (is_inside("ResumeContext") && is_command(offset, value, BELL_QUEUE_CMD_KICK))
        value = BELL_QUEUE_CMD_ADD;
    plant_write(offset, value);
}

PLANT_WRITE(write);
